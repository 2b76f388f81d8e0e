"""What a generated handler can name, and the choices that make one handler unlike another."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from landbridge.types import Array, Integer, StructType, Type

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Place:
    """Something with a value that a handler can write down.

    Attributes:
        text: As in Python: ``x``, ``self.total``, ``self.point.inner``.
        type: Its type.
        writable: Whether it may be assigned.
    """

    text: str
    type: Type
    writable: bool = True


@dataclass(frozen=True, slots=True)
class KernelMapInfo:
    """A Map of the interface: its name and types."""

    name: str
    key: Type
    value: Type
    entries: int


@dataclass(frozen=True, slots=True)
class Helper:
    """A method or command that later handlers may call.

    Attributes:
        cost: About how many turns of loops one call takes.
        maps: Whether it may change what Maps hold.
    """

    name: str
    parameters: tuple[Type, ...]
    result: Type | None
    cost: int
    maps: bool


@dataclass(slots=True)
class World:
    """What all handlers of one interface share."""

    rng: random.Random
    integers: list[Integer]
    types: list[Type] = field(default_factory=list)
    members: list[Place] = field(default_factory=list)
    maps: list[KernelMapInfo] = field(default_factory=list)
    counters: list[str] = field(default_factory=list)
    callables: list[Helper] = field(default_factory=list)
    written: dict[Type, str] = field(default_factory=dict)
    """How a type is written in an annotation or a member."""

    def chance(self, probability: float) -> bool:
        return self.rng.random() < probability

    def pick(self, options: Sequence[T]) -> T:
        return options[self.rng.randrange(len(options))]

    def weighted(self, options: Sequence[tuple[int, Callable[[], T]]]) -> T:
        """Take one of several ways, by weight."""
        chosen = self.rng.choices(options, weights=[weight for weight, _ in options])[0]
        return chosen[1]()


@dataclass(slots=True)
class Scope:
    """What one handler sees at one place in it.

    Attributes:
        places: Arguments and locals that are assigned on every way here, and the interface's members.
        looping: Turns that the loops around this place may take together.
        walking: A loop over a Map is around this place, so no Map may change.
        cost: What the handler has cost so far.
    """

    world: World
    places: list[Place]
    looping: int = 1
    walking: bool = False
    in_loop: bool = False
    cost: int = 1
    counter: int = 0
    changes_maps: bool = False

    def fresh(self, stem: str = "v") -> str:
        """A name that nothing has yet."""
        self.counter += 1
        return f"{stem}{self.counter}"

    def of(self, type_: Type, *, writable: bool = False) -> list[Place]:
        """All places of one type, those inside of structs and arrays included."""
        found = []
        for place in self.places:
            found += _inside(self.world, place, type_)
        return [each for each in found if each.writable or not writable]

    def arrays(self, element: Type) -> list[Place]:
        """All arrays of one element type."""
        found = []
        for place in self.places:
            for each in _parts(place):
                if isinstance(each.type, Array) and each.type.element == element:
                    found.append(each)
        return found


def _parts(place: Place) -> list[Place]:
    """A place and the fields in it; not the elements of arrays."""
    found = [place]
    if isinstance(place.type, StructType):
        for each in place.type.fields:
            found += _parts(Place(f"{place.text}.{each.name}", each.type, place.writable))
    return found


def _inside(world: World, place: Place, type_: Type) -> list[Place]:
    found = []
    for each in _parts(place):
        if each.type == type_:
            found.append(each)
        if isinstance(each.type, Array) and each.type.element == type_:
            index = world.rng.randrange(-each.type.length, each.type.length)
            found.append(Place(f"{each.text}[{index}]", type_, each.writable))
        if isinstance(each.type, Array) and isinstance(each.type.element, StructType):
            index = world.rng.randrange(each.type.length)
            found += _inside(world, Place(f"{each.text}[{index}]", each.type.element, each.writable), type_)
    return found
