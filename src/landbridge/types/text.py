"""Text in a fixed number of bytes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from landbridge.types.base import Type


@dataclass(frozen=True, repr=False)
class Chars(Type):
    """Text of at most ``length - 1`` bytes of UTF-8; the rest is NUL, and one NUL is always there.

    The kernel end refuses bytes without a NUL (EINVAL). Bytes that are not UTF-8 reach Python as
    lone surrogates (``errors="surrogateescape"``) and go back unchanged.

    Args:
        length: Bytes, 2 to 4096, the final NUL included.
    """

    length: int
    name: str = field(init=False, compare=False)
    size: int = field(init=False, compare=False)
    align: int = field(init=False, compare=False, default=1)
    code: str = field(init=False, compare=False)

    def __post_init__(self) -> None:
        if not isinstance(self.length, int) or not 2 <= self.length <= 4096:
            raise ValueError(f"Chars({self.length!r}): the length is 2 to 4096 bytes, the final NUL included")
        object.__setattr__(self, "name", f"Chars({self.length})")
        object.__setattr__(self, "size", self.length)
        object.__setattr__(self, "code", f"{self.length}s")

    @property
    def zero(self) -> str:
        return ""

    def to_raw(self, value: Any) -> bytes:
        if not isinstance(value, str):
            raise TypeError(f"{self.name} takes a str, not {type(value).__name__} ({value!r})")
        try:
            raw = value.encode()
        except UnicodeEncodeError:  # lone surrogates
            raw = value.encode("utf-8", "surrogateescape")
        if len(raw) >= self.length:
            raise ValueError(f"text of {len(raw)} bytes does not fit {self.name} (at most {self.length - 1} bytes)")
        if b"\0" in raw:
            raise ValueError(f"{value!r} has a NUL character, which ends text in the kernel")
        return raw

    def from_raw(self, raw: bytes) -> str:
        return raw.partition(b"\0")[0].decode("utf-8", "surrogateescape")
