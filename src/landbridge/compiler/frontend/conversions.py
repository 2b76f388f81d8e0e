"""Conversions that are spelt: ``lb.u64(x)``, ``bool(x)``, ``Level(x)``, ``lb.ipv4("10.0.0.1")``."""

from __future__ import annotations

import ast
import errno
from typing import Any

from landbridge.compiler import ir
from landbridge.compiler.codes import Code
from landbridge.compiler.frontend import coercion
from landbridge.compiler.frontend.lowering import Lowering
from landbridge.compiler.frontend.values import Items, Literal, Text, Value, describe
from landbridge.compiler.reporter import Reported
from landbridge.compiler.span import Span
from landbridge.types import (
    Address,
    Array,
    Bool,
    Chars,
    EnumType,
    Integer,
    StructType,
    Type,
    be32,
    boolean,
    ipv4,
    type_of,
    u32,
)


def convert(low: Lowering, written: Any, node: ast.Call) -> Value:
    """A call of a type."""
    try:
        target = type_of(written)
    except TypeError as error:
        raise low.fail(Code.NO_CONVERSION, str(error), node) from None
    span = low.span(node)
    if len(node.args) != 1 or node.keywords:
        raise low.fail(Code.WRONG_ARGUMENTS, f"{ast.unparse(node.func)} takes one value", node)
    value = low.value(node.args[0])
    match target:
        case Address():
            return _address(low, target, value, span)
        case Integer():
            return _integer(low, target, value, span)
        case Bool():
            return _boolean(low, value, span)
        case EnumType():
            return _enum(low, target, value, span)
        case Array() | Chars() | StructType():
            raise low.fail(Code.NO_CONVERSION, f"{target} is not made by a conversion", node)
    raise AssertionError(target)


def _refuse(low: Lowering, value: Value, target: Type, span: Span, hint: str | None = None) -> Reported:
    return low.fail(Code.NO_CONVERSION, f"{describe(value)} does not become {target}", span, hint)


def _integer(low: Lowering, target: Integer, value: Value, span: Span) -> ir.Expr:
    if isinstance(value, Literal):
        return ir.Const(type=target, value=target.wrap(value.value), symbol=_kept(value, target), span=span)
    if isinstance(value, (Text, Items)):
        raise _refuse(low, value, target, span)
    value = low.settle(value)
    if value.type == target:
        return value
    if isinstance(value.type, (Integer, Bool, EnumType)):
        return ir.Convert(operand=value, type=target, span=span)
    if value.type == ipv4 and target in (u32, be32):
        return ir.Convert(operand=value, type=target, span=span)
    hint = "an address becomes a number with lb.u32(...)" if value.type == ipv4 else None
    raise _refuse(low, value, target, span, hint)


def _kept(value: Literal, target: Integer) -> str | None:
    return value.symbol if target.minimum <= value.value <= target.maximum else None


def _boolean(low: Lowering, value: Value, span: Span) -> ir.Expr:
    if isinstance(value, Literal):
        return ir.Const(type=boolean, value=bool(value.value), span=span)
    if isinstance(value, (Text, Items)):
        raise _refuse(low, value, boolean, span)
    value = low.settle(value)
    if value.type == boolean:
        return value
    if isinstance(value.type, Integer):
        return ir.Convert(operand=value, type=boolean, span=span)
    if isinstance(value.type, EnumType):
        number = ir.Convert(operand=value, type=value.type.base, span=span)
        return ir.Convert(operand=number, type=boolean, span=span)
    raise _refuse(low, value, boolean, span, 'compare it: text != ""' if isinstance(value.type, Chars) else None)


def _enum(low: Lowering, target: EnumType, value: Value, span: Span) -> ir.Expr:
    if isinstance(value, Literal):
        return coercion.coerce(low, value, target, f"a {target}")
    value = low.settle(value)
    if value.type == target:
        return value
    if not isinstance(value.type, Integer):
        raise _refuse(low, value, target, span)
    if value.type != target.base:
        raise _refuse(low, value, target, span, f"convert it before: {target}(lb.{target.base}(...))")
    number = low.stable(value, "number")

    def constant(number_: int, type_: Type) -> ir.Const:
        return ir.Const(type=type_, value=number_, span=span)

    if target.flags:
        rest = target.base.wrap(~target.mask)
        other = ir.Binary(
            op=ir.BinaryOp.AND, left=number, right=constant(rest, target.base), type=target.base, span=span
        )
        zero = constant(0, target.base)
        known: ir.Expr = ir.Compare(op=ir.CompareOp.EQ, left=other, right=zero, type=boolean, span=span)
    else:
        tests = [
            ir.Compare(op=ir.CompareOp.EQ, left=number, right=constant(each, target.base), type=boolean, span=span)
            for each in dict.fromkeys(each for _, each in target.members)
        ]
        known = tests[0]
        for test in tests[1:]:
            known = ir.Logic(is_and=False, left=known, right=test, type=boolean, span=span)
    low.check(known, errno.EINVAL, "enum", span)
    return ir.Convert(operand=number, type=target, span=span)


def _address(low: Lowering, target: Address, value: Value, span: Span) -> ir.Expr:
    if isinstance(value, Text):
        try:
            raw = target.to_raw(value.value)
        except ValueError as error:
            raise low.fail(Code.NO_CONVERSION, str(error), span) from None
        return ir.Const(type=target, value=raw, span=span)
    if isinstance(value, Literal) and target == ipv4:
        if not 0 <= value.value <= u32.maximum:
            raise low.fail(Code.LITERAL_OUT_OF_RANGE, f"{value.value} is no IPv4 address", span)
        return ir.Const(type=target, value=value.value.to_bytes(4, "big"), span=span)
    if isinstance(value, ir.Expr):
        if value.type == target:
            return value
        if target == ipv4 and value.type in (u32, be32):
            return ir.Convert(operand=value, type=target, span=span)
    hint = "convert it before: lb.ipv4(lb.u32(...))" if target == ipv4 else f'write lb.{target}("...")'
    raise _refuse(low, value, target, span, hint)
