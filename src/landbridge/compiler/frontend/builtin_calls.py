"""Python's own functions that handlers may call: min, max, abs, len."""

from __future__ import annotations

import ast
from collections.abc import Callable

from landbridge.compiler import ir
from landbridge.compiler.codes import Code
from landbridge.compiler.frontend import coercion, maps
from landbridge.compiler.frontend.lowering import Lowering
from landbridge.compiler.frontend.values import Literal, Value, describe
from landbridge.types import Array, Chars, Integer, Type, boolean, u32


def _extreme(low: Lowering, node: ast.Call, expected: Type | None, op: ir.CompareOp) -> Value:
    name = ast.unparse(node.func)
    if node.keywords or len(node.args) < 2:
        raise low.fail(Code.WRONG_ARGUMENTS, f"{name} takes two or more values", node)
    values = low.in_order([_later(low, each, expected) for each in node.args])
    if all(isinstance(each, Literal) and each.default is None for each in values):
        numbers = [each.value for each in values if isinstance(each, Literal)]
        return Literal((min if name == "min" else max)(numbers), low.span(node))
    # A literal among them takes the type of the first that has one.
    first = next(each for each in values if not (isinstance(each, Literal) and each.default is None))
    type_ = low.settle(first).type
    span = low.span(node)
    if not isinstance(type_, Integer) or type_.big_endian:
        hint = f"convert them: lb.u{type_.bits}(...)" if isinstance(type_, Integer) else None
        raise low.fail(Code.WRONG_OPERAND, f"{name} is not defined for {type_}", node, hint)
    kept = [low.stable(coercion.unify(low, each, first, span)[0]) for each in values]
    result = kept[0]
    for each in kept[1:]:
        better = ir.Compare(op=op, left=each, right=result, type=boolean, span=span)
        result = ir.Choose(condition=better, then=each, other=result, type=type_, span=span)
        if each is not kept[-1]:
            result = low.keep(result, "best")
    return result


def _later(low: Lowering, node: ast.expr, expected: Type | None) -> Callable[[], Value]:
    return lambda: low.value(node, expected)


def _min(low: Lowering, node: ast.Call, expected: Type | None) -> Value:
    return _extreme(low, node, expected, ir.CompareOp.LT)


def _max(low: Lowering, node: ast.Call, expected: Type | None) -> Value:
    return _extreme(low, node, expected, ir.CompareOp.GT)


def _abs(low: Lowering, node: ast.Call, expected: Type | None) -> Value:
    value = _only(low, node, expected)
    if isinstance(value, Literal):
        return Literal(abs(value.value), low.span(node), default=value.default)
    value = low.settle(value)
    if not isinstance(value.type, Integer) or value.type.big_endian:
        raise low.fail(Code.WRONG_OPERAND, f"abs is not defined for {value.type}", node)
    if not value.type.signed:
        return value
    span = low.span(node)
    value = low.stable(value)
    zero = ir.Const(type=value.type, value=0, span=span)
    negative = ir.Compare(op=ir.CompareOp.LT, left=value, right=zero, type=boolean, span=span)
    opposite = ir.Unary(op=ir.UnaryOp.NEGATE, operand=value, type=value.type, span=span)
    return ir.Choose(condition=negative, then=opposite, other=value, type=value.type, span=span)


def _only(low: Lowering, node: ast.Call, expected: Type | None) -> Value:
    if len(node.args) != 1 or node.keywords:
        raise low.fail(Code.WRONG_ARGUMENTS, f"{ast.unparse(node.func)} takes one value", node)
    return low.value(node.args[0], expected)


def _len(low: Lowering, node: ast.Call, expected: Type | None) -> Value:
    span = low.span(node)
    if len(node.args) == 1:
        map_ = maps.map_of(low, node.args[0])
        if map_ is not None:
            return maps.length(map_, span)
    value = _only(low, node, None)
    if isinstance(value, ir.Expr) and isinstance(value.type, Array):
        return Literal(value.type.length, span, default=u32)
    if isinstance(value, ir.Expr) and isinstance(value.type, Chars):
        return ir.Intrinsic(name="strlen", arguments=(value,), type=u32, span=span)
    raise low.fail(Code.WRONG_OPERAND, f"{describe(value)} has no length", node, "an Array, a Map or Chars has")


BUILTINS: dict[str, Callable[[Lowering, ast.Call, Type | None], Value]] = {
    "min": _min,
    "max": _max,
    "abs": _abs,
    "len": _len,
}
"""By name."""

HINTS = {
    "print": 'write to the kernel log: lb.pr_info("...", ...)',
    "int": "say how wide: lb.u32(...)",
    "float": "the kernel has no floating point; use a scaled integer",
    "str": "text cannot be built in the kernel; log values with lb.pr_info",
    "range": "range is for loops: for i in range(n): ...",
    "enumerate": "write for i in range(len(array)): ... array[i]",
    "zip": "write for i in range(len(array)): ...",
    "sum": "add in a loop",
    "any": "write a for loop",
    "all": "write a for loop",
    "sorted": "sort in the user end",
    "reversed": "write for i in range(n): ... array[-1 - i]",
    "divmod": "write // and %",
    "pow": "multiply, or shift",
    "round": "the kernel has no fractions",
    "isinstance": "types are known when a handler is compiled",
    "open": "the kernel end does not open files; do it in the user end",
}
"""What to write instead of other builtins."""
