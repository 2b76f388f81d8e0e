"""The user end of a whole interface: one object per channel in use, behind the members' names."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, NoReturn, Protocol

from landbridge.channels.base import ChannelEnd
from landbridge.channels.placement import Placement
from landbridge.errors import ClosedError, LandbridgeError, MismatchError
from landbridge.spec import CommandSpec, EventSpec, ParamSpec, TableSpec


class Closeable(Protocol):
    """What is let go of with close()."""

    def close(self) -> None: ...


class ChannelEnds:
    """An interface whose members are reached through channels.

    Args:
        placement: Which channel carries which member.
        loaded: The module, if it was loaded for this object: closing unloads it. Not closed by a failed construction.

    Raises:
        GoneError: No kernel end answers.
        MismatchError: One answers that was made from another declaration.
    """

    def __init__(self, placement: Placement, loaded: Closeable | None = None) -> None:
        self._placement = placement
        self._ends: dict[str, ChannelEnd] = {}
        self._getters: dict[str, Callable[[], Any]] = {}
        self._setters: dict[str, Callable[[Any], None]] = {}
        self._events: dict[str, Any] = {}
        self._tables: dict[str, Any] = {}
        self._closed = False
        with ExitStack() as opening:
            for channel, members in placement.parts:
                end = channel.open(placement.spec, members)
                opening.callback(end.close)
                self._check_digest(channel.name, end)
                for member in members:
                    self._ends[member.name] = end
                    if isinstance(member, ParamSpec):
                        self._getters[member.name] = end.getter(member)
                        self._setters[member.name] = end.setter(member)
            self._channels = opening.pop_all()
        self._loaded = loaded

    def command(self, name: str) -> Any:
        member = self._placement.spec.member(name)
        assert isinstance(member, CommandSpec)
        return self._end(name).command(member)

    def handler(self, name: str) -> NoReturn:
        spec = self._placement.spec
        raise LandbridgeError(f"{spec.c_name}.{name} is called by the kernel, not by users")

    def get(self, name: str) -> Any:
        if self._closed:
            self._refuse()
        return self._getters[name]()

    def set(self, name: str, value: Any) -> None:
        if self._closed:
            self._refuse()
        self._setters[name](value)

    def event(self, name: str) -> Any:
        if name not in self._events:
            member = self._placement.spec.member(name)
            assert isinstance(member, EventSpec)
            self._events[name] = self._end(name).event(member)
        return self._events[name]

    def table(self, name: str) -> Any:
        if name not in self._tables:
            member = self._placement.spec.member(name)
            assert isinstance(member, TableSpec)
            self._tables[name] = self._end(name).table(member)
        return self._tables[name]

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            for stream in self._events.values():
                stream.close()
            # Channels are closed before what they stand on is unloaded.
            self._channels.close()
            if self._loaded is not None:
                self._loaded.close()

    def _end(self, name: str) -> ChannelEnd:
        if self._closed:
            self._refuse()
        return self._ends[name]

    def _check_digest(self, channel: str, end: ChannelEnd) -> None:
        spec = self._placement.spec
        found = end.digest()
        if found != spec.digest64:
            raise MismatchError(
                f"the kernel end of {spec.c_name} on {channel} was made from another declaration: "
                f"digest {found:#018x}, and this class has {spec.digest64:#018x}",
                hint="unload it and load the one of this class, or run the script that it was loaded by",
            )

    def _refuse(self) -> NoReturn:
        raise ClosedError(f"{self._placement.spec.c_name}: used after close()")
