"""Arithmetic and comparisons."""

from __future__ import annotations

import ast
import errno
import operator
from collections.abc import Callable

from landbridge.compiler import ir
from landbridge.compiler.codes import Code
from landbridge.compiler.frontend import coercion, maps
from landbridge.compiler.frontend.lowering import Lowering
from landbridge.compiler.frontend.values import Items, Literal, Value
from landbridge.compiler.reporter import Reported
from landbridge.compiler.span import Span
from landbridge.types import Address, Array, Bool, Chars, EnumType, Integer, StructType, Type, boolean

_OPERATORS: dict[type[ast.operator], ir.BinaryOp] = {
    ast.Add: ir.BinaryOp.ADD,
    ast.Sub: ir.BinaryOp.SUB,
    ast.Mult: ir.BinaryOp.MUL,
    ast.FloorDiv: ir.BinaryOp.FLOORDIV,
    ast.Mod: ir.BinaryOp.MOD,
    ast.BitAnd: ir.BinaryOp.AND,
    ast.BitOr: ir.BinaryOp.OR,
    ast.BitXor: ir.BinaryOp.XOR,
    ast.LShift: ir.BinaryOp.LSHIFT,
    ast.RShift: ir.BinaryOp.RSHIFT,
}
_BITWISE = (ir.BinaryOp.AND, ir.BinaryOp.OR, ir.BinaryOp.XOR)
_SHIFTS = (ir.BinaryOp.LSHIFT, ir.BinaryOp.RSHIFT)
_DIVISIONS = (ir.BinaryOp.FLOORDIV, ir.BinaryOp.MOD)
_FOLD: dict[type[ast.operator], Callable[[int, int], int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
    ast.BitXor: operator.xor,
    ast.LShift: operator.lshift,
    ast.RShift: operator.rshift,
    ast.Pow: operator.pow,
}
_UNSUPPORTED: dict[type[ast.operator], str] = {
    ast.Div: "there are no fractions in the kernel: write // for the whole part",
    ast.Pow: "write 1 << n for a power of two, or multiply",
    ast.MatMult: "there are no matrices in the kernel",
}
_COMPARISONS: dict[type[ast.cmpop], ir.CompareOp] = {
    ast.Eq: ir.CompareOp.EQ,
    ast.NotEq: ir.CompareOp.NE,
    ast.Lt: ir.CompareOp.LT,
    ast.LtE: ir.CompareOp.LE,
    ast.Gt: ir.CompareOp.GT,
    ast.GtE: ir.CompareOp.GE,
}
_EQUALITY = (ir.CompareOp.EQ, ir.CompareOp.NE)
_LARGEST_FOLD = 1 << 128


def binary(low: Lowering, node: ast.BinOp, expected: Type | None) -> Value:
    """``left op right``."""
    if isinstance(node.op, ast.Mult) and isinstance(node.left, ast.List):
        return _repeat(low, node, expected)
    if type(node.op) not in _OPERATORS and not isinstance(node.op, ast.Pow):
        raise _refuse(low, node)
    left, right = low.in_order([lambda: low.value(node.left, expected), lambda: low.value(node.right, expected)])
    if isinstance(left, Literal) and isinstance(right, Literal) and left.default is None and right.default is None:
        return _fold(low, node, left, right)
    if isinstance(node.op, ast.Pow):
        raise _refuse(low, node)
    return combine(low, node.op, left, right, node)


def _refuse(low: Lowering, node: ast.BinOp) -> Reported:
    name = {ast.Div: "/", ast.Pow: "**", ast.MatMult: "@"}[type(node.op)]
    return low.fail(Code.UNSUPPORTED_OPERATOR, f"{name} is not in kernel Python", node, _UNSUPPORTED[type(node.op)])


def combine(low: Lowering, op: ast.operator, left: Value, right: Value, node: ast.AST) -> ir.Expr:
    """``left op right`` of lowered operands, with the checks that it needs before."""
    span = low.span(node)
    kind = _OPERATORS.get(type(op))
    if kind is None:
        name = {ast.Div: "/", ast.Pow: "**"}.get(type(op), "@")
        raise low.fail(Code.UNSUPPORTED_OPERATOR, f"{name} is not in kernel Python", node, _UNSUPPORTED[type(op)])
    one, other = coercion.unify(low, left, right, span)
    type_ = one.type
    is_flags = isinstance(type_, EnumType) and type_.flags
    if not (isinstance(type_, Integer) and not type_.big_endian) and not (is_flags and kind in _BITWISE):
        raise low.fail(Code.WRONG_OPERAND, f"{kind.value} is not defined for {type_}", span, _operand_hint(type_, kind))
    if kind in _DIVISIONS:
        other = _checked_divisor(low, other)
    elif kind in _SHIFTS:
        other = _checked_shift(low, other, type_)
    return ir.Binary(op=kind, left=one, right=other, type=type_, span=span)


def _operand_hint(type_: Type, kind: ir.BinaryOp) -> str | None:
    if isinstance(type_, Integer):
        return f"convert it to host order: lb.u{type_.bits}(...)"
    if isinstance(type_, Chars):
        return "text cannot be built in the kernel; log it with lb.pr_info, or send the parts in a Struct"
    if isinstance(type_, EnumType):
        return f"convert it: lb.{type_.base}(...)"
    if isinstance(type_, Bool):
        return "use and, or, not" if kind in _BITWISE else "convert it: lb.u32(...)"
    if isinstance(type_, Address):
        return "convert it: lb.u32(...)" if type_.name == "ipv4" else None
    return None


def _checked_divisor(low: Lowering, divisor: ir.Expr) -> ir.Expr:
    if isinstance(divisor, ir.Const):
        if divisor.value == 0:
            raise low.fail(Code.ALWAYS_FAILS, "division by zero", divisor.span)
        return divisor
    divisor = low.stable(divisor, "divisor")
    zero = ir.Const(type=divisor.type, value=0, span=divisor.span)
    holds = ir.Compare(op=ir.CompareOp.NE, left=divisor, right=zero, type=boolean, span=divisor.span)
    low.check(holds, errno.EDOM, "division", divisor.span)
    return divisor


def _checked_shift(low: Lowering, count: ir.Expr, type_: Type) -> ir.Expr:
    assert isinstance(type_, Integer)
    if isinstance(count, ir.Const):
        if not 0 <= int(count.value) < type_.bits:
            raise low.fail(
                Code.ALWAYS_FAILS, f"a shift of {type_} by {int(count.value)}", count.span, f"0 to {type_.bits - 1}"
            )
        return count
    count = low.stable(count, "count")
    in_range = bounds(count, type_.bits)
    low.check(in_range, errno.ERANGE, "shift", count.span)
    return count


def bounds(value: ir.Expr, limit: int) -> ir.Expr:
    """``0 <= value < limit`` of a stable integer."""
    type_, span = value.type, value.span
    assert isinstance(type_, Integer)
    if limit > type_.maximum:
        below: ir.Expr = ir.Const(type=boolean, value=True, span=span)
    else:
        bound = ir.Const(type=type_, value=limit, span=span)
        below = ir.Compare(op=ir.CompareOp.LT, left=value, right=bound, type=boolean, span=span)
    if not type_.signed:
        return below
    zero = ir.Const(type=type_, value=0, span=span)
    positive = ir.Compare(op=ir.CompareOp.GE, left=value, right=zero, type=boolean, span=span)
    return ir.Logic(is_and=True, left=positive, right=below, type=boolean, span=span)


def _fold(low: Lowering, node: ast.BinOp, left: Literal, right: Literal) -> Literal:
    op = type(node.op)
    if op in (ast.FloorDiv, ast.Mod) and right.value == 0:
        raise low.fail(Code.ALWAYS_FAILS, "division by zero", node)
    if op in (ast.LShift, ast.RShift, ast.Pow) and not 0 <= right.value <= 128:
        raise low.fail(Code.ALWAYS_FAILS, f"{right.value} is not from 0 to 128", node.right)
    if op is ast.Pow and abs(left.value) > 1 << 16 and right.value > 4:
        raise low.fail(Code.LITERAL_OUT_OF_RANGE, "this constant fits no type", node)
    value = _FOLD[op](left.value, right.value)
    if abs(value) > _LARGEST_FOLD:
        raise low.fail(Code.LITERAL_OUT_OF_RANGE, "this constant fits no type", node)
    return Literal(value, low.span(node))


def _repeat(low: Lowering, node: ast.BinOp, expected: Type | None) -> Value:
    """``[x] * n``."""
    items, count = low.value(node.left, expected), low.value(node.right)
    if not isinstance(items, Items) or not isinstance(count, Literal):
        raise low.fail(Code.WRONG_OPERAND, "a list is repeated a constant number of times", node, "[0] * 4")
    if not 0 <= count.value * len(items.elements) <= 65536:
        raise low.fail(Code.WRONG_LENGTH, "an Array has 1 to 65536 elements", node)
    if isinstance(expected, Array) and expected.length != count.value * len(items.elements):
        have = count.value * len(items.elements)
        raise low.fail(Code.WRONG_LENGTH, f"{expected} takes {expected.length} values, not {have}", node)
    return Items(items.elements * count.value, low.span(node))


def unary(low: Lowering, node: ast.UnaryOp, expected: Type | None) -> Value:
    """``-x``, ``+x``, ``~x``, ``not x``."""
    span = low.span(node)
    if isinstance(node.op, ast.Not):
        return ir.Not(operand=low.condition(node.operand), type=boolean, span=span)
    value = low.value(node.operand, expected)
    if isinstance(value, Literal):
        number = {ast.USub: -value.value, ast.UAdd: value.value, ast.Invert: ~value.value}[type(node.op)]
        return Literal(number, span, default=value.default)
    value = low.settle(value)
    if isinstance(node.op, ast.Invert) and isinstance(value.type, EnumType) and value.type.flags:
        # Only the bits that have names, so that the result is made of them.
        mask = ir.Const(type=value.type, value=value.type.mask, span=span)
        return ir.Binary(op=ir.BinaryOp.XOR, left=value, right=mask, type=value.type, span=span)
    if not isinstance(value.type, Integer) or value.type.big_endian:
        symbol = {ast.USub: "-", ast.UAdd: "+", ast.Invert: "~"}[type(node.op)]
        hint = "write not" if value.type == boolean else _operand_hint(value.type, ir.BinaryOp.SUB)
        raise low.fail(Code.WRONG_OPERAND, f"{symbol} is not defined for {value.type}", node, hint)
    if isinstance(node.op, ast.UAdd):
        return value
    op = ir.UnaryOp.NEGATE if isinstance(node.op, ast.USub) else ir.UnaryOp.INVERT
    return ir.Unary(op=op, operand=value, type=value.type, span=span)


def compare(low: Lowering, node: ast.Compare, expected: Type | None) -> Value:
    """``a < b``, ``a < b < c``, ``key in self.map``, ``x in (a, b)``."""
    from landbridge.compiler.frontend.expressions import join  # noqa: PLC0415  # expressions needs this module

    if isinstance(node.ops[0], (ast.In, ast.NotIn)) and len(node.ops) == 1:
        return _membership(low, node)
    for op in node.ops:
        if isinstance(op, (ast.Is, ast.IsNot)):
            raise low.fail(Code.UNSUPPORTED_OPERATOR, "is is not in kernel Python", node, "write == or !=")
        if isinstance(op, (ast.In, ast.NotIn)):
            raise low.fail(
                Code.UNSUPPORTED_OPERATOR, "in cannot be part of a chain", node, "join two comparisons with and"
            )
    left, right = low.in_order([lambda: low.value(node.left), lambda: low.value(node.comparators[0])])
    if len(node.ops) > 1 and isinstance(right, ir.Expr):
        right = low.stable(right)
    result = _compared(low, node.ops[0], left, right, node)
    for op, following in zip(node.ops[1:], node.comparators[1:], strict=True):
        left = right
        with low.scope.nested() as block:
            right = low.value(following)
            if following is not node.comparators[-1] and isinstance(right, ir.Expr):
                right = low.stable(right)
            part = _compared(low, op, left, right, node)
        result = join(low, result, part, is_and=True, block=block, span=low.span(node))
    return result


def _compared(low: Lowering, op: ast.cmpop, left: Value, right: Value, node: ast.Compare) -> ir.Expr:
    span = low.span(node)
    kind = _COMPARISONS[type(op)]
    if isinstance(left, Literal) and isinstance(right, Literal) and left.default is None and right.default is None:
        truth = getattr(operator, kind.name.lower())(left.value, right.value)
        return ir.Const(type=boolean, value=bool(truth), span=span)
    one, other = coercion.unify(low, left, right, span, texts=True)
    _check_comparable(low, one.type, kind, span)
    return ir.Compare(op=kind, left=one, right=other, type=boolean, span=span)


def _check_comparable(low: Lowering, type_: Type, kind: ir.CompareOp, span: Span) -> None:
    if isinstance(type_, Integer) and not type_.big_endian:
        return
    if kind in _EQUALITY and isinstance(type_, (Integer, Bool, EnumType, Address, Chars, StructType)):
        return
    hint = _operand_hint(type_, ir.BinaryOp.SUB) if isinstance(type_, (Integer, EnumType, Address)) else None
    if isinstance(type_, Array):
        hint = "compare the elements in a loop"
    raise low.fail(Code.WRONG_OPERAND, f"{kind.value} is not defined for {type_}", span, hint)


def _membership(low: Lowering, node: ast.Compare) -> ir.Expr:
    container, span = node.comparators[0], low.span(node)
    negated = isinstance(node.ops[0], ast.NotIn)
    map_ = maps.map_of(low, container)
    if map_ is not None:
        found = maps.contains(low, map_, node.left, span)
    elif isinstance(container, (ast.Tuple, ast.List)) and container.elts:
        value = low.value(node.left)
        value = low.stable(low.settle(value)) if isinstance(value, ir.Expr) else low.settle(value)
        parts: list[ir.Expr] = []
        for each in container.elts:
            with low.scope.nested() as block:
                part = _compared(low, ast.Eq(), value, low.value(each), node)
            if block:
                raise low.fail(
                    Code.UNSUPPORTED_OPERATOR, "in looks among constants and variables", each, "compare one by one"
                )
            parts.append(part)
        found = parts[0]
        for part in parts[1:]:
            found = ir.Logic(is_and=False, left=found, right=part, type=boolean, span=span)
    else:
        raise low.fail(
            Code.UNSUPPORTED_OPERATOR,
            "in looks in a Map, or among values in parentheses",
            container,
            "write key in self.map, or x in (a, b)",
        )
    return ir.Not(operand=found, type=boolean, span=span) if negated else found
