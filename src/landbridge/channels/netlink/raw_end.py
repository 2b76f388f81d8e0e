"""The user end on a raw netlink unit."""

from __future__ import annotations

import contextlib
import errno as errno_module
import functools
import struct
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NoReturn

from landbridge.channels.base import ChannelEnd, name_of, refuse_mode
from landbridge.channels.netlink.call import Target, compile_call
from landbridge.channels.netlink.errors import explain, with_hint
from landbridge.channels.netlink.numbering import Numbering
from landbridge.channels.netlink.operations import INFO, Kind, Operation, find, raw_operations
from landbridge.channels.netlink.payloads import READER, event_layout, info_layout, plan_reply, plan_request
from landbridge.channels.netlink.stream import EventCounts, NetlinkEvents
from landbridge.channels.netlink.table import NetlinkTable
from landbridge.errors import BusyError, ChannelError, DecodeError, GoneError, KernelError, UnsupportedError
from landbridge.netlink import request
from landbridge.netlink.constants import NLM_F_REQUEST
from landbridge.netlink.event_queue import Numbered
from landbridge.netlink.socket import NetlinkSocket
from landbridge.netlink.subscription import Subscription
from landbridge.netlink.wire import Buffer, Message
from landbridge.spec import CommandSpec, EventSpec, InterfaceSpec, MemberSpec, ParamSpec, TableSpec
from landbridge.types import StructType


