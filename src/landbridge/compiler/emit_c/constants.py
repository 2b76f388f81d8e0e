"""Constants in C, as one would write them."""

from __future__ import annotations

from collections.abc import Iterable

from landbridge.compiler import ir
from landbridge.compiler.emit_c.cexpr import Binds, CExpr, primary
from landbridge.compiler.emit_c.unit import Unit
from landbridge.types import Address, Array, Bool, Chars, EnumType, Field, Integer, StructType, Type, s32, s64, u32, u64

_INT_MAX = s32.maximum


def constant(unit: Unit, expr: ir.Const) -> CExpr:
    """A constant of the tree."""
    type_, value = expr.type, expr.value
    if expr.symbol:
        return primary(unit.symbol(expr.symbol))
    if isinstance(type_, Bool):
        return primary("true" if value else "false")
    if isinstance(value, str):
        return primary(quoted(value.encode("utf-8", "surrogateescape")))
    if isinstance(value, bytes):
        assert isinstance(type_, Address), "only addresses are bytes"
        return address(unit, type_, value)
    if isinstance(type_, EnumType):
        return enumerators(unit, type_, int(value))
    assert isinstance(type_, Integer), f"a number of type {type_}"
    return number(int(value), type_)


def number(value: int, type_: Integer) -> CExpr:
    """An integer; in C it is an int unless it does not fit one."""
    if type_.big_endian:
        return swapped(value, type_.bits)
    if value < 0:
        if value in (s32.minimum, s64.minimum):
            name, ctype = ("S32_MIN", s32) if value == s32.minimum else ("S64_MIN", s64)
            return primary(name, ctype)
        fits = value >= s32.minimum
        return CExpr(f"{value}{'' if fits else 'LL'}", Binds.UNARY, s32 if fits else s64)
    if value <= _INT_MAX:
        return primary(str(value))
    if value in (u32.maximum, u64.maximum):
        name = "U32_MAX" if value == u32.maximum else "U64_MAX"
        return primary(name, u32 if value == u32.maximum else u64)
    if value <= u32.maximum:
        return primary(f"{value}U", u32)
    return primary(f"{value}{'LL' if type_.signed else 'ULL'}", s64 if type_.signed else u64)


def swapped(value: int, bits: int) -> CExpr:
    """An integer in network order."""
    if value == 0:
        return primary("0")
    if bits == 64:
        return primary(f"cpu_to_be64(0x{value:x}ULL)")
    return primary(f"htonl(0x{value:08x})" if bits == 32 else f"htons({value})")


def address(unit: Unit, type_: Address, value: bytes) -> CExpr:
    """An address."""
    if type_.name == "ipv4":
        unit.include(["linux/inet.h"])
        return swapped(int.from_bytes(value, "big"), 32)
    unit.include(["linux/in6.h" if type_.name == "ipv6" else "linux/if_ether.h"])
    return primary(unit.address(type_, value))


def address_bytes(unit: Unit, type_: Address, raw: bytes) -> str:
    """An address as a C initializer."""
    if type_.name == "ipv4":
        return address(unit, type_, raw).text
    inside = ", ".join(f"0x{each:02x}" for each in raw)
    return f"{{ {inside} }}" if type_.name == "mac" else f"{{ {{ {{ {inside} }} }} }}"


def enumerators(unit: Unit, type_: EnumType, value: int) -> CExpr:
    """A member of an Enum, or a combination of Flags."""
    unit.enums.setdefault(type_.name, type_)
    named = {number: name for name, number in reversed(type_.members)}
    if value in named:
        return primary(unit.names.enumerator(type_, named[value]))
    bits = [name for name, number in type_.members if number and number & value == number and number.bit_count() == 1]
    if type_.flags and value and sum(dict(type_.members)[each] for each in bits) == value:
        return CExpr(" | ".join(unit.names.enumerator(type_, each) for each in bits), Binds.BIT_OR)
    return number(value, type_.base)


def quoted(raw: bytes) -> str:
    """A string literal."""
    named = {0x0A: "\\n", 0x09: "\\t", 0x0D: "\\r", 0x22: '\\"', 0x5C: "\\\\"}
    parts = [named.get(each) or (chr(each) if 0x20 <= each < 0x7F else f"\\{each:03o}") for each in raw]
    # "??x" would be a trigraph to a compiler that knows them.
    return '"' + "".join(parts).replace("??", "?\\?") + '"'


def initializer(unit: Unit, type_: Type, value: object) -> str:
    """The initial value of a static variable, as a C initializer."""
    if isinstance(type_, StructType):
        given = [
            f".{each.name} = {initializer(unit, each.type, inner)}"
            for each, inner in _fields(type_, value)
            if not is_zero(each.type, inner)
        ]
        return _braced(given)
    if isinstance(type_, Array):
        assert isinstance(value, Iterable), "an Array's value is a list"
        values = list(value)
        while len(values) > 1 and is_zero(type_.element, values[-1]):
            values.pop()
        return _braced([initializer(unit, type_.element, each) for each in values])
    if isinstance(type_, Chars):
        return quoted(type_.to_raw(value))
    if isinstance(type_, Bool):
        return "true" if value else "false"
    if isinstance(type_, Address):
        return address_bytes(unit, type_, type_.to_raw(value))
    if isinstance(type_, EnumType):
        return enumerators(unit, type_, int(value)).text  # type: ignore[call-overload]  # an Enum's value is an int
    assert isinstance(type_, Integer), f"a number of type {type_}"
    return number(int(value), type_).text  # type: ignore[call-overload]  # an Integer's value is an int


def is_zero(type_: Type, value: object) -> bool:
    """Whether all bytes of a value are zero, so that C needs no initializer."""
    if isinstance(type_, StructType):
        return all(is_zero(each.type, inner) for each, inner in _fields(type_, value))
    if isinstance(type_, Array):
        assert isinstance(value, Iterable), "an Array's value is a list"
        return all(is_zero(type_.element, each) for each in value)
    return not any(type_.to_raw(value)) if isinstance(type_, Address) else not value


def _fields(type_: StructType, value: object) -> list[tuple[Field, object]]:
    return [(each, getattr(value, each.name)) for each in type_.fields]


def _braced(parts: list[str]) -> str:
    return f"{{ {', '.join(parts)} }}" if parts else "{ }"
