"""The slow way to read attributes: in any order, with an error that names what is wrong."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from typing import Any

from landbridge.channels.netlink.sets import Attribute
from landbridge.errors import DecodeError
from landbridge.netlink import attributes as wire
from landbridge.netlink.wire import Buffer
from landbridge.types import Chars, StructType


class SlowDecoder:
    """Reads the attributes of one kind of message.

    Args:
        attributes: All that it has.
        make: Makes the result of the values; None: the result is the one value there is.
        path: What is decoded, for errors.
    """

    def __init__(self, attributes: Sequence[Attribute], make: Callable[..., Any] | None, path: str) -> None:
        self._attributes = attributes
        self._make = make
        self._path = path

    def decode(self, buffer: Buffer, start: int, end: int) -> Any:
        """Read part of a buffer.

        Raises:
            DecodeError: An attribute is malformed, missing, or of another size.
        """
        values = _values(buffer, start, end, self._attributes, self._path)
        return self._make(*values) if self._make is not None else values[0]


def _values(buffer: Buffer, start: int, end: int, attributes: Sequence[Attribute], path: str) -> list[Any]:
    found = wire.parse(buffer, start, end, path)
    values = []
    for each in attributes:
        inside = wire.join(path, each.name)
        where = found.get(each.number)
        if where is None:
            raise DecodeError("the attribute is missing", path=inside, offset=start)
        values.append(_value(buffer, where, each, inside))
    return values


def _value(buffer: Buffer, where: wire.Attribute, attribute: Attribute, path: str) -> Any:
    type_ = attribute.type
    if attribute.nest is not None:
        assert isinstance(type_, StructType)
        inner = _values(buffer, where.start, where.end, attribute.nest.reply, path)
        return tuple(inner) if type_.value_class is None else type_.value_class(*inner)
    raw = bytes(buffer[where.start : where.end])
    if isinstance(type_, Chars):
        if not raw.endswith(b"\0") or len(raw) > type_.length:
            raise DecodeError(f"no text of {type_}", path=path, offset=where.start)
        return type_.from_raw(raw)
    if len(raw) != type_.size:
        raise DecodeError(f"the value has {len(raw)} bytes, {type_} has {type_.size}", path=path, offset=where.start)
    return type_.from_raw(struct.unpack(f"={type_.code}", raw)[0])
