"""Structs and enums in C, with their padding as fields, and the assertions that hold them to the spec."""

from __future__ import annotations

from landbridge.compiler.emit_c.code import Braces, Node, Text
from landbridge.compiler.emit_c.ctype import declare
from landbridge.compiler.emit_c.names import Names
from landbridge.types import EnumType, StructType


def struct(names: Names, tag: str, type_: StructType, *, uapi: bool) -> Node:
    """The declaration of a struct.

    Args:
        names: Names of the interface.
        tag: ``struct imp2_seen``.
        type_: Its layout.
        uapi: Whether user space reads it too.
    """
    members = [(each.offset, declare(names, each.type, each.name, uapi=uapi)) for each in type_.fields]
    byte = "__u8" if uapi else "u8"
    members += [(offset, f"{byte} __pad{i}[{size}]") for i, (offset, size) in enumerate(type_.padding)]
    return Braces(tag, [Text(f"{each};") for _, each in sorted(members)], ";")


def enum(names: Names, type_: EnumType) -> Node:
    """The declaration of an Enum or Flags."""
    members: list[Node] = [
        Text(f"{names.enumerator(type_, name)} = {_number(value, type_)},") for name, value in type_.members
    ]
    return Braces(names.enum(type_), members, ";")


def assertions(tag: str, type_: StructType) -> list[Node]:
    """That the compiler lays the struct out as the user end does."""
    made: list[Node] = [Text(f"static_assert(sizeof({tag}) == {type_.size});")]
    made += [
        Text(f"static_assert(offsetof({tag}, {each.name}) == {each.offset});") for each in type_.fields if each.offset
    ]
    return made


def _number(value: int, type_: EnumType) -> str:
    return f"0x{value:x}" if type_.flags and value > 9 else str(value)


def mask(names: Names, type_: EnumType) -> str:
    """All bits that a Flags class names."""
    single = [name for name, value in type_.members if value.bit_count() == 1]
    return (
        f"({' | '.join(names.enumerator(type_, each) for each in single)})" if len(single) > 1 else f"0x{type_.mask:x}"
    )
