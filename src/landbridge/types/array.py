"""A fixed number of values of one type."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import Any

from landbridge.types.base import Type
from landbridge.types.resolve import type_of


@dataclass(frozen=True, repr=False)
class Array(Type):
    """``length`` values of one type, one after the other; a list in Python.

    Args:
        element: Type of each.
        length: How many, 1 to 65536.
    """

    element: Type
    length: int = field()
    name: str = field(init=False, compare=False)
    size: int = field(init=False, compare=False)
    align: int = field(init=False, compare=False)
    code: str = field(init=False, compare=False)
    _format: struct.Struct = field(init=False, compare=False)

    def __post_init__(self) -> None:
        # Users write bool, or a Struct or Enum class.
        object.__setattr__(self, "element", type_of(self.element))
        if not isinstance(self.length, int) or not 1 <= self.length <= 65536:
            raise ValueError(f"Array(..., {self.length!r}): the length is 1 to 65536")
        object.__setattr__(self, "name", f"Array({self.element.name}, {self.length})")
        object.__setattr__(self, "size", self.element.size * self.length)
        object.__setattr__(self, "align", self.element.align)
        object.__setattr__(self, "code", f"{self.size}s")
        object.__setattr__(self, "_format", struct.Struct("=" + self.element.code * self.length))

    @property
    def zero(self) -> list[Any]:
        return [self.element.zero for _ in range(self.length)]

    def to_raw(self, value: Any) -> bytes:
        values = list(value)
        if len(values) != self.length:
            raise ValueError(f"{self.name} takes {self.length} values, not {len(values)}")
        return self._format.pack(*(self.element.to_raw(each) for each in values))

    def from_raw(self, raw: bytes) -> list[Any]:
        values = self._format.unpack(raw)
        return list(values) if self.element.is_plain else [self.element.from_raw(each) for each in values]
