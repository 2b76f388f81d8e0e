"""A writer of netlink attributes. No I/O."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from landbridge.errors import EncodeError
from landbridge.netlink.attributes import (
    ATTRIBUTE,
    ATTRIBUTE_SIZE,
    MAX_VALUE,
    S8,
    S16,
    S32,
    S64,
    U8,
    U16,
    U32,
    U64,
)
from landbridge.netlink.constants import NLA_F_NESTED, NLA_TYPE_MASK
from landbridge.netlink.wire import Buffer

_PAD: Final = (b"", b"\0\0\0", b"\0\0", b"\0")


class AttributeWriter:
    """Builds attributes, nests included, into one buffer.

    Each method takes the attribute's name for errors; without one the type number stands in.

    Attributes:
        buffer: What has been written, possibly after a family header that the caller put there.
    """

    __slots__ = ("_nests", "buffer")

    def __init__(self, header: Buffer = b"") -> None:
        """Start a buffer.

        Args:
            header: The family header that comes before the attributes.
        """
        self.buffer = bytearray(header)
        self._nests: list[tuple[int, str]] = []

    def _path(self, kind: int, name: str) -> str:
        return ".".join([each for _, each in self._nests] + [name or str(kind)])

    def put(self, kind: int, value: Buffer, name: str = "") -> None:
        """Add an attribute with the bytes given.

        Raises:
            EncodeError: The value has more than 65,531 bytes, or the type is not in 0..16,383.
        """
        size = len(value)
        if size > MAX_VALUE:
            raise EncodeError(
                f"the value has {size} bytes, an attribute holds {MAX_VALUE}",
                path=self._path(kind, name),
                hint="split it over several attributes or messages",
            )
        self._check_type(kind, name)
        self.buffer += ATTRIBUTE.pack(size + ATTRIBUTE_SIZE, kind)
        self.buffer += value
        self.buffer += _PAD[size & 3]

    def _check_type(self, kind: int, name: str) -> None:
        # The two upper bits of the type are flags; only nest() and the byte-order flag may set them.
        if not 0 <= kind <= 0xFFFF or kind & NLA_F_NESTED:
            raise EncodeError(f"attribute type {kind} is not in 0..{NLA_TYPE_MASK}", path=self._path(kind, name))

    def _scalar(self, layout: struct.Struct, kind: int, value: int, name: str) -> None:
        try:
            packed = layout.pack(value)
        except struct.error as error:
            bits = 8 * layout.size
            signed = layout.format.endswith(("b", "h", "i", "q"))
            low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
            raise EncodeError(f"{value!r} is not an integer in {low}..{high}", path=self._path(kind, name)) from error
        self.put(kind, packed, name)

    def u8(self, kind: int, value: int, name: str = "") -> None:
        """Add a u8; EncodeError if the value is not in its range."""
        self._scalar(U8, kind, value, name)

    def u16(self, kind: int, value: int, name: str = "") -> None:
        """Add a u16; EncodeError if the value is not in its range."""
        self._scalar(U16, kind, value, name)

    def u32(self, kind: int, value: int, name: str = "") -> None:
        """Add a u32; EncodeError if the value is not in its range."""
        self._scalar(U32, kind, value, name)

    def u64(self, kind: int, value: int, name: str = "") -> None:
        """Add a u64; EncodeError if the value is not in its range."""
        self._scalar(U64, kind, value, name)

    def s8(self, kind: int, value: int, name: str = "") -> None:
        """Add an s8; EncodeError if the value is not in its range."""
        self._scalar(S8, kind, value, name)

    def s16(self, kind: int, value: int, name: str = "") -> None:
        """Add an s16; EncodeError if the value is not in its range."""
        self._scalar(S16, kind, value, name)

    def s32(self, kind: int, value: int, name: str = "") -> None:
        """Add an s32; EncodeError if the value is not in its range."""
        self._scalar(S32, kind, value, name)

    def s64(self, kind: int, value: int, name: str = "") -> None:
        """Add an s64; EncodeError if the value is not in its range."""
        self._scalar(S64, kind, value, name)

    def flag(self, kind: int, name: str = "") -> None:
        """Add an attribute without a value."""
        self.put(kind, b"", name)

    def string(self, kind: int, text: str, name: str = "") -> None:
        """Add a string and the NUL that ends it.

        Raises:
            EncodeError: There is a NUL in the text, or it is too long.
        """
        try:
            raw = text.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError as error:
            raise EncodeError(f"{text!r} is not text: {error.reason}", path=self._path(kind, name)) from error
        if b"\0" in raw:
            raise EncodeError("a NUL inside a string", path=self._path(kind, name))
        self.put(kind, raw + b"\0", name)

    def begin(self, kind: int, name: str = "") -> None:
        """Open a nest; what is added until :meth:`end` lies in it."""
        self._check_type(kind, name)
        self._nests.append((len(self.buffer), name or str(kind)))
        self.buffer += ATTRIBUTE.pack(0, kind | NLA_F_NESTED)

    def end(self) -> None:
        """Close the innermost nest.

        Raises:
            EncodeError: Its value has more than 65,531 bytes, or no nest is open.
        """
        if not self._nests:
            raise EncodeError("end() without begin()")
        start, _ = self._nests[-1]
        size = len(self.buffer) - start
        if size > 0xFFFF:
            raise EncodeError(
                f"the nest has {size - ATTRIBUTE_SIZE} bytes, an attribute holds {MAX_VALUE}",
                path=".".join(each for _, each in self._nests),
                hint="split it over several attributes or messages",
            )
        self._nests.pop()
        struct.pack_into("=H", self.buffer, start, size)

    @contextmanager
    def nest(self, kind: int, name: str = "") -> Iterator[None]:
        """Open a nest for the length of a ``with`` block."""
        self.begin(kind, name)
        yield
        self.end()

    def __bytes__(self) -> bytes:
        """What has been written.

        Raises:
            EncodeError: A nest is still open.
        """
        if self._nests:
            raise EncodeError("the nest was not closed", path=".".join(each for _, each in self._nests))
        return bytes(self.buffer)
