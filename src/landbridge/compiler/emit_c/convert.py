"""Conversions between types in C."""

from __future__ import annotations

from typing import TYPE_CHECKING

from landbridge.compiler import ir
from landbridge.compiler.emit_c.arithmetic import folded
from landbridge.compiler.emit_c.cexpr import Binds, CExpr, primary, promoted
from landbridge.compiler.emit_c.constants import number
from landbridge.compiler.emit_c.ctype import integer_of
from landbridge.types import Address, Bool, Integer, Type, be32

if TYPE_CHECKING:
    from landbridge.compiler.emit_c.expressions import Expressions

_TO_HOST = {16: "ntohs", 32: "ntohl", 64: "be64_to_cpu"}
_TO_NETWORK = {16: "htons", 32: "htonl", 64: "cpu_to_be64"}


def conversion(expressions: Expressions, expr: ir.Convert) -> CExpr:
    """An integer, bool, enum or IPv4 address as another."""
    source, target = expr.operand.type, expr.type
    if isinstance(target, Bool):
        if isinstance(source, Bool):
            return expressions.of(expr.operand)
        return CExpr(f"{expressions.exact(expr.operand).within(Binds.EQUAL, right=True)} != 0", Binds.EQUAL)
    from_, to = _number(source), _number(target)
    known = folded(expr)
    if known is not None:
        return number(known, to)
    if from_ == to:
        return expressions.of(expr.operand)
    value, host = expressions.exact(expr.operand), from_
    if from_.big_endian:
        expressions.unit.include(["linux/in.h"])
        value, host = primary(f"{_TO_HOST[from_.bits]}({value.text})"), _host(from_.bits)
        value = CExpr(value.text, Binds.PRIMARY, promoted(host))
    if to.big_endian:
        expressions.unit.include(["linux/in.h"])
        inner = _resized(value, host, _host(to.bits))
        return primary(f"{_TO_NETWORK[to.bits]}({inner.text})")
    return _resized(value, host, to)


def _resized(value: CExpr, from_: Integer, to: Integer) -> CExpr:
    """Cut or extend. C extends by itself, unless the sign would go; a cut is written so that it is seen."""
    keeps = from_.minimum >= to.minimum and from_.maximum <= to.maximum
    if keeps:
        return value
    return CExpr(f"({to.name}){value.within(Binds.UNARY)}", Binds.UNARY, promoted(to))


def _host(bits: int) -> Integer:
    return {16: Integer("u16", 16, False), 32: Integer("u32", 32, False), 64: Integer("u64", 64, False)}[bits]


def _number(type_: Type) -> Integer:
    if isinstance(type_, Bool):
        return Integer("u8", 8, False)
    if isinstance(type_, Address):
        return be32
    carried = integer_of(type_)
    assert carried is not None, f"conversion of {type_}"
    return carried
