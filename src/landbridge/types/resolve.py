"""From what a user writes as a type to the Type."""

from __future__ import annotations

import typing
from typing import Any

from landbridge.types.base import Type
from landbridge.types.integer import boolean

_WRITTEN = (
    "u8 to u64, s8 to s64, be16 to be64, bool, ipv4, ipv6, mac, Chars(n), Array(type, n), "
    "an Enum, Flags or Struct class"
)


def type_of(written: Any) -> Type:
    """Give the Type that an annotation or argument means.

    Args:
        written: A Type, ``bool``, a Struct, Enum or Flags class, or ``Annotated[..., Type]``.

    Raises:
        TypeError: It has no fixed size; the message says what has.
    """
    if isinstance(written, Type):
        return written
    if written is bool:
        return boolean
    layout = getattr(written, "__lb_type__", None)
    if isinstance(written, type) and callable(layout):
        return typing.cast(Type, layout())
    if typing.get_origin(written) is typing.Annotated:
        for extra in typing.get_args(written)[1:]:
            if isinstance(extra, Type):
                return extra
    name = getattr(written, "__name__", None) or repr(written)
    advice = {
        "int": "say how wide: u8 to u64 or s8 to s64",
        "str": "say how long: Annotated[str, lb.Chars(64)]",
        "bytes": "say how long: Annotated[list[int], lb.Array(lb.u8, 64)]",
        "float": "the kernel has no floating point; use a scaled integer",
        "list": "say of what and how many: Annotated[list[int], lb.Array(lb.u32, 4)]",
    }.get(name, f"use one of: {_WRITTEN}")
    raise TypeError(f"{name} has no fixed size; {advice}")
