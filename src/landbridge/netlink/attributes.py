"""Netlink attributes as bytes: a strict walker and readers of single values. No I/O.

An attribute is four bytes of header (``struct nlattr``: length, type), a value and padding to four
bytes; the value of a nest is attributes again.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

from landbridge.errors import DecodeError
from landbridge.netlink.constants import NLA_TYPE_MASK
from landbridge.netlink.wire import Buffer

ATTRIBUTE: Final = struct.Struct("=HH")
ATTRIBUTE_SIZE: Final = ATTRIBUTE.size
MAX_VALUE: Final = 0xFFFF - ATTRIBUTE_SIZE
"""Largest value of one attribute, in bytes: its length with the header is a u16."""


class Attribute(NamedTuple):
    """Where one attribute lies.

    Attributes:
        type: Its type without the flag bits.
        start: Offset of its value.
        end: Offset after the last byte of its value.
    """

    type: int
    start: int
    end: int


def walk(buffer: Buffer, start: int = 0, end: int | None = None, path: str = "") -> Iterator[Attribute]:
    """Walk the attributes in part of a buffer.

    Args:
        buffer: The bytes.
        start: Offset of the first attribute.
        end: Offset where they end; default the end of the buffer.
        path: Name of what holds them, for errors.

    Yields:
        Where each attribute lies, in order. Types may repeat: arrays are sent so.

    Raises:
        DecodeError: An attribute claims less than its header or more than there is, or bytes are
            left that make no header. ``offset`` counts from the start of the buffer.

    Kernel: include/net/netlink.h:nla_ok, nla_next. Unlike nla_parse without strict checking,
    left-over bytes are an error.
    """
    unpack = ATTRIBUTE.unpack_from
    stop = len(buffer) if end is None else end
    offset = start
    while offset < stop:
        left = stop - offset
        if left < ATTRIBUTE_SIZE:
            raise DecodeError(
                f"{left} bytes are left, an attribute header has {ATTRIBUTE_SIZE}", path=path, offset=offset
            )
        length, kind = unpack(buffer, offset)
        kind &= NLA_TYPE_MASK
        if length < ATTRIBUTE_SIZE:
            raise DecodeError(
                f"nla_len is {length}, the header alone has {ATTRIBUTE_SIZE}", path=join(path, kind), offset=offset
            )
        if length > left:
            raise DecodeError(f"nla_len is {length}, but {left} bytes are left", path=join(path, kind), offset=offset)
        yield Attribute(kind, offset + ATTRIBUTE_SIZE, offset + length)
        offset += (length + 3) & ~3


def parse(buffer: Buffer, start: int = 0, end: int | None = None, path: str = "") -> dict[int, Attribute]:
    """Index the attributes in part of a buffer by type; of a repeated type the last one counts.

    Args:
        buffer: The bytes.
        start: Offset of the first attribute.
        end: Offset where they end; default the end of the buffer.
        path: Name of what holds them, for errors.

    Returns:
        Where each attribute lies, by type.

    Raises:
        DecodeError: As :func:`walk`.

    Kernel: lib/nlattr.c:nla_parse, which lets the last one count too.
    """
    return {attribute.type: attribute for attribute in walk(buffer, start, end, path)}


def join(path: str, name: str | int) -> str:
    """Add a step to an attribute path: ``linkinfo`` and ``kind`` make ``linkinfo.kind``."""
    return f"{path}.{name}" if path else str(name)


def _scalar(layout: struct.Struct, buffer: Buffer, where: Attribute, path: str) -> int:
    size = where.end - where.start
    if size != layout.size:
        raise DecodeError(
            f"the value has {size} bytes, {layout.size} are declared", path=path or str(where.type), offset=where.start
        )
    value: int = layout.unpack_from(buffer, where.start)[0]
    return value


U8, U16, U32, U64 = (struct.Struct("=" + code) for code in "BHIQ")
S8, S16, S32, S64 = (struct.Struct("=" + code) for code in "bhiq")


def read_u8(buffer: Buffer, where: Attribute, path: str = "") -> int:
    """Read a u8; DecodeError if the value does not have 1 byte."""
    return _scalar(U8, buffer, where, path)


def read_u16(buffer: Buffer, where: Attribute, path: str = "") -> int:
    """Read a u16; DecodeError if the value does not have 2 bytes."""
    return _scalar(U16, buffer, where, path)


def read_u32(buffer: Buffer, where: Attribute, path: str = "") -> int:
    """Read a u32; DecodeError if the value does not have 4 bytes."""
    return _scalar(U32, buffer, where, path)


def read_u64(buffer: Buffer, where: Attribute, path: str = "") -> int:
    """Read a u64; DecodeError if the value does not have 8 bytes. It need not be aligned."""
    return _scalar(U64, buffer, where, path)


def read_s32(buffer: Buffer, where: Attribute, path: str = "") -> int:
    """Read an s32; DecodeError if the value does not have 4 bytes."""
    return _scalar(S32, buffer, where, path)


def read_s64(buffer: Buffer, where: Attribute, path: str = "") -> int:
    """Read an s64; DecodeError if the value does not have 8 bytes."""
    return _scalar(S64, buffer, where, path)


def read_bytes(buffer: Buffer, where: Attribute) -> bytes:
    """Copy the value out as it is."""
    return bytes(buffer[where.start : where.end])


def read_string(buffer: Buffer, where: Attribute, path: str = "") -> str:
    """Read a string, with or without the NUL that ends it.

    Bytes that are no UTF-8 come back as surrogates, as file names do (PEP 383).

    Raises:
        DecodeError: There is a NUL before the end.
    """
    raw = bytes(buffer[where.start : where.end]).rstrip(b"\0")
    if b"\0" in raw:
        raise DecodeError("a NUL inside a string", path=path or str(where.type), offset=where.start + raw.index(0))
    return raw.decode("utf-8", "surrogateescape")
