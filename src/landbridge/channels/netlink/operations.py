"""What can be asked, set and heard, in the order in which it is numbered."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from landbridge.spec import Capability, CommandSpec, EventSpec, MemberSpec, ParamSpec, TableSpec

INFO = "interface_info"
"""Name of the operation that tells the digest and counts the events."""


class Kind(enum.Enum):
    """What an operation does."""

    INFO = "tell the digest and count the events"
    REGISTER = "have events sent"
    UNREGISTER = "have no more events sent"
    COMMAND = "call a command"
    GET = "read a Param"
    SET = "write a Param"
    DUMP = "read a table"
    EVENT = "tell of an event"


@dataclass(frozen=True)
class Operation:
    """A command of the generic netlink family, or a message type of the raw unit.

    Attributes:
        number: Generic netlink: from 1; raw unit: from 0x10.
        name: Its name in C and in the YNL spec, such as ``limit_set``.
        kind: What it does.
        member: The member it belongs to; None for what the channel itself needs.
        capability: What the caller needs; None: nothing.
    """

    number: int
    name: str
    kind: Kind
    member: MemberSpec | None = None
    capability: Capability | None = None


def generic_operations(members: Sequence[MemberSpec]) -> tuple[Operation, ...]:
    """The commands of the generic netlink family."""
    named = [(INFO, Kind.INFO, None, None), *_of_members(members)]
    return tuple(Operation(number, *each) for number, each in enumerate(named, 1))


def raw_operations(members: Sequence[MemberSpec]) -> tuple[Operation, ...]:
    """The message types of a raw unit; those below 0x10 are netlink's own."""
    own = [
        (INFO, Kind.INFO, None, None),
        ("register", Kind.REGISTER, None, None),
        ("unregister", Kind.UNREGISTER, None, None),
    ]
    return tuple(Operation(number, *each) for number, each in enumerate([*own, *_of_members(members)], 0x10))


def find(operations: Sequence[Operation], kind: Kind, member: MemberSpec | None = None) -> Operation:
    """The operation of that kind of a member."""
    return next(each for each in operations if each.kind is kind and each.member is member)


def _of_members(members: Sequence[MemberSpec]) -> Iterator[tuple[str, Kind, MemberSpec, Capability | None]]:
    for member in members:
        match member:
            case CommandSpec():
                yield member.name, Kind.COMMAND, member, member.capability
            case ParamSpec():
                # Both always have a number, so that a changed mode moves nothing.
                yield f"{member.name}_get", Kind.GET, member, member.read_capability
                yield f"{member.name}_set", Kind.SET, member, None if member.mode & 0o002 else member.capability
            case TableSpec():
                yield member.name, Kind.DUMP, member, member.capability
            case EventSpec():
                yield member.name, Kind.EVENT, member, member.capability


def is_served(operation: Operation) -> bool:
    """Whether the kernel end answers requests for it."""
    member = operation.member
    if isinstance(member, ParamSpec):
        return member.is_readable if operation.kind is Kind.GET else member.is_writable
    return operation.kind is not Kind.EVENT


def group_name(event: EventSpec) -> str:
    """The multicast group of an event: its name with dashes, as far as the 15 characters of a group's name go."""
    name = event.name if len(event.name) <= 15 else f"{event.name[:11]}-{event.number}"
    return name.lower().replace("_", "-")
