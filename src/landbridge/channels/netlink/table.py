"""A table: iterating it reads all rows in one pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from landbridge.channels.netlink.codec import Decoder
from landbridge.netlink.wire import walk


class NetlinkTable:
    """Rows of a table. Each iteration is a dump of its own, whole and consistent.

    Raises:
        DumpInterrupted: The table changed under each of several dumps.
        KernelError, GoneError, ChannelTimeout, DecodeError, ClosedError: As for commands.
    """

    def __init__(self, dump: Callable[[], list[bytes]], decode: Decoder, header_size: int) -> None:
        self._dump = dump
        self._decode = decode
        self._skip = header_size

    def __iter__(self) -> Iterator[Any]:
        return self._rows(self._dump())

    def _rows(self, parts: list[bytes]) -> Iterator[Any]:
        decode, skip = self._decode, self._skip
        for part in parts:
            for message in walk(part):
                yield decode(part, message.start + skip, message.end)
