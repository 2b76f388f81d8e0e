"""Expressions: names, constants, attributes, conditions; the rest is in :mod:`operators` and :mod:`calls`."""

from __future__ import annotations

import ast
import types
from collections.abc import Callable
from typing import Any

from landbridge.compiler import ir
from landbridge.compiler.codes import Code
from landbridge.compiler.frontend import calls, coercion, members, objects, operators, subscripts, unsupported
from landbridge.compiler.frontend.lowering import Lowering
from landbridge.compiler.frontend.names import MISSING
from landbridge.compiler.frontend.values import Items, Literal, Text, Value, describe
from landbridge.compiler.reporter import Reported
from landbridge.compiler.span import Span
from landbridge.types import StructType, Type, boolean


def lower(low: Lowering, node: ast.expr, expected: Type | None) -> Value:
    """Lower any expression; what it needs beforehand goes into the current block."""
    handler = _HANDLERS.get(type(node))
    if handler is None:
        raise unsupported.refuse(low, node)
    return handler(low, node, expected)


def outside(low: Lowering, node: ast.expr) -> Any:
    """The Python object that a name or attribute chain means outside of the function, or MISSING."""
    if isinstance(node, ast.Name):
        if node.id in low.scope.variables or node.id in low.scope.assigned or node.id == low.self_name:
            return MISSING
        return low.names.lookup(node.id)
    if isinstance(node, ast.Attribute):
        base = outside(low, node.value)
        # Looking at attributes of arbitrary objects could run user code; modules, classes and enums are enough.
        if isinstance(base, (types.ModuleType, type)):
            return getattr(base, node.attr, MISSING)
    return MISSING


def _constant(low: Lowering, node: ast.Constant, expected: Type | None) -> Value:
    if node.value is None or node.value is Ellipsis:
        text = repr(node.value) if node.value is None else "..."
        return coercion.constant(low, node.value, low.span(node), text)
    return coercion.constant(low, node.value, low.span(node), repr(node.value))


def _name(low: Lowering, node: ast.Name, expected: Type | None) -> Value:
    variable = low.scope.variables.get(node.id)
    if variable is not None:
        if variable.type is None:
            raise Reported
        return ir.Local(name=variable.local, type=variable.type, span=low.span(node))
    if node.id == low.self_name:
        raise low.fail(Code.NOT_A_VALUE, "self is not a value", node, "use its members: self.x")
    if node.id in low.scope.assigned:
        raise low.fail(Code.UNASSIGNED, f"{node.id} has no value yet", node, "assign it before")
    thing = low.names.lookup(node.id)
    if thing is MISSING:
        hint = "assign it before, declare it as a State of the interface (self.x), or define a constant in the module"
        raise low.fail(Code.UNKNOWN_NAME, f"unknown name {node.id!r}", node, hint)
    return _from_outside(low, thing, node)


def _attribute(low: Lowering, node: ast.Attribute, expected: Type | None) -> Value:
    if isinstance(node.value, ast.Name) and node.value.id == low.self_name:
        return members.read(low, node)
    thing = outside(low, node)
    if thing is not MISSING:
        return _from_outside(low, thing, node)
    if isinstance(outside(low, node.value), (types.ModuleType, type)):
        raise low.fail(Code.UNKNOWN_ATTRIBUTE, f"{ast.unparse(node.value)} has no {node.attr!r}", node)
    base = low.value(node.value)
    if not isinstance(base, ir.Expr):
        raise low.fail(Code.UNKNOWN_ATTRIBUTE, f"{describe(base)} has no attribute {node.attr!r}", node)
    return attribute_of(low, base, node)


def attribute_of(low: Lowering, base: ir.Expr, node: ast.Attribute) -> ir.Expr:
    """An attribute of a value: a field of a struct, header, task, device or packet."""
    if isinstance(base.type, ir.OpaqueType):
        return objects.attribute(low, base, node)
    if isinstance(base.type, StructType):
        field = base.type.field(node.attr)
        if field is None:
            names = ", ".join(each.name for each in base.type.fields)
            raise low.fail(
                Code.UNKNOWN_ATTRIBUTE, f"{base.type} has no field {node.attr!r}", node, f"its fields: {names}"
            )
        return ir.FieldOf(base=base, name=field.name, type=field.type, span=low.span(node))
    raise low.fail(Code.UNKNOWN_ATTRIBUTE, f"{base.type} has no attribute {node.attr!r}", node)


