"""Which channel carries which member."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import EllipsisType

from landbridge.channels.base import Channel
from landbridge.channels.registry import all_channels
from landbridge.errors import DeclarationError
from landbridge.spec import InterfaceSpec, MemberSpec

Over = Channel | Mapping[str | EllipsisType, Channel]
"""One channel for all members, or a channel by member, with ``...`` for the rest."""


@dataclass(frozen=True)
class Placement:
    """An interface with each crossing member on a channel.

    Attributes:
        spec: The interface.
        parts: Each channel in use with its members, in the order of the class.
    """

    spec: InterfaceSpec
    parts: tuple[tuple[Channel, tuple[MemberSpec, ...]], ...]

    def channel_of(self, name: str) -> Channel:
        """The channel that carries a member.

        Raises:
            KeyError: No such member crosses.
        """
        for channel, members in self.parts:
            if any(each.name == name for each in members):
                return channel
        raise KeyError(name)


def place(spec: InterfaceSpec, over: Over | None) -> Placement:
    """Put each crossing member on a channel.

    Args:
        spec: The interface.
        over: As :func:`landbridge.load` takes it; None: the first channel that carries each member's kind.

    Raises:
        DeclarationError: A channel cannot carry its member, or ``over`` names no member.
    """
    if isinstance(over, Mapping):
        unknown = [name for name in over if name is not ... and name not in {each.name for each in spec.crossing}]
        if unknown:
            raise DeclarationError(
                f"over= names {unknown[0]!r}, which is not a member of {spec.name} that crosses",
                code="LB111",
                hint=f"those are: {', '.join(each.name for each in spec.crossing)}; ... stands for the rest",
                where=spec.where,
            )
    groups: dict[int, tuple[Channel, list[MemberSpec]]] = {}
    for member in spec.crossing:
        channel = _choose(spec, member, over)
        if not isinstance(member, channel.carries):
            able = ", ".join(f"lb.{each.name}" for each in all_channels() if isinstance(member, each.carries))
            raise DeclarationError(
                f"{spec.name}.{member.name}: {channel.name} cannot carry {_kind(member)}",
                code="LB110",
                hint=f"these can: {able}",
                where=member.where,
            )
        groups.setdefault(id(channel), (channel, []))[1].append(member)
    parts = tuple((channel, tuple(members)) for channel, members in groups.values())
    names = [channel.name for channel, _ in parts]
    for name in names:
        if names.count(name) > 1:
            raise DeclarationError(
                f"{spec.name}: over= uses {name} in two configurations; a module has one of each",
                code="LB111",
                hint="make it once, and give that to each member",
                where=spec.where,
            )
    for channel, members in parts:
        channel.check(spec, members)
    return Placement(spec, parts)


def _choose(spec: InterfaceSpec, member: MemberSpec, over: Over | None) -> Channel:
    if isinstance(over, Channel):
        return over
    if over is not None:
        if member.name in over:
            return over[member.name]
        if ... in over:
            return over[...]
        raise DeclarationError(
            f"over= says nothing of {spec.name}.{member.name}",
            code="LB111",
            hint='name its channel, or one for the rest: {"...", ...: lb.netlink}',
            where=member.where,
        )
    return next(each for each in all_channels() if isinstance(member, each.carries))


def _kind(member: MemberSpec) -> str:
    word = type(member).__name__.removesuffix("Spec")
    return {"Command": "a command", "Table": "a table", "Event": "an Event", "Param": "a Param"}[word]
