"""The user end over generic netlink."""

from __future__ import annotations

import errno as errno_module
import functools
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from landbridge.channels.base import ChannelEnd, name_of, refuse_mode
from landbridge.channels.netlink.call import Target, compile_call
from landbridge.channels.netlink.codec import compile_decoder, plan_reply, plan_request
from landbridge.channels.netlink.emit_generic import GenericEmitter
from landbridge.channels.netlink.errors import explain, with_hint
from landbridge.channels.netlink.numbering import Numbering
from landbridge.channels.netlink.operations import INFO, Kind, Operation, find, group_name
from landbridge.channels.netlink.sets import Attribute
from landbridge.channels.netlink.stream import SKIP, EventCounts, NetlinkEvents
from landbridge.channels.netlink.table import NetlinkTable
from landbridge.errors import GoneError, KernelError, MismatchError, UnsupportedError
from landbridge.netlink import constants as nl
from landbridge.netlink import request
from landbridge.netlink.event_queue import Numbered
from landbridge.netlink.extack import AttributeNames
from landbridge.netlink.generic import CONTROLLER_ID, GENERIC_HEADER, Family, GenericNetlink, parse_family
from landbridge.netlink.socket import NetlinkSocket
from landbridge.netlink.subscription import Subscription
from landbridge.netlink.wire import Buffer, Message
from landbridge.spec import CommandSpec, EventSpec, InterfaceSpec, MemberSpec, ParamSpec, TableSpec
from landbridge.types import StructType

R = TypeVar("R")

_HEADER = GENERIC_HEADER.size
_DELETED = 2
"""CTRL_CMD_DELFAMILY: the controller says that a family went away."""
_CONTROLLER_GROUP = 0x10
"""The controller's own multicast group, "notify"."""
# What the kernel says of a family number that nobody has, or that a family without the operation has.
_STALE = (errno_module.ENOENT, errno_module.EOPNOTSUPP)