class RawEnd(ChannelEnd):
    """A socket of the unit. Threads may share it; a forked child opens sockets of its own.

    While it is open the kernel end cannot be unloaded: the kernel counts sockets of a unit as its users.
    """

    def __init__(self, spec: InterfaceSpec, members: Sequence[MemberSpec], unit: int) -> None:
        self._spec = spec
        self._unit = unit
        self._operations = raw_operations(members)
        self._events = [each for each in members if isinstance(each, EventSpec)]
        self._info_layout = info_layout(self._events)
        try:
            self._socket = NetlinkSocket(unit)
        except UnsupportedError:
            raise GoneError(
                f"no kernel end of {spec.c_name} answers: nobody has netlink unit {unit}",
                hint="load it with lb.load(...), or give the unit= it was loaded with",
            ) from None
        self._calls = self._socket.calls()

    def digest(self) -> int:
        value: int = self._info()[0]
        return value

    def command(self, member: CommandSpec) -> Callable[..., Any]:
        return self._call(find(self._operations, Kind.COMMAND, member), member.request, member.reply)

    def getter(self, member: ParamSpec) -> Callable[[], Any]:
        if not member.is_readable:
            return lambda: refuse_mode(self._spec, member, "read")
        return self._call(find(self._operations, Kind.GET, member), None, member.value)

    def setter(self, member: ParamSpec) -> Callable[[Any], None]:
        if not member.is_writable:
            return lambda value: refuse_mode(self._spec, member, "write")
        return self._call(find(self._operations, Kind.SET, member), member.value, None)

    def _call(self, operation: Operation, request: StructType | None, reply: StructType | None) -> Callable[..., Any]:
        what = self._described(operation)
        target = Target(self._calls, [operation.number], what, functools.partial(explain, request), _refuse)
        return compile_call(
            operation.name, target, plan_request(request), plan_reply(reply) if reply is not None else None
        )

    def table(self, member: TableSpec) -> Iterable[Any]:
        operation = find(self._operations, Kind.DUMP, member)
        what, size, unpack, make = self._described(operation), member.row.size, member.row.unpack_values, _maker(member)

        def dump() -> list[bytes]:
            try:
                return self._socket.dump_parts(operation.number, b"", operation=what)
            except KernelError as error:
                raise with_hint(error) from None

        def decode(buffer: Buffer, start: int, end: int) -> Any:
            if end - start != size:
                raise DecodeError(f"{end - start} bytes, not {size}", path=what.name, offset=start)
            return make(*unpack(buffer, start))

        return NetlinkTable(dump, decode, 0)

    def event(self, member: EventSpec) -> NetlinkEvents:
        place = 1 + self._events.index(member)

        def count() -> EventCounts:
            return EventCounts(*self._info()[place])

        return NetlinkEvents(name_of(self._spec, member), lambda: self._listen(member, count), count)

    def _listen(self, member: EventSpec, count: Callable[[], EventCounts]) -> Subscription[Any]:
        operation = find(self._operations, Kind.EVENT, member)
        what, layout, make = self._described(operation), event_layout(member), _maker(member)
        numbering = Numbering()
        unpack, start = member.record.unpack_values, layout.fields[1].offset

        def check(message: Message) -> bytes:
            if message.type != operation.number or len(message.payload) != layout.size:
                raise DecodeError(
                    f"type {message.type:#x} with {len(message.payload)} bytes, "
                    f"not {operation.number:#x} with {layout.size}",
                    path=what.name,
                )
            return message.payload

        def read(message: Message) -> Any:
            return make(*unpack(message.payload, start))

        def number(message: Message) -> tuple[int, int]:
            return numbering.note(layout.unpack_values(check(message))[0])

        record, size = member.record, layout.size
        unpack_all = struct.Struct("=Q" + record.packer.format[1:]).unpack_from
        converted = [(i, each.type.from_raw) for i, each in enumerate(record.fields) if not each.type.is_plain]

        def read_event(buffer: Buffer, begin: int, end: int) -> tuple[int, Any]:
            if end - begin != size:
                raise DecodeError(f"{end - begin} bytes, not {size}", path=what.name, offset=begin)
            sequence, *values = unpack_all(buffer, begin)
            for i, convert in converted:
                values[i] = convert(values[i])
            numbering.note(sequence)
            return sequence, make(*values)

        reader = READER.pack_values((operation.number,))
        goodbye = find(self._operations, Kind.UNREGISTER).number
        subscription: Subscription[Any] = _Registered(
            self._unit, read, number, Numbered(operation.number, read_event), goodbye=goodbye, reader=reader
        )
        try:
            subscription.execute(find(self._operations, Kind.REGISTER).number, reader, operation=what)
            numbering.begin(subscription.ledger, count().sent)
        except KernelError as error:
            subscription.close()
            if error.errno != errno_module.EBUSY:
                raise with_hint(error) from None
            raise BusyError(
                f"{what.name}: it has as many readers as it takes [EBUSY]",
                hint="close the other one, or load it with lb.netlink(unit=..., readers=...)",
            ) from error
        except BaseException:
            subscription.close()
            raise
        return subscription

    def close(self) -> None:
        self._socket.close()

    def _info(self) -> list[Any]:
        what = request.Operation(f"{self._spec.c_name}.{INFO}")
        number = find(self._operations, Kind.INFO).number
        raw = self._socket.request(number, operation=what).payload
        if len(raw) != self._info_layout.size:
            raise GoneError(f"netlink unit {self._unit} is not a kernel end of {self._spec.c_name}")
        return self._info_layout.unpack_values(raw)

    def _described(self, operation: Operation) -> request.Operation:
        assert operation.member is not None
        return request.Operation(name_of(self._spec, operation.member))


class _Registered(Subscription[Any]):
    """A subscription that says goodbye."""

    def __init__(
        self,
        unit: int,
        decode: Callable[[Message], Any],
        number: Callable[[Message], tuple[int, int]],
        numbered: Numbered,
        *,
        goodbye: int,
        reader: bytes,
    ) -> None:
        super().__init__(unit, decode, sequence=number, numbered=numbered)
        self._goodbye = goodbye, reader

    def close(self) -> None:
        if not self.closed:
            # Whatever becomes of the goodbye, the kernel end also learns it from the socket's end.
            with contextlib.suppress(ChannelError):
                self.send(*self._goodbye, flags=NLM_F_REQUEST)
        super().close()


def _refuse(error: Exception, repeat: Callable[[], list[Message]]) -> NoReturn:
    """Raise an error of the kernel with what can be done about it."""
    raise with_hint(error) if isinstance(error, KernelError) else error


def _maker(member: EventSpec | TableSpec) -> Callable[..., Any]:
    make = (member.record if isinstance(member, EventSpec) else member.row).value_class
    assert make is not None
    return make
