"""Generic netlink: families by name, whose numbers may change while we look."""

from __future__ import annotations

import errno
import functools
import math
import struct
import threading
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType, TracebackType
from typing import Final, Self, TypeVar

from landbridge.errors import DecodeError, GoneError, KernelError, UnsupportedError
from landbridge.netlink import attributes
from landbridge.netlink import constants as nl
from landbridge.netlink.event_queue import SequenceOf
from landbridge.netlink.request import Operation
from landbridge.netlink.socket import NetlinkSocket
from landbridge.netlink.subscription import Subscription
from landbridge.netlink.wire import HEADER_SIZE, Message
from landbridge.netlink.writer import AttributeWriter

T = TypeVar("T")
R = TypeVar("R")

GENERIC_HEADER: Final = struct.Struct("=BBH")
"""struct genlmsghdr: command, version, reserved."""

CONTROLLER_ID: Final = 0x10
_GETFAMILY: Final = 3
_FAMILY_ID: Final = 1
_FAMILY_NAME: Final = 2
_VERSION: Final = 3
_HEADER_SIZE: Final = 4
_MAX_ATTRIBUTE: Final = 5
_OPERATIONS: Final = 6
_GROUPS: Final = 7
_OP_ID: Final = 1
_OP_FLAGS: Final = 2
_GROUP_NAME: Final = 1
_GROUP_ID: Final = 2
_NAMES: Final = {
    _FAMILY_ID: "family-id", _FAMILY_NAME: "family-name", _VERSION: "version", _HEADER_SIZE: "hdrsize",
    _MAX_ATTRIBUTE: "maxattr", _OPERATIONS: "ops", _GROUPS: "mcast-groups",
}  # fmt: skip
_GETFAMILY_OPERATION: Final = Operation("nlctrl.getfamily", GENERIC_HEADER.size, _NAMES)
# What the kernel says of a family id that nobody has, or that a family without the command has.
_STALE: Final = (errno.ENOENT, errno.EOPNOTSUPP)


@dataclass(frozen=True, slots=True)
class Family:
    """A generic netlink family, as the kernel describes it.

    Attributes:
        name: Its name.
        id: Its message type, for now: it changes when the family is registered anew.
        version: Its version.
        header_size: Size of its own header after the generic one, in bytes.
        max_attribute: Its greatest attribute type.
        operations: Flags (GENL_ADMIN_PERM 1, do 2, dump 4, has a policy 8) by command.
        groups: Numbers of its multicast groups by name.
    """

    name: str
    id: int
    version: int
    header_size: int
    max_attribute: int
    operations: Mapping[int, int]
    groups: Mapping[str, int]


def parse_family(payload: bytes) -> Family:
    """Parse the controller's description of a family.

    Args:
        payload: Payload of a CTRL_CMD_NEWFAMILY message.

    Raises:
        DecodeError: It is malformed, or lacks the name or the id.

    Kernel: net/netlink/genetlink.c:ctrl_fill_info.
    """
    if len(payload) < GENERIC_HEADER.size:
        raise DecodeError("the generic netlink header is cut", path="family", offset=HEADER_SIZE)
    found = attributes.parse(payload, GENERIC_HEADER.size, path="family")
    if _FAMILY_NAME not in found or _FAMILY_ID not in found:
        raise DecodeError("name or id of the family is missing", path="family", offset=HEADER_SIZE)

    def u32(kind: int) -> int:
        where = found.get(kind)
        return 0 if where is None else attributes.read_u32(payload, where, f"family.{_NAMES[kind]}")

    operations: dict[int, int] = {}
    groups: dict[str, int] = {}
    if _OPERATIONS in found:
        for entry in attributes.walk(payload, *found[_OPERATIONS][1:], "family.ops"):
            inside = attributes.parse(payload, entry.start, entry.end, f"family.ops.{entry.type}")
            if _OP_ID in inside:
                flags = attributes.read_u32(payload, inside[_OP_FLAGS]) if _OP_FLAGS in inside else 0
                operations[attributes.read_u32(payload, inside[_OP_ID], "family.ops.id")] = flags
    if _GROUPS in found:
        for entry in attributes.walk(payload, *found[_GROUPS][1:], "family.mcast-groups"):
            inside = attributes.parse(payload, entry.start, entry.end, f"family.mcast-groups.{entry.type}")
            if _GROUP_NAME in inside and _GROUP_ID in inside:
                name = attributes.read_string(payload, inside[_GROUP_NAME], "family.mcast-groups.name")
                groups[name] = attributes.read_u32(payload, inside[_GROUP_ID], "family.mcast-groups.id")
    return Family(
        name=attributes.read_string(payload, found[_FAMILY_NAME], "family.family-name"),
        id=attributes.read_u16(payload, found[_FAMILY_ID], "family.family-id"),
        version=u32(_VERSION),
        header_size=u32(_HEADER_SIZE),
        max_attribute=u32(_MAX_ATTRIBUTE),
        operations=MappingProxyType(operations),
        groups=MappingProxyType(groups),
    )


