"""Integers of a fixed width, and bool."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import Any

from landbridge.types.base import Type

_CODES = {8: "B", 16: "H", 32: "I", 64: "Q"}


@dataclass(frozen=True, repr=False)
class Integer(Type):
    """An integer; its values in Python are ints in host order, whatever the order of its bytes.

    Attributes:
        bits: 8, 16, 32 or 64.
        signed: Two's complement.
        big_endian: Network byte order in memory. Kernel Python does not calculate with these
            before a conversion such as ``lb.u16(x)``.
    """

    name: str
    bits: int
    signed: bool
    big_endian: bool = False
    size: int = field(init=False, compare=False)
    align: int = field(init=False, compare=False)
    code: str = field(init=False, compare=False)

    def __post_init__(self) -> None:
        code = _CODES[self.bits]
        object.__setattr__(self, "size", self.bits // 8)
        object.__setattr__(self, "align", self.bits // 8)
        object.__setattr__(self, "code", code.lower() if self.signed else code)

    @property
    def minimum(self) -> int:
        return -(1 << (self.bits - 1)) if self.signed else 0

    @property
    def maximum(self) -> int:
        return (1 << (self.bits - 1)) - 1 if self.signed else (1 << self.bits) - 1

    @property
    def is_plain(self) -> bool:
        return not self._swapped

    @property
    def zero(self) -> int:
        return 0

    @property
    def _swapped(self) -> bool:
        return self.big_endian and sys.byteorder == "little"

    def wrap(self, value: int) -> int:
        """Cut an integer to this width, as kernel arithmetic does."""
        value &= (1 << self.bits) - 1
        return value - (1 << self.bits) if self.signed and value > self.maximum else value

    def to_raw(self, value: Any) -> int:
        if not isinstance(value, int):
            raise TypeError(f"{self.name} takes an int, not {type(value).__name__} ({value!r})")
        if not self.minimum <= value <= self.maximum:
            raise ValueError(f"{value} does not fit {self.name} ({self.minimum} to {self.maximum})")
        return self._swap(value) if self._swapped else value

    def from_raw(self, raw: int) -> int:
        return self._swap(raw) if self._swapped else raw

    def __call__(self, value: Any = 0) -> int:
        """Convert to this width: cut and reinterpreted, as a C cast does."""
        return self.wrap(int(value))

    def _swap(self, value: int) -> int:
        return int.from_bytes(value.to_bytes(self.size, "little"), "big")


@dataclass(frozen=True, repr=False)
class Bool(Type):
    """True or false, one byte of 0 or 1."""

    name: str = "bool"
    size: int = 1
    align: int = 1
    code: str = "?"

    @property
    def is_plain(self) -> bool:
        return True

    @property
    def packs_plainly(self) -> bool:
        return False  # struct takes the truth of anything

    @property
    def zero(self) -> bool:
        return False

    def to_raw(self, value: Any) -> bool:
        if not isinstance(value, (bool, int)) or value not in (0, 1):
            raise TypeError(f"bool takes True or False, not {value!r}")
        return bool(value)

    def from_raw(self, raw: bool) -> bool:
        return raw


u8 = Integer("u8", 8, False)
u16 = Integer("u16", 16, False)
u32 = Integer("u32", 32, False)
u64 = Integer("u64", 64, False)
s8 = Integer("s8", 8, True)
s16 = Integer("s16", 16, True)
s32 = Integer("s32", 32, True)
s64 = Integer("s64", 64, True)
be16 = Integer("be16", 16, False, big_endian=True)
be32 = Integer("be32", 32, False, big_endian=True)
be64 = Integer("be64", 64, False, big_endian=True)
boolean = Bool()
