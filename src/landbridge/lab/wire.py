"""Frames between this machine and the guest's agent; the other end is agent/agent.h.

A frame is a header (payload length, kind, id; little-endian) and its payload. The id is that of a
job, or that of a guest process's connection to the host.
"""

from __future__ import annotations

import enum
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

HEADER = struct.Struct("<IHH")
MAX_PAYLOAD = 1 << 20
_START = struct.Struct("<IIIIIHH")
_TTY, _STDIN = 1, 2


class Kind(enum.IntEnum):
    """What a frame says."""

    START = 1
    STDIN = 2
    SIGNAL = 3
    RESIZE = 4
    REPLY = 5
    HANGUP = 6
    CLOCK = 7
    HELLO = 64
    STDOUT = 65
    STDERR = 66
    EXIT = 67
    TAKEN = 68
    KMSG = 69
    REQUEST = 70
    CLOSED = 71


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame."""

    kind: Kind
    id: int
    payload: bytes


class FrameReader:
    """Cut a byte stream into frames."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Add bytes as they come; yield each frame that is now complete.

        Raises:
            ValueError: The bytes cannot be frames.
        """
        self._buffer += data
        start = 0
        while len(self._buffer) - start >= HEADER.size:
            length, kind, number = HEADER.unpack_from(self._buffer, start)
            if length > MAX_PAYLOAD:
                raise ValueError(f"frame of {length} bytes; the most is {MAX_PAYLOAD}")
            end = start + HEADER.size + length
            if len(self._buffer) < end:
                break
            yield Frame(Kind(kind), number, bytes(self._buffer[start + HEADER.size : end]))
            start = end
        del self._buffer[:start]


def pack(kind: Kind, number: int, payload: bytes = b"") -> bytes:
    """The bytes of a frame."""
    return HEADER.pack(len(payload), kind, number) + payload


def pack_start(
    argv: Sequence[str],
    environment: Mapping[str, str],
    *,
    cwd: str,
    uid: int = 0,
    gid: int = 0,
    stdin: bool = False,
    terminal: tuple[int, int] | None = None,
) -> bytes:
    """The payload of START.

    Args:
        argv: The command; at least its name.
        environment: All of its environment.
        cwd: Where it starts.
        uid: User to run it as.
        gid: Group to run it as.
        stdin: Whether STDIN frames will follow; else it reads nothing.
        terminal: Rows and columns, for a command that gets a terminal.
    """
    rows, columns = terminal or (0, 0)
    flags = (_TTY if terminal else 0) | (_STDIN if stdin else 0)
    strings = [cwd, *argv, *(f"{name}={value}" for name, value in environment.items())]
    text = b"".join(each.encode(errors="surrogateescape") + b"\0" for each in strings)
    return _START.pack(flags, uid, gid, len(argv), len(environment), rows, columns) + text
