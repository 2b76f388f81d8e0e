"""Giving values their types: what a literal may become, and what is refused."""

from __future__ import annotations

import enum
import ipaddress
from typing import Any

from landbridge.compiler import ir
from landbridge.compiler.codes import Code
from landbridge.compiler.frontend.lowering import Lowering
from landbridge.compiler.frontend.values import Items, Literal, Text, Value, describe
from landbridge.compiler.span import Span
from landbridge.constants import symbol_of
from landbridge.types import Array, Bool, Chars, EnumType, Integer, MacAddress, Type, boolean, ipv4, ipv6, mac, u32


def constant(low: Lowering, thing: Any, span: Span, text: str) -> Value:
    """A Python object from outside as a constant.

    Args:
        text: How it is written, for messages.
    """
    layout = getattr(type(thing), "__lb_type__", None)
    if isinstance(thing, enum.Enum) and layout is not None:
        return ir.Const(type=layout(), value=int(thing), symbol=symbol_of(thing), span=span)  # type: ignore[call-overload]  # our enums are ints
    match thing:
        case bool():
            return ir.Const(type=boolean, value=thing, span=span)
        case int():
            return Literal(int(thing), span, symbol_of(thing))
        case str():
            return Text(thing, span)
        case ipaddress.IPv4Address():
            return ir.Const(type=ipv4, value=thing.packed, span=span)
        case ipaddress.IPv6Address():
            return ir.Const(type=ipv6, value=thing.packed, span=span)
        case MacAddress():
            return ir.Const(type=mac, value=bytes(thing), span=span)
    hint = {
        "float": "the kernel has no floating point; use a scaled integer",
        "complex": "the kernel has no floating point",
        "bytes": "use a str for Chars, or a list of numbers for Array(lb.u8, n)",
        "NoneType": "there is no None in the kernel; use a value that means nothing, or raise",
    }.get(type(thing).__name__, "an int, bool, str, address or Enum member from outside can be used in a handler")
    raise low.fail(
        Code.NOT_A_VALUE, f"{text} is a {type(thing).__name__}, which has no value in the kernel", span, hint
    )


def settle(low: Lowering, value: Value) -> ir.Expr:
    """Give a value the type that it has by itself."""
    match value:
        case Literal():
            if value.default is not None:
                return coerce(low, value, value.default, "")
            wide = u32 if 0 <= value.value <= u32.maximum else None
            raise low.fail(
                Code.LITERAL_WITHOUT_TYPE,
                f"nothing says how wide {value.value} is",
                value.span,
                f"declare the variable (x: lb.{wide or 's64'} = {value.value}) "
                f"or convert (lb.{wide or 's64'}({value.value}))",
            )
        case Text():
            raise low.fail(
                Code.LITERAL_WITHOUT_TYPE,
                "nothing says how long this text may be",
                value.span,
                "declare the variable: text: Annotated[str, lb.Chars(64)] = ...",
            )
        case Items():
            raise low.fail(
                Code.LITERAL_WITHOUT_TYPE,
                "nothing says what this is a list of",
                value.span,
                f"declare the variable: x: Annotated[list[int], lb.Array(lb.u32, {len(value.elements)})] = ...",
            )
    return value


def coerce(low: Lowering, value: Value, expected: Type, what: str) -> ir.Expr:
    """Give a literal the type; anything else must have it.

    Args:
        what: What wants it, such as ``argument 'n'``, for messages.
    """
    match value:
        case Literal():
            return _number(low, value, expected, what)
        case Text():
            return _text(low, value, expected, what)
        case Items():
            return _items(low, value, expected, what)
    if value.type != expected:
        raise low.fail(
            Code.WRONG_TYPE,
            f"{what} is {expected}, not {value.type}",
            value.span,
            _conversion_hint(value.type, expected),
        )
    return value


def _conversion_hint(have: Type, want: Type) -> str | None:
    if isinstance(want, Bool) and isinstance(have, (Integer, EnumType)):
        return "compare it: ... != 0"
    if isinstance(want, Integer) and isinstance(have, (Integer, EnumType, Bool)):
        return f"convert it: lb.{want}(...)"
    if isinstance(want, EnumType) and isinstance(have, Integer):
        return f"convert it: {want}(...)"
    if isinstance(want, Chars) and isinstance(have, Chars):
        return "declare both with the same length"
    return None