class GenericEnd(ChannelEnd):
    """A generic netlink socket, and the family as it is numbered now.

    Threads may share it; a forked child opens sockets of its own. When the family was registered anew
    under another number, the call that finds out is sent again, once, if its digest is still the same.
    """

    def __init__(self, spec: InterfaceSpec, members: Sequence[MemberSpec], family: str) -> None:
        self._spec = spec
        self._name = family
        self._plan = GenericEmitter(spec, members, family)
        self._socket = NetlinkSocket(nl.NETLINK_GENERIC)
        self._calls = self._socket.calls()
        self._generic = GenericNetlink(self._socket)
        info = find(self._plan.operations, Kind.INFO)
        self._ask_info = GENERIC_HEADER.pack(info.number, 1, 0)
        self._read_info = compile_decoder(self._plan.info.reply, lambda *values: values, f"{spec.c_name}.{INFO}")
        try:
            self._kind = [self._look_up().id]
        except BaseException:
            self._socket.close()
            raise

    def digest(self) -> int:
        value: int = self._info()[0]
        return value

    # Calls -----------------------------------------------------------------------------------

    def command(self, member: CommandSpec) -> Callable[..., Any]:
        return self._call(find(self._plan.operations, Kind.COMMAND, member), member.request, member.reply is not None)

    def getter(self, member: ParamSpec) -> Callable[[], Any]:
        if not member.is_readable:
            return lambda: refuse_mode(self._spec, member, "read")
        return self._call(find(self._plan.operations, Kind.GET, member), None, True)

    def setter(self, member: ParamSpec) -> Callable[[Any], None]:
        if not member.is_writable:
            return lambda value: refuse_mode(self._spec, member, "write")
        return self._call(find(self._plan.operations, Kind.SET, member), member.value, False)

    def _call(self, operation: Operation, request: StructType | None, replies: bool) -> Callable[..., Any]:
        assert operation.member is not None
        set_, header = self._plan.sets[operation.member.name], self._header(operation)
        what = self._described(operation, set_.request)
        target = Target(self._calls, self._kind, what, functools.partial(explain, request), self._again)
        asked = plan_request(set_.request if request else (), header)
        return compile_call(
            operation.name, target, asked, plan_reply(set_.reply[0], header, what.name) if replies else None
        )

    # Tables and events -----------------------------------------------------------------------

    def table(self, member: TableSpec) -> Iterable[Any]:
        set_ = self._plan.sets[member.name]
        operation = find(self._plan.operations, Kind.DUMP, member)
        what, payload = self._described(operation, ()), self._header(operation)

        def once() -> list[bytes]:
            return self._socket.dump_parts(self._kind[0], payload, operation=what)

        def dump() -> list[bytes]:
            try:
                return once()
            except KernelError as error:
                return self._again(error, once)

        return NetlinkTable(dump, compile_decoder(set_.reply, member.row.value_class, what.name), _HEADER)

    def event(self, member: EventSpec) -> NetlinkEvents:
        what = name_of(self._spec, member)
        place = 1 + self._plan.events.index(member)

        def count() -> EventCounts:
            return EventCounts(*self._info()[place])

        return NetlinkEvents(what, lambda: self._listen(member, count), count)

    def _listen(self, member: EventSpec, count: Callable[[], EventCounts]) -> Subscription[Any]:
        set_ = self._plan.sets[member.name]
        assert set_.sequence is not None
        what = name_of(self._spec, member)
        family = self._look_up()
        if family.id != self._kind[0]:
            self._check_digest(family)
        decode = compile_decoder((*set_.reply, set_.sequence), _number_and_record(member.record), what)
        numbering = Numbering()

        def read_event(buffer: Buffer, start: int, end: int) -> tuple[int, Any]:
            number, record = decode(buffer, start + _HEADER, end)
            numbering.note(number)
            return number, record

        def read(message: Message) -> Any:
            if message.type == CONTROLLER_ID:
                self._notice(message.payload, what)
                return SKIP
            return decode(message.payload, _HEADER, len(message.payload))[1]

        def number(message: Message) -> tuple[int, int] | None:
            if message.type == CONTROLLER_ID:
                return None
            return numbering.note(decode(message.payload, _HEADER, len(message.payload))[0])

        groups = [family.groups[group_name(member)], _CONTROLLER_GROUP]
        try:
            subscription: Subscription[Any] = Subscription(
                nl.NETLINK_GENERIC,
                read,
                groups=groups,
                sequence=number,
                tell_sender=True,
                numbered=Numbered(family.id, read_event),
            )
        except KernelError as error:
            raise with_hint(error) from None
        try:
            numbering.begin(subscription.ledger, count().sent)
        except BaseException:
            subscription.close()
            raise
        return subscription

    def _notice(self, payload: bytes, what: str) -> None:
        """Read what the controller tells all its listeners."""
        if payload[0] == _DELETED and parse_family(payload).name == self._name:
            raise GoneError(f"{what}: the kernel end went away", hint="load it again")

    # Life ------------------------------------------------------------------------------------

    def close(self) -> None:
        self._socket.close()

    def _info(self) -> tuple[Any, ...]:
        what = request.Operation(f"{self._spec.c_name}.{INFO}", _HEADER)

        def ask() -> bytes:
            return self._socket.request(self._kind[0], self._ask_info, operation=what).payload

        try:
            reply = ask()
        except KernelError as error:
            reply = self._again(error, ask)
        found: tuple[Any, ...] = self._read_info(reply, _HEADER, len(reply))
        return found

    def _look_up(self) -> Family:
        try:
            return self._generic.family(self._name, refresh=True)
        except (UnsupportedError, GoneError):
            raise GoneError(
                f"no kernel end of {self._spec.c_name} answers: there is no generic netlink family {self._name!r}",
                hint="load it with lb.load(...); kernel ends live in the first network namespace",
            ) from None

    def _again(self, error: Exception, send: Callable[[], R]) -> R:
        """After an error that a family with another number would explain: find it, and send again."""
        if not isinstance(error, KernelError):
            raise error
        if error.errno not in _STALE:
            raise with_hint(error) from None
        family = self._look_up()
        # The two errors also mean other things: only a changed number proves that it was stale.
        if family.id == self._kind[0]:
            raise with_hint(error) from None
        self._check_digest(family)
        return send()

    def _check_digest(self, family: Family) -> None:
        reply = self._socket.request(family.id, self._ask_info).payload
        found = self._read_info(reply, _HEADER, len(reply))[0]
        if found != self._spec.digest64:
            raise MismatchError(
                f"the kernel end of {self._spec.c_name} was loaded anew from another declaration: "
                f"digest {found:#018x}, and this class has {self._spec.digest64:#018x}",
                hint="attach anew with the class that it was loaded from",
            )
        self._kind[0] = family.id

    def _header(self, operation: Operation) -> bytes:
        return GENERIC_HEADER.pack(operation.number, 1, 0)

    def _described(self, operation: Operation, attributes: Sequence[Attribute]) -> request.Operation:
        assert operation.member is not None
        return request.Operation(name_of(self._spec, operation.member), _HEADER, _names(attributes))


def _names(attributes: Sequence[Attribute]) -> AttributeNames:
    """Names of attributes, for extended ACKs."""
    return {
        each.number: each.name if each.nest is None else (each.name, _names(each.nest.request)) for each in attributes
    }


def _number_and_record(record: StructType) -> Callable[..., tuple[int, Any]]:
    make = record.value_class
    assert make is not None
    return lambda *values: (values[-1], make(*values[:-1]))