class GenericNetlink:
    """Asks generic netlink families by name.

    The numbers of families are looked up once. When a family was registered anew, under another
    number, the request that finds out is sent again, once.

    Attributes:
        socket: The socket that requests go through.
    """

    def __init__(self, socket: NetlinkSocket | None = None, *, timeout: float = 5.0, netns: str | None = None) -> None:
        """Open a socket.

        Args:
            socket: A generic netlink socket to use, which stays the caller's; default a new one.
            timeout: Seconds to wait for an answer where a call does not say (of the new one).
            netns: File of the network namespace (of the new one).
        """
        self._owned = socket is None
        self._netns = netns
        self.socket = NetlinkSocket(nl.NETLINK_GENERIC, timeout=timeout, netns=netns) if socket is None else socket
        self._families: dict[str, Family] = {}
        self._lock = threading.Lock()

    def family(self, name: str, *, refresh: bool = False) -> Family:
        """Look a family up.

        Args:
            name: Its name, such as ``nlctrl``.
            refresh: Ask the kernel even if the answer is known.

        Raises:
            UnsupportedError: The kernel has no such family, and had none before.
            GoneError: It was there before, and is gone.
            EncodeError: The name holds a NUL.

        Kernel: net/netlink/genetlink.c:ctrl_getfamily (which loads a module for it if it can).
        """
        known = self._families.get(name)
        if known is not None and not refresh:
            return known
        writer = AttributeWriter(GENERIC_HEADER.pack(_GETFAMILY, 1, 0))
        writer.string(_FAMILY_NAME, name, "family-name")
        try:
            answer = self.socket.request(CONTROLLER_ID, bytes(writer), operation=_GETFAMILY_OPERATION)
        except FileNotFoundError as error:
            if known is not None:
                raise GoneError(
                    f"generic netlink family {name!r} is gone", hint="the module that registered it was unloaded"
                ) from error
            raise UnsupportedError(
                f"this kernel has no generic netlink family {name!r}",
                feature=f"generic netlink family {name}",
                hint="load the module that registers it",
            ) from error
        found = parse_family(answer.payload)
        with self._lock:
            self._families[name] = found
        return found

    def families(self) -> list[Family]:
        """Look all families up that are registered now."""
        payload = GENERIC_HEADER.pack(_GETFAMILY, 1, 0)
        answers = self.socket.dump(CONTROLLER_ID, payload, operation=_GETFAMILY_OPERATION)
        return [parse_family(each.payload) for each in answers]

    def request(
        self,
        family: str,
        command: int,
        payload: bytes = b"",
        flags: int = 0,
        *,
        version: int | None = None,
        operation: Operation | None = None,
        timeout: float | None = None,
    ) -> Message:
        """Ask for what the family answers with one message.

        Args:
            family: Name of the family.
            command: Number of the command, a u8.
            payload: The family's own header, if it has one, and attributes.
            flags: ``nlmsg_flags`` besides NLM_F_REQUEST.
            version: ``genlmsghdr.version``; default the family's.
            operation: What it is, for errors; ``header_size`` counts the generic header.
            timeout: Seconds to wait for the answer.

        Returns:
            The answer; its payload begins with the generic header.

        Raises:
            GoneError: The family is gone.
            UnsupportedError: The kernel never had it.
            KernelError, ChannelTimeout, DecodeError, OverrunError, BrokenError, ClosedError: As NetlinkSocket.
        """

        def ask(known: Family) -> Message:
            body = _body(known, command, payload, version)
            return self.socket.request(
                known.id, body, flags, operation=operation or _operation(known, command), timeout=timeout
            )

        return self._with_family(family, ask)

    def execute(
        self,
        family: str,
        command: int,
        payload: bytes = b"",
        flags: int = 0,
        *,
        version: int | None = None,
        operation: Operation | None = None,
        timeout: float | None = None,
    ) -> list[Message]:
        """Ask the family to do something, and have it acknowledged; arguments and errors as :meth:`request`.

        Returns:
            Messages that came before the acknowledgement; mostly none.
        """

        def ask(known: Family) -> list[Message]:
            body = _body(known, command, payload, version)
            return self.socket.execute(
                known.id, body, flags, operation=operation or _operation(known, command), timeout=timeout
            )

        return self._with_family(family, ask)

    def dump(
        self,
        family: str,
        command: int,
        payload: bytes = b"",
        flags: int = 0,
        *,
        version: int | None = None,
        operation: Operation | None = None,
        timeout: float | None = None,
        retries: int = 10,
    ) -> Iterator[Message]:
        """Ask the family for a table, whole and consistent; see :meth:`NetlinkSocket.dump`.

        Raises:
            DumpInterrupted: The table changed each time.
            GoneError, UnsupportedError, KernelError, ChannelTimeout, DecodeError, ClosedError: As :meth:`request`.
        """

        def ask(known: Family) -> Iterator[Message]:
            body = _body(known, command, payload, version)
            return self.socket.dump(
                known.id,
                body,
                flags,
                operation=operation or _operation(known, command),
                timeout=timeout,
                retries=retries,
            )

        return self._with_family(family, ask)

    def subscribe(
        self,
        family: str,
        decode: Callable[[Message], T],
        *groups: str,
        sequence: SequenceOf | None = None,
        sources: Mapping[Hashable, int | None] | None = None,
        timeout: float = math.inf,
        receive_buffer: int = 4 << 20,
    ) -> Subscription[T]:
        """Subscribe to multicast groups of a family.

        Args:
            family: Name of the family.
            decode: Makes an item of a message.
            groups: Names of groups; all of the family's if none is given.
            sequence: Tells source and number of an event, where events are numbered.
            sources: All who number events, each with the number of its first event or None.
            timeout: Seconds that iteration waits for the next item.
            receive_buffer: Bytes of kernel memory for waiting events.

        Raises:
            UnsupportedError: The kernel has no such family, or the family no such group.
            GoneError: The family is gone.
            KernelError: EPERM where a group wants a capability.
        """
        known = self.family(family, refresh=True)
        missing = [each for each in groups if each not in known.groups]
        if missing:
            raise UnsupportedError(
                f"generic netlink family {family!r} has no multicast group {missing[0]!r}",
                feature=f"multicast group {missing[0]}",
                hint=f"it has: {', '.join(sorted(known.groups)) or 'none'}",
            )
        return Subscription(
            nl.NETLINK_GENERIC,
            decode,
            groups=[known.groups[each] for each in groups or known.groups],
            sequence=sequence,
            sources=sources,
            timeout=timeout,
            netns=self._netns,
            receive_buffer=receive_buffer,
        )

    def _with_family(self, name: str, ask: Callable[[Family], R]) -> R:
        known = self.family(name)
        try:
            return ask(known)
        except KernelError as error:
            # These two also mean other things: only a changed number proves that it was stale.
            if error.errno not in _STALE:
                raise
            found = self.family(name, refresh=True)
            if found.id == known.id:
                raise
        return ask(found)

    def close(self) -> None:
        """Close the socket, unless it was given by the caller."""
        if self._owned:
            self.socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _body(family: Family, command: int, payload: bytes, version: int | None) -> bytes:
    return GENERIC_HEADER.pack(command, family.version if version is None else version, 0) + payload


@functools.cache
def _described(name: str, header_size: int, command: int) -> Operation:
    return Operation(f"{name} command {command}", header_size)


def _operation(family: Family, command: int) -> Operation:
    return _described(family.name, GENERIC_HEADER.size + family.header_size, command)
