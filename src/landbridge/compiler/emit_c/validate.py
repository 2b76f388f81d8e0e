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
    if isinstance(type_, EnumType):
        return _enum(unit, type_, place)
    if isinstance(type_, StructType) and any(bad(unit, each.type, "x") for each in type_.fields):
        return f"!{_struct(unit, type_)}(&{place})"
    if isinstance(type_, Array) and bad(unit, type_.element, "x"):
        return f"!{_array(unit, type_)}({place})"
    return None


def _enum(unit: Unit, type_: EnumType, place: str) -> str:
    if type_.flags:
        return f"{place} & ~{mask(unit.names, type_)}"
    name = unit.names.symbol(f"{snake_case(type_.name)}_is_known")
    cases: list[Node] = []
    seen: set[int] = set()
    for member, value in type_.members:
        if value not in seen:
            cases.append(Text(f"case {unit.names.enumerator(type_, member)}:", outdent=1))
        seen.add(value)
    cases += [Text("return true;"), Text("default:", outdent=1), Text("return false;")]
    number = type_.base.name
    body: list[Node] = [Braces("switch (value)", cases)]
    unit.helpers[name] = [Braces(f"static bool {name}({number} value)", body, is_function=True)]
    return f"!{name}({place})"


def _struct(unit: Unit, type_: StructType) -> str:
    name = unit.names.symbol(f"{snake_case(type_.name)}_is_valid")
    if name not in unit.helpers:
        conditions = [bad(unit, each.type, f"value->{each.name}") for each in type_.fields]
        body: list[Node] = [block(f"if ({each})", [Text("return false;")]) for each in conditions if each]
        body.append(Text("return true;"))
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
    return [block(f"if ({each})", [Text("return -EINVAL;")]) for each in conditions if each]
