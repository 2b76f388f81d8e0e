"""Named integers: Enum (one of) and Flags (any of)."""

from __future__ import annotations

import enum
import functools
from dataclasses import dataclass
from typing import Any

from landbridge.types.base import Type
from landbridge.types.integer import Integer, u32


@dataclass(frozen=True, repr=False)
class EnumType(Type):
    """The layout of an Enum or Flags class.

    Attributes:
        base: The integer that carries it.
        members: Names and values, in the order of the class.
        flags: Whether members may be combined.
        value_class: The class; not part of what it means.
    """

    name: str
    base: Integer
    members: tuple[tuple[str, int], ...]
    flags: bool
    value_class: type[enum.IntEnum] | type[enum.IntFlag]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, EnumType) and self._meaning == other._meaning

    def __hash__(self) -> int:
        return hash(self._meaning)

    @property
    def _meaning(self) -> tuple[Any, ...]:
        return self.name, self.base, self.members, self.flags

    @property
    def size(self) -> int:  # type: ignore[override]  # derived here, stored elsewhere; never assigned
        return self.base.size

    @property
    def align(self) -> int:  # type: ignore[override]
        return self.base.align

    @property
    def code(self) -> str:  # type: ignore[override]
        return self.base.code

    @property
    def zero(self) -> Any:
        return self.from_raw(0)

    @property
    def mask(self) -> int:
        """All bits that a Flags class names."""
        bits = 0
        for _, value in self.members:
            bits |= value
        return bits

    def accepts(self, number: int) -> bool:
        """Whether the kernel end takes this number."""
        if self.flags:
            return not number & ~self.mask
        return any(number == value for _, value in self.members)

    def to_raw(self, value: Any) -> Any:
        raw = self.base.to_raw(value)
        if not self.accepts(int(value)):
            names = ", ".join(name for name, _ in self.members)
            raise ValueError(f"{int(value)} is not {'made of' if self.flags else 'one of'} {self.name}: {names}")
        return raw

    def from_raw(self, raw: int) -> Any:
        number = self.base.from_raw(raw)
        try:
            return self.value_class(number)
        except ValueError:
            return number  # a newer kernel end may know more members


class Enum(enum.IntEnum):
    """One of several named integers.

    ::

        class Level(lb.Enum, base=lb.u8):
            LOW = 1
            HIGH = 2

    Args:
        base: Integer type that carries it; u32 unless told.
    """

    def __init_subclass__(cls, base: Any = u32, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        _bases[cls] = base

    @classmethod
    def __lb_type__(cls) -> EnumType:
        return _enum_type(cls)


class Flags(enum.IntFlag, boundary=enum.KEEP):
    """Any of several named bits; ``base`` as for :class:`Enum`."""

    def __init_subclass__(cls, base: Any = u32, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        _bases[cls] = base

    @classmethod
    def __lb_type__(cls) -> EnumType:
        return _enum_type(cls)


# Enum classes take no plain attributes, so what belongs to them is kept here.
_bases: dict[type, Integer] = {}


@functools.cache
def _enum_type(cls: type[Enum] | type[Flags]) -> EnumType:
    base = next(_bases[each] for each in cls.__mro__ if each in _bases)
    members = tuple((name, int(member)) for name, member in cls.__members__.items())
    if not members:
        raise TypeError(f"{cls.__name__} has no members")
    for name, value in members:
        if not base.minimum <= value <= base.maximum:
            raise ValueError(f"{cls.__name__}.{name} = {value} does not fit its base {base.name}")
    return EnumType(cls.__name__, base, members, issubclass(cls, Flags), cls)