def _number(low: Lowering, value: Literal, expected: Type, what: str) -> ir.Expr:
    match expected:
        case Integer():
            fits = expected.minimum <= value.value <= expected.maximum
            limits = f"{expected.minimum} to {expected.maximum}"
        case EnumType():
            fits = expected.accepts(value.value) and expected.base.minimum <= value.value <= expected.base.maximum
            limits = ", ".join(f"{name} = {number}" for name, number in expected.members)
        case _:
            hint = "write True or False" if isinstance(expected, Bool) else None
            if expected in (ipv4, ipv6, mac):
                hint = f'write the address: lb.{expected}("...")'
            raise low.fail(Code.WRONG_TYPE, f"{what or 'this'} is {expected}, not a number", value.span, hint)
    if not fits:
        raise low.fail(Code.LITERAL_OUT_OF_RANGE, f"{value.value} does not fit {expected} ({limits})", value.span)
    return ir.Const(type=expected, value=value.value, symbol=value.symbol, span=value.span)


def _text(low: Lowering, value: Text, expected: Type, what: str) -> ir.Expr:
    if not isinstance(expected, Chars):
        hint = f'write lb.{expected}("...")' if expected in (ipv4, ipv6, mac) else None
        raise low.fail(Code.WRONG_TYPE, f"{what or 'this'} is {expected}, not text", value.span, hint)
    try:
        expected.to_raw(value.value)
    except ValueError as error:
        raise low.fail(Code.TEXT_TOO_LONG, str(error), value.span) from None
    return ir.Const(type=expected, value=value.value, span=value.span)


def _items(low: Lowering, value: Items, expected: Type, what: str) -> ir.Expr:
    if not isinstance(expected, Array):
        raise low.fail(Code.WRONG_TYPE, f"{what or 'this'} is {expected}, not a list", value.span)
    if len(value.elements) != expected.length:
        raise low.fail(
            Code.WRONG_LENGTH, f"{expected} takes {expected.length} values, not {len(value.elements)}", value.span
        )
    place = low.scope.temporary("items", expected, value.span)
    low.emit(ir.Clear(place=place, span=value.span))
    for i, each in enumerate(value.elements):
        index = ir.Const(type=u32, value=i, span=value.span)
        element = ir.Element(base=place, index=index, type=expected.element, span=value.span)
        item = coerce(low, each, expected.element, f"element {i}")
        low.emit(ir.Set(place=element, value=item, span=item.span))
    return place


def unify(low: Lowering, left: Value, right: Value, span: Span, *, texts: bool = False) -> tuple[ir.Expr, ir.Expr]:
    """Give two operands one type: a literal takes that of the other.

    Args:
        texts: Chars of two lengths are fine too.
    """
    if isinstance(left, ir.Expr) and not isinstance(right, ir.Expr):
        right = coerce(low, right, left.type, "the other operand")
    elif isinstance(right, ir.Expr) and not isinstance(left, ir.Expr):
        left = coerce(low, left, right.type, "the other operand")
    elif isinstance(left, Literal) and isinstance(right, Literal):
        default = left.default or right.default
        if default is not None:
            left, right = coerce(low, left, default, ""), coerce(low, right, default, "")
    one, other = settle(low, left), settle(low, right)
    both_text = isinstance(one.type, Chars) and isinstance(other.type, Chars)
    if one.type != other.type and not (texts and both_text):
        raise low.fail(
            Code.MIXED_TYPES,
            f"{describe(one)} and {describe(other)} do not mix",
            span,
            _mixed_hint(one.type, other.type),
        )
    return one, other


def _mixed_hint(one: Type, other: Type) -> str:
    if isinstance(one, Integer) and isinstance(other, Integer):
        wider = max((one, other), key=lambda each: (not each.big_endian, each.bits))
        return f"convert one of them: lb.{wider}(...)"
    if isinstance(one, (Integer, EnumType)) and isinstance(other, (Integer, EnumType)):
        number = one if isinstance(one, Integer) else other
        return f"convert one of them: lb.{number}(...)"
    return "both must have one type"
