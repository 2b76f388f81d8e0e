"""Values inside the simulation, and the bytes they are when they cross.

Inside, every value has the plainest form that Python can calculate with:

- integers, enums: int (be types hold the number, not its swapped bytes); bool: bool;
- Chars: the bytes before the NUL; addresses: their bytes;
- structs and arrays: a list, so that a field and an element are both a subscript.
"""

from __future__ import annotations

import functools
import struct
from collections.abc import Callable
from typing import Any

from landbridge.types import Address, Array, Bool, Chars, EnumType, Integer, StructType, Type

Decoder = Callable[[bytes, int], Any]
Encoder = Callable[[Any, bytearray, int], None]


class RefusedBytes(ValueError):
    """Bytes that the kernel end answers with EINVAL: text without a NUL, a bool of 2, an unknown enum value."""


def is_aggregate(type_: Type) -> bool:
    """Whether values are lists, which an assignment has to copy."""
    return isinstance(type_, (StructType, Array))


def carrier(type_: Type) -> Integer:
    """The integer that an integer or enum type is calculated as."""
    if isinstance(type_, EnumType):
        return type_.base
    if isinstance(type_, Integer):
        return type_
    raise TypeError(f"{type_.name} is not an integer")


def zero(type_: Type) -> Any:
    """The value whose bytes are all zero."""
    if isinstance(type_, StructType):
        return [zero(each.type) for each in type_.fields]
    if isinstance(type_, Array):
        return [zero(type_.element) for _ in range(type_.length)]
    if isinstance(type_, Bool):
        return False
    if isinstance(type_, Chars):
        return b""
    if isinstance(type_, Address):
        return bytes(type_.size)
    if isinstance(type_, (Integer, EnumType)):
        return 0
    return None  # a kernel object: none yet


@functools.cache
def decoder(type_: Type) -> Decoder:
    """A function from bytes and an offset to the value; it raises RefusedBytes as the kernel end would refuse."""
    if isinstance(type_, StructType):
        parts = [(each.offset, decoder(each.type)) for each in type_.fields]
        return lambda raw, at: [decode(raw, at + offset) for offset, decode in parts]
    if isinstance(type_, Array):
        element, size, length = decoder(type_.element), type_.element.size, type_.length
        return lambda raw, at: [element(raw, at + i * size) for i in range(length)]
    if isinstance(type_, Integer):
        packer = struct.Struct((">" if type_.big_endian else "=") + type_.code)
        return lambda raw, at: packer.unpack_from(raw, at)[0]
    if isinstance(type_, Bool):
        return _decode_bool
    if isinstance(type_, EnumType):
        return functools.partial(_decode_enum, type_, decoder(type_.base))
    if isinstance(type_, Chars):
        return functools.partial(_decode_chars, type_.length)
    size = type_.size
    return lambda raw, at: bytes(raw[at : at + size])


def _decode_bool(raw: bytes, at: int) -> bool:
    if raw[at] > 1:
        raise RefusedBytes(f"a bool of {raw[at]}")
    return raw[at] == 1


def _decode_enum(type_: EnumType, base: Decoder, raw: bytes, at: int) -> int:
    number: int = base(raw, at)
    if not type_.accepts(number):
        raise RefusedBytes(f"{number} is not of {type_.name}")
    return number


def _decode_chars(length: int, raw: bytes, at: int) -> bytes:
    text, nul, _ = bytes(raw[at : at + length]).partition(b"\0")
    if not nul:
        raise RefusedBytes("text without a NUL")
    return text


@functools.cache
def encoder(type_: Type) -> Encoder:
    """A function that stores a value into a zeroed buffer at an offset."""
    if isinstance(type_, StructType):
        parts = [(each.offset, encoder(each.type)) for each in type_.fields]

        def store_struct(value: Any, into: bytearray, at: int) -> None:
            for (offset, store), each in zip(parts, value, strict=True):
                store(each, into, at + offset)

        return store_struct
    if isinstance(type_, Array):
        element, size = encoder(type_.element), type_.element.size

        def store_array(value: Any, into: bytearray, at: int) -> None:
            for i, each in enumerate(value):
                element(each, into, at + i * size)

        return store_array
    if isinstance(type_, (Integer, EnumType)):
        base = carrier(type_)
        packer = struct.Struct((">" if base.big_endian else "=") + base.code)
        return lambda value, into, at: packer.pack_into(into, at, value)
    if isinstance(type_, Bool):
        return lambda value, into, at: into.__setitem__(at, 1 if value else 0)
    return lambda value, into, at: into.__setitem__(slice(at, at + len(value)), value)


def encode(type_: Type, value: Any) -> bytes:
    """The bytes of a value, padding zero."""
    into = bytearray(type_.size)
    encoder(type_)(value, into, 0)
    return bytes(into)


def decode(type_: Type, raw: bytes) -> Any:
    """The value of bytes.

    Raises:
        RefusedBytes: The kernel end would answer EINVAL.
    """
    return decoder(type_)(raw, 0)


def from_user(type_: Type, value: Any) -> Any:
    """The inside form of a value as users write it, such as a default."""
    if isinstance(type_, StructType):
        values = [getattr(value, each.name) for each in type_.fields] if type_.value_class is not None else value
        return [from_user(field.type, each) for field, each in zip(type_.fields, values, strict=True)]
    if isinstance(type_, Array):
        return [from_user(type_.element, each) for each in value]
    if isinstance(type_, (Integer, EnumType)):
        return int(value)
    if isinstance(type_, Bool):
        return bool(value)
    return type_.to_raw(value)


def to_user(type_: Type, value: Any) -> Any:
    """A value as users see it."""
    if isinstance(type_, StructType):
        values = [to_user(field.type, each) for field, each in zip(type_.fields, value, strict=True)]
        return type_.value_class(*values) if type_.value_class is not None else tuple(values)
    if isinstance(type_, Array):
        return [to_user(type_.element, each) for each in value]
    if isinstance(type_, EnumType):
        return type_.from_raw(value)
    if isinstance(type_, (Integer, Bool)):
        return value
    return type_.from_raw(value)


def copier(type_: Type) -> Callable[[Any], Any]:
    """A function that copies a value of an aggregate type."""
    if isinstance(type_, Array):
        if not is_aggregate(type_.element):
            return list.copy
        element = copier(type_.element)
        return lambda value: [element(each) for each in value]
    if not isinstance(type_, StructType):
        raise TypeError(f"{type_.name} needs no copy")
    deep = [(i, copier(each.type)) for i, each in enumerate(type_.fields) if is_aggregate(each.type)]
    if not deep:
        return list.copy

    def copy(value: Any) -> Any:
        made = value.copy()
        for i, inner in deep:
            made[i] = inner(made[i])
        return made

    return copy


def freeze(value: Any) -> Any:
    """A key of a Map in a form that a dict can have."""
    return tuple(freeze(each) for each in value) if isinstance(value, list) else value


def thaw(value: Any) -> Any:
    """The key that was frozen."""
    return [thaw(each) for each in value] if isinstance(value, tuple) else value
