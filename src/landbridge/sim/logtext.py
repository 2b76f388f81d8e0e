"""The kernel log: its lines, and how the kernel's printf writes values."""

from __future__ import annotations

import functools
import ipaddress
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from landbridge.sim.values import carrier
from landbridge.types import Address, Chars, EnumType, Integer, Type

_CONVERSION = re.compile(r"%(?:%|([-+ #0]*)(\d*)(?:\.(\d+))?([a-zA-Z]))")
# What string_escape_mem writes for ESCAPE_SPACE and ESCAPE_SPECIAL; printable bytes stay as they are.
_ESCAPES = {0x0A: "\\n", 0x0D: "\\r", 0x09: "\\t", 0x0B: "\\v", 0x0C: "\\f", 0x1B: "\\e", 0x07: "\\a", 0x00: "\\0"}


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of the kernel log.

    Attributes:
        level: ``emerg``, ``alert``, ``crit``, ``err``, ``warn``, ``notice``, ``info`` or ``debug``.
        text: The line, with the module's name in front as the kernel shows it.
        time_ns: Nanoseconds since boot.
    """

    level: str
    text: str
    time_ns: int

    def __str__(self) -> str:
        return f"[{self.time_ns // 10**9:5d}.{self.time_ns // 1000 % 10**6:06d}] {self.text}"


@functools.cache
def formatter(format_: str, types: tuple[Type, ...]) -> Callable[[Sequence[Any]], str]:
    """A function that writes values of these types into a format."""
    pieces: list[str] = []
    writers: list[Callable[[Any], str]] = []
    position, rest = 0, iter(types)
    for match in _CONVERSION.finditer(format_):
        pieces.append(format_[position : match.start()])
        position = match.end()
        if match.group() == "%%":
            pieces[-1] += "%"
            writers.append(lambda _: "")
            continue
        writers.append(_writer(match, next(rest)))
    pieces.append(format_[position:])
    taken = [i for i, match in enumerate(_CONVERSION.finditer(format_)) if match.group() != "%%"]

    def write(values: Sequence[Any]) -> str:
        texts = [""] * len(writers)
        for i, value in zip(taken, values, strict=True):
            texts[i] = writers[i](value)
        return "".join(a + b for a, b in zip(pieces, [*texts, ""], strict=True))

    return write


def _writer(match: re.Match[str], type_: Type) -> Callable[[Any], str]:
    flags, width, _, letter = match.groups()
    if letter in "sr":
        if isinstance(type_, Chars):
            return functools.partial(_text, "-" in flags, int(width or 0))
        if isinstance(type_, Address):
            return _address if type_.name != "mac" else lambda value: bytes(value).hex(":")
        return lambda value: f"%{flags}{width}s" % (value,)
    pattern = f"%{flags}{width}{'d' if letter in 'iu' else letter}"
    number = carrier(type_) if isinstance(type_, (Integer, EnumType)) else None
    if letter not in "di" and number is not None and number.signed:
        # C writes a negative number in these as its bits.
        mask = (1 << max(32, number.bits)) - 1
        return lambda value: pattern % (value & mask)
    if isinstance(type_, Address):
        return lambda value: pattern % int.from_bytes(value, "big")
    return lambda value: pattern % value


def _text(left: bool, width: int, value: bytes) -> str:
    text = escape(value)
    # The kernel end fills the column by the length of the text as it is, not as it is written.
    fill = " " * max(width - len(value.removesuffix(b"\n")), 0)
    return text + fill if left else fill + text


def _address(value: bytes) -> str:
    address = ipaddress.ip_address(value)
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return f"::ffff:{address.ipv4_mapped}"
    return str(address)


def escape(text: bytes) -> str:
    """Text from users as the kernel's ``%*pE`` writes it; one newline at its end is left out."""
    text = text.removesuffix(b"\n")
    # The kernel's isprint() holds for Latin-1 too (lib/ctype.c).
    written = [
        bytes([byte]) if 0x20 <= byte < 0x7F or byte >= 0xA0 else _ESCAPES.get(byte, f"\\{byte:03o}").encode()
        for byte in text
    ]
    return b"".join(written).decode("utf-8", "replace")
