"""Calls: of methods, events, types, intrinsics and builtins."""

from __future__ import annotations

import ast
import enum
import inspect
from collections.abc import Callable, Sequence
from typing import Any

from landbridge.compiler import ir
from landbridge.compiler.codes import Code
from landbridge.compiler.frontend import builtin_calls, coercion, conversions, log, maps
from landbridge.compiler.frontend.lowering import Lowering
from landbridge.compiler.frontend.names import MISSING
from landbridge.compiler.frontend.values import Value
from landbridge.compiler.intrinsics import INTRINSICS, ITERATORS, LOG_LEVELS, IntrinsicSpec
from landbridge.compiler.reporter import Reported
from landbridge.compiler.span import Span
from landbridge.spec import CommandSpec, EventSpec, MethodSpec, TableSpec
from landbridge.types import Struct, Type


def call(low: Lowering, node: ast.Call, expected: Type | None) -> Value:
    """A call whose result is used."""
    result = lower_call(low, node, expected)
    if result is None:
        raise low.fail(Code.WRONG_TYPE, f"{ast.unparse(node.func)}() gives no value", node, "call it as a statement")
    return result


def lower_call(low: Lowering, node: ast.Call, expected: Type | None = None) -> Value | None:
    """A call; None where it has no result."""
    for each in node.args:
        if isinstance(each, ast.Starred):
            raise low.fail(Code.UNSUPPORTED_CONSTRUCT, "unpacking with * is not in kernel Python", each, "one by one")
    for keyword in node.keywords:
        if keyword.arg is None:
            raise low.fail(
                Code.UNSUPPORTED_CONSTRUCT, "unpacking with ** is not in kernel Python", keyword, "one by one"
            )
    func = node.func
    if isinstance(func, ast.Attribute):
        map_ = maps.map_of(low, func.value)
        if map_ is not None:
            return maps.method(low, map_, func.attr, node)
        if isinstance(func.value, ast.Name) and func.value.id == low.self_name:
            return _member(low, func.attr, node)
    return _outside(low, node, expected)


# --- members ------------------------------------------------------------------------------------


def _member(low: Lowering, name: str, node: ast.Call) -> Value | None:
    member = low.spec.member(name)
    match member:
        case EventSpec():
            _emit(low, member, node)
            return None
        case CommandSpec() | MethodSpec():
            return _method(low, name, node)
        case TableSpec():
            raise low.fail(
                Code.NOT_CALLABLE, f"self.{name} is a table, which users read", node, "move the loop to a method"
            )
        case None:
            hint = f"define it in the class: def {name}(self, ...)"
            raise low.fail(Code.UNKNOWN_ATTRIBUTE, f"{low.spec.name} has no method {name!r}", node.func, hint)
    raise low.fail(
        Code.NOT_CALLABLE, f"self.{name} cannot be called from a handler", node, "move what it does to a method"
    )


def _method(low: Lowering, name: str, node: ast.Call) -> ir.Local | None:
    signature = low.signature_of(name)
    if signature is None:
        raise Reported
    span = low.span(node)
    bound = bind(low, node, [each for each, _ in signature.parameters], f"self.{name}")
    types = dict(signature.parameters)
    values = low.in_order([_argument(low, bound[each], types[each], f"argument {each!r}") for each in bound])
    by_name = dict(zip(bound, values, strict=True))
    arguments = []
    for each, _ in signature.parameters:
        value = by_name[each]
        assert isinstance(value, ir.Expr)
        arguments.append(value)
    result = low.scope.temporary(f"{name}_result", signature.result, span) if signature.result is not None else None
    low.emit(
        ir.Call(function=name, arguments=tuple(arguments), result=None if result is None else result.name, span=span)
    )
    return result


def _argument(low: Lowering, node: ast.expr, type_: Type, what: str) -> Callable[[], Value]:
    return lambda: low.typed(node, type_, what)


def bind(
    low: Lowering, node: ast.Call, names: Sequence[str], what: str, optional: Sequence[str] = ()
) -> dict[str, ast.expr]:
    """Which argument each name gets, in the order in which they are written."""
    if len(node.args) > len(names):
        raise low.fail(Code.WRONG_ARGUMENTS, f"{what} takes {len(names)} arguments, not {len(node.args)}", node)
    bound = dict(zip(names, node.args, strict=False))
    for keyword in node.keywords:
        assert keyword.arg is not None
        if keyword.arg not in names:
            raise low.fail(
                Code.WRONG_ARGUMENTS,
                f"{what} has no argument {keyword.arg!r}",
                keyword,
                f"it takes {', '.join(names)}" if names else "it takes none",
            )
        if keyword.arg in bound:
            raise low.fail(Code.WRONG_ARGUMENTS, f"{what} gets {keyword.arg!r} twice", keyword)
        bound[keyword.arg] = keyword.value
    missing = [each for each in names if each not in bound and each not in optional]
    if missing:
        raise low.fail(Code.WRONG_ARGUMENTS, f"{what} needs {', '.join(missing)}", node)
    return bound


def _emit(low: Lowering, event: EventSpec, node: ast.Call) -> None:
    bound = bind(low, node, ["record"], f"self.{event.name}")
    record = low.typed(bound["record"], event.record, "the record")
    if not isinstance(record, (ir.Local, ir.Member, ir.SlotValue)):
        record = low.keep(record, "record")
    low.emit(ir.Emit(event=event, record=record, span=low.span(node)))


