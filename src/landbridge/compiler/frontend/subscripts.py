"""``x[i]``: elements of arrays, entries of Maps."""

from __future__ import annotations

import ast
import errno

from landbridge.compiler import effects, ir
from landbridge.compiler.codes import Code
from landbridge.compiler.frontend import maps, operators, unsupported
from landbridge.compiler.frontend.lowering import Lowering
from landbridge.compiler.frontend.values import Literal, Value, describe
from landbridge.types import Array, Chars, Integer, Type, boolean, s64, u32


def read(low: Lowering, node: ast.Subscript, expected: Type | None) -> Value:
    """The value at a key or index; a place."""
    map_ = maps.map_of(low, node.value)
    if map_ is not None:
        return maps.entry(low, map_, node)
    if isinstance(node.slice, ast.Slice):
        raise unsupported.refuse(low, node.slice)
    base = low.value(node.value)
    if isinstance(base, ir.Expr) and isinstance(base.type, Array):
        return element(low, base, node)
    hint = None
    if isinstance(base, ir.Expr) and isinstance(base.type, Chars):
        hint = "compare whole texts; for bytes use Array(lb.u8, n)"
    raise low.fail(Code.WRONG_OPERAND, f"{describe(base)} has no elements", node, hint)


def element(low: Lowering, base: ir.Expr, node: ast.Subscript) -> ir.Expr:
    """An element of an array; the index is checked."""
    array, span = base.type, low.span(node)
    assert isinstance(array, Array)
    before = len(low.scope.block)
    index = low.value(node.slice)
    if isinstance(effects.root(base), ir.SlotValue) and effects.calls_out(tuple(low.scope.block[before:])):
        raise low.fail(
            Code.UNSUPPORTED_CONSTRUCT,
            "a call in the index of an entry of a Map could take the entry away",
            node.slice,
            "call it before, and use the result: i = self.f()",
        )
    if isinstance(index, Literal):
        position = index.value + array.length if index.value < 0 else index.value
        if not 0 <= position < array.length:
            raise low.fail(
                Code.ALWAYS_FAILS,
                f"index {index.value} of {array}",
                node.slice,
                f"0 to {array.length - 1}, or -1 to -{array.length} from the end",
            )
        at: ir.Expr = ir.Const(type=u32, value=position, symbol=index.symbol, span=index.span)
    else:
        at = _checked(low, low.settle(index), array.length, node.slice)
    return ir.Element(base=base, index=at, type=array.element, span=span)


def _checked(low: Lowering, index: ir.Expr, length: int, node: ast.expr) -> ir.Expr:
    if not isinstance(index.type, Integer) or index.type.big_endian:
        raise low.fail(Code.WRONG_OPERAND, f"an index is an integer, not {index.type}", node)
    index = low.stable(index, "index")
    type_, span = index.type, index.span
    assert isinstance(type_, Integer)
    if type_.signed:
        # As in Python, a negative index counts from the end; s64 holds every sum.
        wide = index if type_.bits == 64 else ir.Convert(operand=index, type=s64, span=span)
        zero = ir.Const(type=s64, value=0, span=span)
        size = ir.Const(type=s64, value=length, span=span)
        negative = ir.Compare(op=ir.CompareOp.LT, left=wide, right=zero, type=boolean, span=span)
        from_end = ir.Binary(op=ir.BinaryOp.ADD, left=wide, right=size, type=s64, span=span)
        index = low.keep(ir.Choose(condition=negative, then=from_end, other=wide, type=s64, span=span), "index")
    in_range = operators.bounds(index, length)
    if not (isinstance(in_range, ir.Const) and in_range.value is True):
        low.check(in_range, errno.ERANGE, "index", span)
    if type_.signed:
        return ir.Convert(operand=index, type=u32, span=span)
    return index
