"""What an interface means: frozen, deterministic, no I/O."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar

from landbridge.errors import Where
from landbridge.spec.members import (
    Capability,
    CommandSpec,
    CounterSpec,
    EventSpec,
    MapSpec,
    MemberSpec,
    NetfilterSpec,
    ParamSpec,
    StateSpec,
    TableSpec,
    TimerSpec,
)
from landbridge.types import Array, EnumType, StructType, Type

M = TypeVar("M", bound=MemberSpec)


@dataclass(frozen=True, kw_only=True)
class InterfaceSpec:
    """An interface: its members and the bytes they are.

    Attributes:
        name: Name of the class.
        c_name: The same in C: module name and prefix of all symbols.
        doc: Docstring of the class.
        members: In the order of the class.
        where: Where the class is; not part of what it means.
    """

    name: str
    c_name: str
    doc: str = field(default="", compare=False)
    members: tuple[MemberSpec, ...]
    where: Where | None = field(default=None, compare=False)

    def of(self, kind: type[M]) -> tuple[M, ...]:
        """The members of one kind, in order."""
        return tuple(each for each in self.members if isinstance(each, kind))

    @property
    def commands(self) -> tuple[CommandSpec, ...]:
        return self.of(CommandSpec)

    @property
    def params(self) -> tuple[ParamSpec, ...]:
        return self.of(ParamSpec)

    @property
    def events(self) -> tuple[EventSpec, ...]:
        return self.of(EventSpec)

    @property
    def tables(self) -> tuple[TableSpec, ...]:
        return self.of(TableSpec)

    @property
    def netfilter_hooks(self) -> tuple[NetfilterSpec, ...]:
        return self.of(NetfilterSpec)

    @property
    def timers(self) -> tuple[TimerSpec, ...]:
        return self.of(TimerSpec)

    @property
    def states(self) -> tuple[StateSpec, ...]:
        return self.of(StateSpec)

    @property
    def maps(self) -> tuple[MapSpec, ...]:
        return self.of(MapSpec)

    @property
    def counters(self) -> tuple[CounterSpec, ...]:
        return self.of(CounterSpec)

    @property
    def crossing(self) -> tuple[MemberSpec, ...]:
        """The members that a channel carries."""
        return tuple(each for each in self.members if isinstance(each, (CommandSpec, ParamSpec, EventSpec, TableSpec)))

    def member(self, name: str) -> MemberSpec | None:
        """The member of that name, or None."""
        return next((each for each in self.members if each.name == name), None)

    @functools.cached_property
    def digest(self) -> str:
        """SHA-256 of all that both ends must agree on, in hexadecimal.

        Kernel-only memory, handlers and documentation are not in it: they can change without
        the other end noticing.
        """
        text = json.dumps(_canonical(self), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def digest64(self) -> int:
        """The first eight bytes of the digest, as the kernel end carries it."""
        return int(self.digest[:16], 16)

    @functools.cached_property
    def structs(self) -> tuple[StructType, ...]:
        """User-declared structs that cross or live in the kernel end, each after those it contains."""
        found: dict[str, StructType] = {}
        for type_ in self._types():
            for inner in _inside(type_):
                if isinstance(inner, StructType) and inner.value_class is not None:
                    found.setdefault(inner.name, inner)
        return tuple(found.values())

    @functools.cached_property
    def enums(self) -> tuple[EnumType, ...]:
        """Enum and Flags types, in order of first use."""
        found: dict[str, EnumType] = {}
        for type_ in self._types():
            for inner in _inside(type_):
                if isinstance(inner, EnumType):
                    found.setdefault(inner.name, inner)
        return tuple(found.values())

    def _types(self) -> Iterator[Type]:
        for member in self.members:
            for each in fields(member):
                value = getattr(member, each.name)
                if isinstance(value, Type):
                    yield value


def _inside(type_: Type) -> Iterator[Type]:
    """The types that a type is made of, innermost first, itself last."""
    if isinstance(type_, StructType):
        for each in type_.fields:
            yield from _inside(each.type)
    elif isinstance(type_, Array):
        yield from _inside(type_.element)
    yield type_


def _canonical(thing: Any) -> Any:
    """The meaning of a spec as JSON data."""
    if isinstance(thing, InterfaceSpec):
        return {"interface": thing.c_name, "members": [_canonical(each) for each in thing.crossing]}
    if isinstance(thing, MemberSpec):
        facts = {each.name: _canonical(getattr(thing, each.name)) for each in fields(thing) if each.compare}
        return {"kind": type(thing).__name__, **facts}
    if isinstance(thing, StructType):
        return {
            "struct": thing.name,
            "size": thing.size,
            "fields": [[each.name, each.offset, _canonical(each.type)] for each in thing.fields],
        }
    if isinstance(thing, EnumType):
        return {"enum": thing.name, "base": thing.base.name, "flags": thing.flags, "members": dict(thing.members)}
    if isinstance(thing, Array):
        return {"array": _canonical(thing.element), "length": thing.length}
    if isinstance(thing, Type):
        return thing.name
    if isinstance(thing, Capability):
        return thing.name
    if isinstance(thing, (list, tuple)):
        return [_canonical(each) for each in thing]
    if thing is None or isinstance(thing, (bool, int, str)):
        return thing
    return str(thing)