# --- from outside ---------------------------------------------------------------------------------


def _outside(low: Lowering, node: ast.Call, expected: Type | None) -> Value | None:
    from landbridge.compiler.frontend.expressions import outside  # noqa: PLC0415  # expressions needs this module

    thing = outside(low, node.func)
    text = ast.unparse(node.func)
    if thing is MISSING:
        if isinstance(node.func, ast.Name) and node.func.id not in low.scope.variables:
            raise low.fail(
                Code.UNKNOWN_NAME, f"unknown name {node.func.id!r}", node.func, "write a method: self.f(...)"
            )
        if isinstance(node.func, ast.Attribute):
            base = low.value(node.func.value)
            kind = str(base.type) if isinstance(base, ir.Expr) else "a literal"
            raise low.fail(Code.UNKNOWN_ATTRIBUTE, f"{kind} has no method {node.func.attr!r}", node.func)
        raise low.fail(Code.NOT_CALLABLE, f"{text} cannot be called", node)
    name = getattr(thing, "__lb_intrinsic__", None)
    if isinstance(name, str):
        return _intrinsic(low, name, node)
    if isinstance(thing, Type) or thing is bool or (isinstance(thing, type) and issubclass(thing, enum.Enum)):
        return conversions.convert(low, thing, node)
    if isinstance(thing, type) and issubclass(thing, Struct) and thing is not Struct:
        return construct(low, thing, node)
    builtin = builtin_calls.BUILTINS.get(text) if getattr(thing, "__module__", "") == "builtins" else None
    if builtin is not None:
        return builtin(low, node, expected)
    raise low.fail(
        Code.NOT_CALLABLE, f"{text} cannot be called in the kernel", node, builtin_calls.HINTS.get(text, _HINT)
    )


_HINT = "call methods of the class (self.f), types (lb.u32, a Struct) and the kernel functions of landbridge"


def _intrinsic(low: Lowering, name: str, node: ast.Call) -> Value | None:
    level = name.removeprefix("pr_")
    if name.startswith("pr_") and level in LOG_LEVELS:
        log.write(low, level, node)
        return None
    if name in ITERATORS:
        raise low.fail(Code.NOT_A_VALUE, f"{name}() is for loops", node, f"for x in lb.{name}(): ...")
    if name == "c":
        raise low.fail(
            Code.INLINE_C_NOT_ALONE,
            "lb.c(...) is the only statement of a handler",
            node,
            "move it to a method of its own, and call that",
        )
    known = INTRINSICS[name]
    bound = bind(low, node, [each for each, _ in known.parameters], f"lb.{name}")
    types = dict(known.parameters)
    values = low.in_order([_argument(low, bound[each], types[each], f"argument {each!r}") for each in bound])
    return apply(low, known, [each for each in values if isinstance(each, ir.Expr)], low.span(node))


def apply(low: Lowering, known: IntrinsicSpec, arguments: Sequence[ir.Expr], span: Span) -> ir.Expr | None:
    """An intrinsic of lowered arguments."""
    if known.result is None:
        low.emit(ir.Do(name=known.name, arguments=tuple(arguments), span=span))
        return None
    value = ir.Intrinsic(name=known.name, arguments=tuple(arguments), type=known.result, span=span)
    return low.keep(value, _RESULTS.get(known.name, "value")) if known.volatile else value


# What the local that holds a result is called in C.
_RESULTS = {
    "ktime_get_ns": "now",
    "ktime_get_real_ns": "now",
    "jiffies": "ticks",
    "get_random_u32": "number",
    "smp_processor_id": "cpu",
    "current_comm": "comm",
    "capable": "allowed",
}


def construct(low: Lowering, cls: type[Struct], node: ast.Call) -> ir.Local:
    """``Seen(saddr=..., daddr=...)``: built in a temporary, zeroed first."""
    struct, span = cls.__lb_type__(), low.span(node)
    defaults = _defaults(cls)
    names = [each.name for each in struct.fields]
    bound = bind(low, node, names, struct.name, optional=list(defaults))
    types = {each.name: each.type for each in struct.fields}
    values = low.in_order([_argument(low, bound[each], types[each], f"field {each!r}") for each in bound])
    place = low.scope.temporary("record", struct, span)
    low.emit(ir.Clear(place=place, span=span))
    given = dict(zip(bound, values, strict=True))
    for field in struct.fields:
        value = given.get(field.name)
        if value is None:
            default = defaults[field.name]
            if default == field.type.zero:
                continue  # already zero
            constant = coercion.constant(low, default, span, f"the default of {field.name}")
            value = low.coerce(constant, field.type, f"field {field.name!r}")
        assert isinstance(value, ir.Expr)
        target = ir.FieldOf(base=place, name=field.name, type=field.type, span=value.span)
        low.emit(ir.Set(place=target, value=value, span=value.span))
    return place


def _defaults(cls: type[Struct]) -> dict[str, Any]:

    parameters = inspect.signature(cls.__init__).parameters.values()
    return {each.name: each.default for each in parameters if each.default is not each.empty}
