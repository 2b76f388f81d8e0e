"""The kernel log: its lines, and how the kernel's printf writes values."""

from __future__ import annotations

import functools
import ipaddress
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from landbridge.sim.values import carrier
from landbridge.types import Address, Bool, Chars, EnumType, Integer, Type

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
    flags, width, precision, letter = match.groups()
    if letter == "s":
        return functools.partial(_pad, flags, int(width or 0), _text_of(type_))
    pattern = f"%{flags}{width}{'.' + precision if precision else ''}{'d' if letter in 'iu' else letter}"
    if letter in "xXo" and isinstance(type_, (Integer, EnumType)) and carrier(type_).signed:
        # C writes a negative number in these as its bits.
        mask = (1 << max(32, carrier(type_).bits)) - 1
        return lambda value: pattern % (value & mask)
    return lambda value: pattern % value


def _pad(flags: str, width: int, text_of: Callable[[Any], str], value: Any) -> str:
    text = text_of(value)
    return text.ljust(width) if "-" in flags else text.rjust(width)


def _text_of(type_: Type) -> Callable[[Any], str]:
    if isinstance(type_, Bool):
        return str
    if isinstance(type_, Chars):
        return escape
    if isinstance(type_, Address):
        if type_.name == "mac":
            return lambda value: bytes(value).hex(":")
        return lambda value: str(ipaddress.ip_address(value))
    return str


def escape(text: bytes) -> str:
    """Text from users as the kernel's ``%*pE`` writes it; one newline at its end is left out."""
    text = text.removesuffix(b"\n")
    # The kernel's isprint() holds for Latin-1 too (lib/ctype.c).
    written = [
        bytes([byte]) if 0x20 <= byte < 0x7F or byte >= 0xA0 else _ESCAPES.get(byte, f"\\{byte:03o}").encode()
        for byte in text
    ]
    return b"".join(written).decode("utf-8", "replace")
