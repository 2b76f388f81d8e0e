"""Netlink messages as bytes: a strict walker and a builder. No I/O.

A datagram holds one message or several, each with a 16-byte header (``struct nlmsghdr``) and
padded to four bytes. Whatever the bytes are, walking them ends in messages or in one DecodeError.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final, NamedTuple, TypeAlias

from landbridge.errors import DecodeError

Buffer: TypeAlias = bytes | bytearray | memoryview

HEADER: Final = struct.Struct("=IHHII")
HEADER_SIZE: Final = HEADER.size


class Message(NamedTuple):
    """One netlink message.

    Attributes:
        type: ``nlmsg_type``.
        flags: ``nlmsg_flags``.
        sequence: ``nlmsg_seq``: the number of the request that it answers; 0 in most notifications.
        port: ``nlmsg_pid``, as its sender wrote it. It proves nothing about the sender.
        payload: All after the header, a copy of its own.
    """

    type: int
    flags: int
    sequence: int
    port: int
    payload: bytes


class Extent(NamedTuple):
    """Where one message lies in a datagram.

    Attributes:
        type: ``nlmsg_type``.
        flags: ``nlmsg_flags``.
        sequence: ``nlmsg_seq``.
        port: ``nlmsg_pid``.
        start: Offset of the payload.
        end: Offset after the last byte of the payload.
    """

    type: int
    flags: int
    sequence: int
    port: int
    start: int
    end: int


def walk(datagram: Buffer, size: int | None = None) -> Iterator[Extent]:
    """Walk the messages of a datagram.

    Args:
        datagram: The bytes as received.
        size: How many of them count, for a buffer that is used again and again; default all.

    Yields:
        Where each message lies, in order.

    Raises:
        DecodeError: A header is cut, or a message claims less than a header or more than there is.

    Kernel: include/net/netlink.h:nlmsg_ok, nlmsg_next.
    """
    unpack = HEADER.unpack_from
    end = len(datagram) if size is None else size
    offset = 0
    while offset < end:
        left = end - offset
        if left < HEADER_SIZE:
            raise DecodeError(f"{left} bytes are left, a message header has {HEADER_SIZE}", offset=offset)
        length, kind, flags, sequence, port = unpack(datagram, offset)
        if length < HEADER_SIZE:
            raise DecodeError(f"nlmsg_len is {length}, the header alone has {HEADER_SIZE}", offset=offset)
        if length > left:
            raise DecodeError(f"nlmsg_len is {length}, but {left} bytes are left", offset=offset)
        yield Extent(kind, flags, sequence, port, offset + HEADER_SIZE, offset + length)
        offset += (length + 3) & ~3


def messages(datagram: Buffer, size: int | None = None) -> Iterator[Message]:
    """Walk the messages of a datagram and copy each out.

    Args:
        datagram: The bytes as received.
        size: How many of them count; default all.

    Yields:
        The messages, in order; they stay valid when the buffer is used again.

    Raises:
        DecodeError: As :func:`walk`.
    """
    for kind, flags, sequence, port, start, end in walk(datagram, size):
        yield Message(kind, flags, sequence, port, bytes(datagram[start:end]))


def build(kind: int, flags: int, sequence: int, payload: Buffer = b"") -> bytes:
    """Build one message; the only place where ``nlmsg_len`` is set.

    Args:
        kind: ``nlmsg_type``.
        flags: ``nlmsg_flags``.
        sequence: ``nlmsg_seq``.
        payload: Family header and attributes.

    Returns:
        Header and payload. ``nlmsg_pid`` is 0: the kernel takes the sender from the socket.
    """
    return HEADER.pack(HEADER_SIZE + len(payload), kind, flags, sequence, 0) + payload
