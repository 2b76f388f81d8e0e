"""Checks of what users send, before any handler sees it."""

from __future__ import annotations

from landbridge.compiler.emit_c.code import Blank, Braces, Node, Text, block
from landbridge.compiler.emit_c.ctype import pointer_to
from landbridge.compiler.emit_c.structs import mask
from landbridge.compiler.emit_c.unit import Unit
from landbridge.types import Array, Bool, Chars, EnumType, StructType, Type, snake_case


def bad(unit: Unit, type_: Type, place: str) -> str | None:
    """A condition that is true of a value that no user end would send, or None where all bytes are fine.

    Args:
        unit: The file.
        type_: Type of the value.
        place: The value in C.
    """
    if isinstance(type_, Chars):
        unit.include(["linux/string.h"])
        return f"strnlen({place}, sizeof({place})) == sizeof({place})"
    if isinstance(type_, Bool):
        return f"{place} > 1"
    if isinstance(type_, EnumType) and type_.flags:
        return f"{place} & ~{mask(unit.names, type_)}"
    function = _function(unit, type_)
    return f"!{_call(function, type_, place)}" if function else None


def good(unit: Unit, type_: Type, place: str) -> str | None:
    """The opposite of :func:`bad`."""
    if isinstance(type_, Chars):
        unit.include(["linux/string.h"])
        return f"strnlen({place}, sizeof({place})) < sizeof({place})"
    if isinstance(type_, Bool):
        return f"{place} <= 1"
    if isinstance(type_, EnumType) and type_.flags:
        return f"!({place} & ~{mask(unit.names, type_)})"
    function = _function(unit, type_)
    return _call(function, type_, place) if function else None


def _call(function: str, type_: Type, place: str) -> str:
    return f"{function}({'&' if isinstance(type_, StructType) else ''}{place})"


def _function(unit: Unit, type_: Type) -> str | None:
    """Name of a function that is true of good values, None where all are good."""
    if isinstance(type_, EnumType):
        return _enum(unit, type_)
    if isinstance(type_, StructType) and any(good(unit, each.type, "x") for each in type_.fields):
        return _struct(unit, type_)
    if isinstance(type_, Array) and good(unit, type_.element, "x"):
        return _array(unit, type_)
    return None


def _enum(unit: Unit, type_: EnumType) -> str:
    name = unit.names.symbol(f"{snake_case(type_.name)}_is_known")
    cases: list[Node] = []
    seen: set[int] = set()
    for member, value in type_.members:
        if value not in seen:
            cases.append(Text(f"case {unit.names.enumerator(type_, member)}:", outdent=1))
        seen.add(value)
    cases += [Text("return true;"), Text("default:", outdent=1), Text("return false;")]
    body: list[Node] = [Braces("switch (value)", cases)]
    unit.helpers[name] = [Braces(f"static bool {name}({type_.base.name} value)", body, is_function=True)]
    return name


def _struct(unit: Unit, type_: StructType) -> str:
    name = unit.names.symbol(f"{snake_case(type_.name)}_is_valid")
    if name not in unit.helpers:
        conditions = [good(unit, each.type, f"value->{each.name}") for each in type_.fields]
        body: list[Node] = [Text(f"return {' && '.join(each for each in conditions if each)};")]
        head = f"static bool {name}(const {unit.names.struct(type_)} *value)"
        unit.helpers[name] = [Braces(head, body, is_function=True)]
    return name


def _array(unit: Unit, type_: Array) -> str:
    name = unit.names.symbol("valid_" + "".join(c if c.isalnum() else "_" for c in snake_case(type_.name)))
    if name not in unit.helpers:
        condition = bad(unit, type_.element, "value[i]")
        body: list[Node] = [
            Text("int i;"),
            Blank(),
            block(f"for (i = 0; i < {type_.length}; i++)", [block(f"if ({condition})", [Text("return false;")])]),
            Text("return true;"),
        ]
        head = f"static bool {name}(const {pointer_to(unit.names, type_, 'value')})"
        unit.helpers[name] = [Braces(head, body, is_function=True)]
    return name


def checks(unit: Unit, struct: StructType, pointer: str) -> list[Node]:
    """Statements that refuse a bad request or Param with EINVAL."""
    conditions = [bad(unit, each.type, f"{pointer}->{each.name}") for each in struct.fields]
    if any(conditions):
        unit.include(["linux/errno.h"])
    return [block(f"if ({each})", [Text("return -EINVAL;")]) for each in conditions if each]
