"""A stream of events from the kernel: multicast groups, or unicast on a raw protocol unit."""

from __future__ import annotations

import enum
import math
import os
import select
import threading
import time
import weakref
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Generic, Self, TypeVar

from landbridge.errors import BusyError, ChannelTimeout, ClosedError, DecodeError
from landbridge.events import Lost
from landbridge.netlink import constants as nl
from landbridge.netlink.completion import settle
from landbridge.netlink.conversation import Conversation
from landbridge.netlink.event_queue import EventQueue, Numbered, SequenceOf
from landbridge.netlink.ledger import LossLedger
from landbridge.netlink.namespace import Namespace
from landbridge.netlink.port import Memory, Port
from landbridge.netlink.request import Operation, Shape
from landbridge.netlink.statistics import Statistics
from landbridge.netlink.wire import Message, build

if TYPE_CHECKING:
    import asyncio

T = TypeVar("T")


class _Nothing(enum.Enum):
    NOTHING = 0


_NOTHING: Final = _Nothing.NOTHING


class Subscription(Generic[T]):
    """Events of the kernel, as an iterator, an async iterator, or a file descriptor to poll.

    Each item is what ``decode`` made of a message, or :class:`~landbridge.events.Lost` where events
    were dropped; the stream goes on after it. With sequence numbers Lost stands exactly where the
    events are missing. Without them it stands where the queue was empty again after the loss.

    Iteration ends (StopIteration) when the subscription is closed, from whichever thread;
    :meth:`receive` raises ClosedError then. A message that ``decode`` refuses raises its error from
    the iteration, and the next call goes on with the next message. One thread, or one task, reads
    at a time. In a forked child the subscription is closed: its events are the parent's.

    Attributes:
        statistics: What has been noticed: forged messages, overruns.
        ledger: What has been lost, as each witness tells.
    """

    def __init__(
        self,
        protocol: int,
        decode: Callable[[Message], T],
        *,
        groups: Iterable[int] = (),
        sequence: SequenceOf | None = None,
        sources: Mapping[Hashable, int | None] | None = None,
        timeout: float = math.inf,
        netns: str | None = None,
        receive_buffer: int = 4 << 20,
        tell_sender: bool = False,
        numbered: Numbered | None = None,
    ) -> None:
        """Subscribe.

        Args:
            protocol: The unit.
            decode: Makes an item of a message.
            groups: Numbers of the multicast groups to join.
            sequence: Tells the source and number of an event, where events are numbered.
            sources: All who number events, each with the number of its first event or None, where
                that is known; then numbers and drop counter are held against each other.
            timeout: Seconds that iteration waits for the next item; then it raises ChannelTimeout,
                and may be gone on with.
            netns: File of the network namespace; default the calling thread's.
            receive_buffer: Bytes of kernel memory for waiting events, by force where that is
                permitted (CAP_NET_ADMIN), else as far as net.core.rmem_max lets.
            tell_sender: Let the kernel end know when a multicast message finds the buffer full.
            numbered: The events of one source, to be read the short way where they come as usual;
                ``sequence`` and ``decode`` read the others.

        Raises:
            UnsupportedError: The kernel has no such protocol.
            KernelError: EPERM where a group wants a capability; EINVAL for an unknown group.
        """
        self.statistics = Statistics()
        self.ledger = LossLedger(sources=sources)
        self._decode = decode
        self._timeout = timeout
        self._conversation = Conversation(self.statistics)
        self._lock = threading.RLock()
        self._closed = ""
        self._waiting = 0
        self._future: asyncio.Future[None] | None = None
        namespace = Namespace(netns)
        try:
            self._port = Port(protocol, namespace, self.statistics, receive_buffer=receive_buffer)
        finally:
            namespace.close()
        try:
            if tell_sender:
                self._port.socket.setsockopt(nl.SOL_NETLINK, nl.NETLINK_BROADCAST_ERROR, 1)
            for group in groups:
                self._port.join(group)
            self._wake = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        except BaseException:
            self._port.close()
            raise
        self._queue = EventQueue(self._port, self.ledger, self._conversation, sequence, numbered=numbered)
        self._items = self._queue.items
        self._poll = select.poll()
        self._poll.register(self._port.socket, select.POLLIN)
        self._poll.register(self._wake, select.POLLIN)
        _subscriptions.add(self)

    # Receiving -------------------------------------------------------------------------------

    def _next(self) -> T | Lost | _Nothing:
        # The next item if one is there, else _NOTHING; decode may well make None of a message.
        with self._lock:
            if self._closed:
                raise ClosedError(self._closed)
            if not self._items:
                self._queue.fill()
                if not self._items:
                    return _NOTHING
            item = self._items.popleft()
        return self._opened(item)

    def _opened(self, item: Any) -> T | Lost:
        if isinstance(item, Message):
            return self._decode(item)
        if isinstance(item, DecodeError):
            raise item
        opened: T | Lost = item
        return opened

    # Reading ---------------------------------------------------------------------------------

    def receive(self, timeout: float | None = None) -> T | Lost:
        """Wait for the next item.

        Args:
            timeout: Seconds to wait; 0 does not wait; default that of the subscription.

        Raises:
            ChannelTimeout: Nothing came in time; call again when you like.
            ClosedError: The subscription was closed.
            DecodeError: The next message is malformed; the one after it comes next.
        """
        item = self._next()
        if item is not _NOTHING:
            return item
        timeout = self._timeout if timeout is None else timeout
        deadline = time.monotonic() + timeout
        while True:
            self._wait(deadline)
            item = self._next()
            if item is not _NOTHING:
                return item
            if time.monotonic() >= deadline:
                raise ChannelTimeout(f"no event in {timeout:g} s")

    def _wait(self, deadline: float) -> None:
        # Waits without the lock, so that close() and execute() get through.
        with self._lock:
            if self._closed:
                return
            self._waiting += 1
        try:
            self._poll.poll(None if deadline == math.inf else max(0.0, deadline - time.monotonic()) * 1000)
        finally:
            with self._lock:
                self._waiting -= 1
                self._release()

    def available(self) -> Iterator[T | Lost]:
        """Yield what is there now, without waiting; for use when ``fileno()`` is readable.

        Raises:
            DecodeError: A message is malformed.
        """
        while True:
            try:
                item = self._next()
            except ClosedError:
                return
            if item is _NOTHING:
                return
            yield item

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> T | Lost:
        try:
            item = self._items.popleft()
        except IndexError:
            try:
                return self.receive()
            except ClosedError:
                raise StopIteration from None
        return item if item.__class__ not in _UNREAD else self._opened(item)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T | Lost:
        import asyncio  # noqa: PLC0415 - costs 40 ms, and most programs do not use it

        try:
            item = self._next()
            if item is not _NOTHING:
                return item
            async with asyncio.timeout(None if self._timeout == math.inf else self._timeout):
                while item is _NOTHING:
                    await self._readable(asyncio.get_running_loop())
                    item = self._next()
            return item
        except ClosedError:
            raise StopAsyncIteration from None
        except TimeoutError as error:
            if isinstance(error, ChannelTimeout):
                raise
            raise ChannelTimeout(f"no event in {self._timeout:g} s") from None

    async def _readable(self, loop: asyncio.AbstractEventLoop) -> None:
        with self._lock:
            if self._closed:
                return
            if self._future is not None:
                raise BusyError("another task waits for this subscription already")
            future = self._future = loop.create_future()
            self._waiting += 1
            descriptors = (self._port.socket.fileno(), self._wake)
        try:
            for each in descriptors:
                loop.add_reader(each, _set_done, future)
            await future
        finally:
            for each in descriptors:
                loop.remove_reader(each)
            with self._lock:
                self._future = None
                self._waiting -= 1
                self._release()

    def fileno(self) -> int:
        """Descriptor that is readable when something has arrived; then read :meth:`available` to its end.

        Raises:
            ClosedError: The subscription was closed.
        """
        if self._closed:
            raise ClosedError(self._closed)
        return self._port.socket.fileno()

    # Speaking --------------------------------------------------------------------------------

    def execute(
        self,
        kind: int,
        payload: bytes = b"",
        flags: int = 0,
        *,
        operation: Operation | None = None,
        timeout: float = 5.0,
    ) -> None:
        """Send a request from the subscription's own port and have it acknowledged.

        Kernel ends that unicast to registered ports learn the port so. Events that come meanwhile
        are kept.

        Args:
            kind: ``nlmsg_type``.
            payload: Family header and attributes.
            flags: ``nlmsg_flags`` besides NLM_F_REQUEST and NLM_F_ACK.
            operation: What it is, for errors.
            timeout: Seconds to wait for the acknowledgement.

        Raises:
            KernelError: The kernel refuses.
            ChannelTimeout: No acknowledgement came in time.
            ClosedError: The subscription was closed.
        """
        with self._lock:
            if self._closed:
                raise ClosedError(self._closed)
            conversation = self._conversation
            pending, data = conversation.start(kind, payload, flags, Shape.ACK, operation)
            deadline = time.monotonic() + timeout
            try:
                self._port.send(data)
                while not pending.done:
                    before = len(self._items)
                    self._queue.fill()
                    if not pending.done and len(self._items) == before and not self._port.wait(deadline):
                        self.statistics.timeouts += 1
                        raise ChannelTimeout(f"{pending.name}: no acknowledgement in {timeout:g} s")
            finally:
                conversation.forget([pending])
        settle(pending, self.statistics)

    def send(self, kind: int, payload: bytes = b"", flags: int = 0) -> None:
        """Send a message from the subscription's own port and wait for nothing.

        Args:
            kind: ``nlmsg_type``.
            payload: Family header and attributes.
            flags: ``nlmsg_flags``, all of them.

        Raises:
            KernelError: The kernel refuses at once.
            ClosedError: The subscription was closed.
        """
        with self._lock:
            if self._closed:
                raise ClosedError(self._closed)
            self._port.send(build(kind, flags, self._conversation.issue(), payload))

    # Life ------------------------------------------------------------------------------------

    @property
    def portid(self) -> int:
        """The port id that the kernel gave the subscription."""
        return self._port.portid

    @property
    def memory(self) -> Memory:
        """What the kernel accounts to the receive queue: bytes queued, the limit in force, drops."""
        return self._port.memory()

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return bool(self._closed)

    def close(self) -> None:
        """End the subscription, and wake whoever waits for it. A second close does nothing."""
        with self._lock:
            if self._closed:
                return
            self._closed = "the subscription was closed"
            self._items.clear()
            os.eventfd_write(self._wake, 1)
            self._release()
        _subscriptions.discard(self)

    def _release(self) -> None:
        # The last one out closes the descriptors: a number that someone polls must not be used anew.
        if self._closed and not self._waiting and self._wake >= 0:
            wake, self._wake = self._wake, -1
            self._port.close()
            os.close(wake)

    def _after_fork(self) -> None:
        self._lock = threading.RLock()
        self._closed = "the subscription belongs to the parent process: subscribe in the child"
        self._waiting = 0
        self._release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Subscription {'closed' if self._closed else f'port {self._port.portid}'}>"


def _set_done(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


_UNREAD: Final = (Message, DecodeError)
_subscriptions: weakref.WeakSet[Subscription[Any]] = weakref.WeakSet()


def _after_fork() -> None:
    for each in list(_subscriptions):
        each._after_fork()


os.register_at_fork(after_in_child=_after_fork)