def _from_outside(low: Lowering, thing: Any, node: ast.expr) -> Value:
    text = ast.unparse(node)
    if isinstance(thing, (types.ModuleType, type)) or callable(thing):
        kind = (
            "a module"
            if isinstance(thing, types.ModuleType)
            else "a class"
            if isinstance(thing, type)
            else "a function"
        )
        if isinstance(thing, Type):
            kind = "a type"
        hint = f"call it: {text}(...)" if callable(thing) else None
        raise low.fail(Code.NOT_A_VALUE, f"{text} is {kind}, not a value", node, hint)
    return coercion.constant(low, thing, low.span(node), text)


def _list(low: Lowering, node: ast.List, expected: Type | None) -> Value:
    element = getattr(expected, "element", None)
    return Items(tuple(_kept(low, low.value(each, element)) for each in node.elts), low.span(node))


def _kept(low: Lowering, value: Value) -> Value:
    # The elements are stored later; what they read may change until then.
    return low.stable(value) if isinstance(value, ir.Expr) else value


def _conditional(low: Lowering, node: ast.IfExp, expected: Type | None) -> Value:
    condition = low.stable(low.condition(node.test), "condition")
    span = low.span(node)
    with low.scope.nested() as then_block:
        then = low.value(node.body, expected)
    with low.scope.nested() as other_block:
        other = low.value(node.orelse, expected)
        if expected is not None and not isinstance(then, ir.Expr) and not isinstance(other, ir.Expr):
            other = low.coerce(other, expected, "the value")
        then, other = _unified(low, then, other, then_block, span)
    if not then_block and not other_block:
        return ir.Choose(condition=condition, then=then, other=other, type=then.type, span=span)
    place = low.scope.temporary("value", then.type, span)
    then_block.append(ir.Set(place=place, value=then, span=then.span))
    other_block.append(ir.Set(place=place, value=other, span=other.span))
    low.emit(ir.If(condition=condition, then=tuple(then_block), other=tuple(other_block), span=span))
    return place


def _unified(
    low: Lowering, then: Value, other: Value, then_block: list[ir.Stmt], span: Span
) -> tuple[ir.Expr, ir.Expr]:
    if isinstance(then, (Literal, Text, Items)) and isinstance(other, ir.Expr):
        # What a literal list needs to be built belongs to its own branch.
        with low.scope.nested() as block:
            then = low.coerce(then, other.type, "the value")
        then_block += block
    return coercion.unify(low, then, other, span)


def _logic(low: Lowering, node: ast.BoolOp, expected: Type | None) -> Value:
    is_and = isinstance(node.op, ast.And)
    result = _part(low, node.values[0], is_and)
    for each in node.values[1:]:
        with low.scope.nested() as block:
            right = _part(low, each, is_and)
        result = join(low, result, right, is_and=is_and, block=block, span=low.span(node))
    return result


def join(low: Lowering, left: ir.Expr, right: ir.Expr, *, is_and: bool, block: list[ir.Stmt], span: Span) -> ir.Expr:
    """``left and right`` or ``left or right``, where ``block`` must run before ``right`` and only if it counts."""
    if not block:
        return ir.Logic(is_and=is_and, left=left, right=right, type=boolean, span=span)
    place = low.keep(left, "holds")
    block.append(ir.Set(place=place, value=right, span=right.span))
    condition: ir.Expr = place if is_and else ir.Not(operand=place, type=boolean, span=span)
    low.emit(ir.If(condition=condition, then=tuple(block), span=span))
    return place


def _part(low: Lowering, node: ast.expr, is_and: bool) -> ir.Expr:
    value = low.value(node, boolean)
    if not isinstance(value, ir.Expr) or value.type != boolean:
        word = "and" if is_and else "or"
        raise low.fail(
            Code.CONDITION_NOT_BOOL,
            f"{word} joins bools, not {describe(value)}",
            node,
            f"write {ast.unparse(node)} != 0, or {'&' if is_and else '|'} to join bits",
        )
    return value


def _yield(low: Lowering, node: ast.Yield, expected: Type | None) -> Value:
    raise low.fail(Code.WRONG_YIELD, "yield is a statement of its own", node, "a table yields rows: yield Row(...)")


_HANDLERS: dict[type[ast.expr], Callable[[Lowering, Any, Type | None], Value]] = {
    ast.Constant: _constant,
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.List: _list,
    ast.IfExp: _conditional,
    ast.BoolOp: _logic,
    ast.Yield: _yield,
    ast.BinOp: operators.binary,
    ast.UnaryOp: operators.unary,
    ast.Compare: operators.compare,
    ast.Call: calls.call,
    ast.Subscript: subscripts.read,
}
"""By kind of node; what is not here is not in the language."""
