"""A blocking netlink socket: requests, batches and dumps.

One request, one sequence number, one answer. Threads may share a socket; a forked child opens its
own at first use; a signal handler that raises, or that asks something itself, never mixes answers up.
"""

from __future__ import annotations

import os
import socket
import threading
import weakref
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Final, Self, TypeAlias

from landbridge.errors import BrokenError, ChannelError, ChannelTimeout, OverrunError
from landbridge.netlink import constants as nl
from landbridge.netlink.calls import Calls
from landbridge.netlink.completion import complete, settle
from landbridge.netlink.conversation import Conversation
from landbridge.netlink.dump import dump_parts, stream
from landbridge.netlink.namespace import Namespace
from landbridge.netlink.pool import PortPool
from landbridge.netlink.port import Port
from landbridge.netlink.request import Operation, Pending, Request, Shape
from landbridge.netlink.statistics import Statistics
from landbridge.netlink.wire import HEADER, HEADER_SIZE, Message, messages

Result: TypeAlias = list[Message] | ChannelError
"""What became of one request of a batch: the messages of its answer, or its error."""

_TRUNC: Final = socket.MSG_TRUNC
_ACK_SIZE: Final = HEADER_SIZE + 4
# A request of a batch may be answered with a page of kernel memory and its bookkeeping.
_ANSWER_COST: Final = 6 * 1024
_MAX_BATCH: Final = 256
_MAX_BATCH_BYTES: Final = 64 * 1024


class NetlinkSocket:
    """Asks the kernel over one netlink protocol.

    Safe to share between threads. In a forked child the parent's sockets are closed and opened
    anew at first use, in the same network namespace. Only messages from the kernel count.

    Attributes:
        protocol: The unit: 0 for rtnetlink, 16 for generic netlink, 23 to 31 for private ones.
        timeout: Seconds to wait for an answer where a call does not say.
        statistics: What has been sent, dropped and noticed.
    """

    def __init__(
        self,
        protocol: int,
        *,
        timeout: float = 5.0,
        strict: bool = True,
        netns: str | None = None,
        portid: int = 0,
        receive_buffer: int = 1 << 20,
    ) -> None:
        """Open a socket.

        Args:
            protocol: The unit.
            timeout: Seconds to wait for an answer where a call does not say; ``math.inf`` for ever.
            strict: Have rtnetlink refuse dump requests that ask for what it would ignore.
            netns: File of the network namespace to open it in; default the calling thread's.
            portid: Port id to take; 0, which is nearly always right, lets the kernel choose.
            receive_buffer: Bytes of kernel memory for answers; by force where that is permitted.

        Raises:
            UnsupportedError: The kernel has no such protocol.
            BusyError: ``portid`` is taken.
            KernelError: The kernel refuses for another reason.
        """
        self.protocol = protocol
        self.timeout = timeout
        self.statistics = Statistics()
        self._wanted_portid = portid
        self._pool = PortPool(protocol, Namespace(netns), self.statistics, strict=strict, receive_buffer=receive_buffer)
        self._reset()
        try:
            self._open()
        except BaseException:
            self._pool.close()
            raise
        _sockets.add(self)

    def _reset(self) -> None:
        # Reentrant, for signal handlers that ask; _busy tells such a call that it is inside another.
        self._lock = threading.RLock()
        self._busy = False
        self._port: Port | None = None
        self._conversation = Conversation(self.statistics)

    def _open(self) -> Port:
        port = self._pool.open(self._wanted_portid)
        self._window = max(8, min(_MAX_BATCH, port.memory().limit // _ANSWER_COST))
        self._port = port
        return port

    def _drop(self) -> None:
        # The next request opens another port.
        if self._port is not None:
            self._pool.drop(self._port)
            self._port = None
            self.statistics.reopened += 1

    # Requests --------------------------------------------------------------------------------

    def request(
        self,
        kind: int,
        payload: bytes = b"",
        flags: int = 0,
        *,
        operation: Operation | None = None,
        timeout: float | None = None,
    ) -> Message:
        """Ask for what the kernel answers with one message.

        Args:
            kind: ``nlmsg_type``.
            payload: Family header and attributes.
            flags: ``nlmsg_flags`` besides NLM_F_REQUEST.
            operation: What it is, for errors.
            timeout: Seconds to wait for the answer.

        Returns:
            The answer.

        Raises:
            KernelError: The kernel refuses; also the OSError subclass of the errno.
            ChannelTimeout: No answer came in time.
            DecodeError: The answer is malformed.
            OverrunError: The answer was dropped for want of room.
            BrokenError: The answer has several messages, or none.
            ClosedError: The socket was closed.
        """
        with self._lock:
            if self._busy:
                return self._aside(Request(kind, payload, flags, True, operation), timeout)[0]
            try:
                self._busy = True
                port = self._port or self._open()
                sequence = self._conversation.issue()
                data = HEADER.pack(HEADER_SIZE + len(payload), kind, flags | nl.NLM_F_REQUEST, sequence, 0) + payload
                size = self._exchange(port, data)
                # The straight way: the datagram is the one message that was asked for.
                buffer = port.buffer
                if size >= HEADER_SIZE:
                    length, answer, seen, number, owner = HEADER.unpack_from(buffer)
                    if (
                        number == sequence
                        and length == size
                        and answer > nl.NLMSG_OVERRUN
                        and not seen & nl.NLM_F_MULTI
                    ):
                        return Message(answer, seen, number, owner, bytes(buffer[HEADER_SIZE:size]))
                pending = self._conversation.expect(sequence, Shape.REPLY, data, operation)
                return self._complete(port, pending, size, timeout)[0]
            finally:
                self._busy = False

    def execute(
        self,
        kind: int,
        payload: bytes = b"",
        flags: int = 0,
        *,
        operation: Operation | None = None,
        timeout: float | None = None,
    ) -> list[Message]:
        """Ask for something to be done, and have it acknowledged.

        Args:
            kind: ``nlmsg_type``.
            payload: Family header and attributes.
            flags: ``nlmsg_flags`` besides NLM_F_REQUEST and NLM_F_ACK.
            operation: What it is, for errors.
            timeout: Seconds to wait for the acknowledgement.

        Returns:
            Messages that came before the acknowledgement (with NLM_F_ECHO); mostly none.

        Raises:
            KernelError: The kernel refuses; also the OSError subclass of the errno.
            ChannelTimeout: No acknowledgement came in time.
            DecodeError: The answer is malformed.
            OverrunError: The answer was dropped for want of room; it is unknown whether it was done.
            ClosedError: The socket was closed.
        """
        with self._lock:
            if self._busy:
                return self._aside(Request(kind, payload, flags, False, operation), timeout)
            try:
                self._busy = True
                port = self._port or self._open()
                sequence = self._conversation.issue()
                flags |= nl.NLM_F_REQUEST | nl.NLM_F_ACK
                data = HEADER.pack(HEADER_SIZE + len(payload), kind, flags, sequence, 0) + payload
                size = self._exchange(port, data)
                buffer = port.buffer
                if size >= _ACK_SIZE:
                    length, answer, seen, number, _ = HEADER.unpack_from(buffer)
                    if (
                        number == sequence
                        and length == size
                        and answer == nl.NLMSG_ERROR
                        and not seen & nl.NLM_F_ACK_TLVS
                        and buffer[HEADER_SIZE:_ACK_SIZE] == b"\0\0\0\0"
                    ):
                        return []
                pending = self._conversation.expect(sequence, Shape.ACK, data, operation)
                return self._complete(port, pending, size, timeout)
            finally:
                self._busy = False

    def _exchange(self, port: Port, data: bytes) -> int:
        # Sends, and takes a first datagram if one is there: the kernel carries a request out
        # within send(), so its answer nearly always is. Returns the datagram's size, or 0.
        try:
            port.socket.send(data)
        except OSError as error:
            port.send_failed(data, error)
        try:
            size, sender = port.socket.recvfrom_into(port.buffer, 0, _TRUNC)
        except BlockingIOError:
            return 0
        except OSError as error:
            try:
                port.receive_failed(error)
            except OverrunError:
                self._conversation.overran = True
                return 0
        if sender[0] or size > len(port.buffer):
            return size if port.accept(size, sender[0]) else 0
        return size

    def _complete(self, port: Port, pending: Pending, size: int, timeout: float | None) -> list[Message]:
        # The long way to an answer, from whatever came first.
        conversation = self._conversation
        try:
            if size:
                conversation.receive(port.buffer, size)
            complete(port, conversation, [pending], self.timeout if timeout is None else timeout)
        except BrokenError:
            self._drop()
            raise
        finally:
            conversation.forget([pending])
        return settle(pending, self.statistics)

    def _aside(self, request: Request, timeout: float | None) -> list[Message]:
        # A signal handler (or a finaliser) asks while this thread waits for another answer: on the
        # same port it would take that answer away. So it asks over a port of its own.
        (result,) = self._batch_aside([request], timeout)
        if isinstance(result, ChannelError):
            raise result
        return result

    # Batches ---------------------------------------------------------------------------------

    def batch(self, requests: Sequence[Request], *, timeout: float | None = None) -> list[Result]:
        """Send many requests with few system calls.

        They are carried out in order; one that is refused does not stop the others.

        Args:
            requests: What to ask.
            timeout: Seconds to wait for the answers of each few hundred requests.

        Returns:
            One result per request, in order: the messages of its answer, or its error.

        Raises:
            ClosedError: The socket was closed.
            BrokenError: An answer carries a sequence number that was never used.
        """
        with self._lock:
            if self._busy:
                return self._batch_aside(requests, timeout)
            try:
                self._busy = True
                return self._batch(self._port or self._open(), self._conversation, requests, timeout)
            except BrokenError:
                self._drop()
                raise
            finally:
                self._busy = False

    def _batch_aside(self, requests: Sequence[Request], timeout: float | None) -> list[Result]:
        port = self._pool.borrow()
        clean = False
        try:
            results = self._batch(port, Conversation(self.statistics), requests, timeout)
            clean = not any(isinstance(each, ChannelTimeout | OverrunError | BrokenError) for each in results)
        finally:
            if clean:
                self._pool.give_back(port)
            else:
                self._pool.drop(port)
        return results

    def _batch(
        self, port: Port, conversation: Conversation, requests: Sequence[Request], timeout: float | None
    ) -> list[Result]:
        results: list[Result] = []
        while len(results) < len(requests):
            pendings: list[Pending] = []
            chunk = bytearray()
            # Few enough that the answers fit the receive buffer, all of them at once.
            for request in requests[len(results) : len(results) + self._window]:
                if chunk and len(chunk) + len(request.payload) > _MAX_BATCH_BYTES:
                    break
                pending, data = conversation.start(
                    request.type, request.payload, request.flags, request.shape, request.operation
                )
                pendings.append(pending)
                chunk += data + bytes(-len(data) % 4)
            try:
                port.send(bytes(chunk))
                complete(port, conversation, pendings, self.timeout if timeout is None else timeout)
            finally:
                conversation.forget(pendings)
            results.extend(pending.replies if pending.error is None else pending.error for pending in pendings)
            if any(isinstance(pending.error, ChannelTimeout) for pending in pendings):
                unsent = "not sent: an earlier request of the batch had no answer"
                results.extend(BrokenError(unsent) for _ in range(len(requests) - len(results)))
        return results

    # Dumps -----------------------------------------------------------------------------------

    def dump(
        self,
        kind: int,
        payload: bytes = b"",
        flags: int = 0,
        *,
        operation: Operation | None = None,
        timeout: float | None = None,
        retries: int = 10,
    ) -> Iterator[Message]:
        """Ask for a table, and get it whole and consistent.

        The table is received before this returns, and decoded as you iterate. If the kernel says
        that it changed meanwhile, it is thrown away and asked for again.

        Args:
            kind: ``nlmsg_type``.
            payload: Family header and attributes, among them filters.
            flags: ``nlmsg_flags`` besides NLM_F_REQUEST and NLM_F_DUMP.
            operation: What it is, for errors.
            timeout: Seconds to wait for each next part.
            retries: How many more times to ask when the table changed.

        Returns:
            The messages.

        Raises:
            DumpInterrupted: The table changed each time.
            KernelError: The kernel refuses, at the start or in the midst.
            ChannelTimeout: The next part did not come in time.
            DecodeError: A message is malformed.
            ClosedError: The socket was closed.
        """
        parts = self.dump_parts(kind, payload, flags, operation=operation, timeout=timeout, retries=retries)
        return (message for part in parts for message in messages(part))

    def dump_parts(
        self,
        kind: int,
        payload: bytes = b"",
        flags: int = 0,
        *,
        operation: Operation | None = None,
        timeout: float | None = None,
        retries: int = 10,
    ) -> list[bytes]:
        """Ask for a table as :meth:`dump` does, for decoders that walk the bytes themselves.

        Returns:
            Pieces of whole messages whose headers have been checked. Raises as :meth:`dump`.
        """
        return dump_parts(
            self._pool,
            kind,
            payload,
            flags,
            operation=operation,
            timeout=self.timeout if timeout is None else timeout,
            retries=retries,
        )

    def stream(
        self,
        kind: int,
        payload: bytes = b"",
        flags: int = 0,
        *,
        operation: Operation | None = None,
        timeout: float | None = None,
    ) -> Iterator[Message]:
        """Ask for a table, and get its messages as they come, in little memory.

        Args:
            kind: ``nlmsg_type``.
            payload: Family header and attributes, among them filters.
            flags: ``nlmsg_flags`` besides NLM_F_REQUEST and NLM_F_DUMP.
            operation: What it is, for errors.
            timeout: Seconds to wait for each next part.

        Returns:
            The messages. They are a consistent table only if the iterator ends without an error.

        Raises:
            DumpInterrupted: The table changed; what was yielded so far may be inconsistent.
            KernelError: The kernel refuses, at the start or in the midst.
            ChannelTimeout: The next part did not come in time.
            DecodeError: A message is malformed.
            ClosedError: The socket was closed.
        """
        limit = self.timeout if timeout is None else timeout
        return stream(self._pool, kind, payload, flags, operation=operation, timeout=limit)

    def calls(self) -> Calls:
        """Ports for callers that build and read their messages themselves; they close with this socket."""
        return Calls(self._pool, self.timeout)

    # Life ------------------------------------------------------------------------------------

    @property
    def portid(self) -> int:
        """The port id of the socket that requests use; another one after a fork."""
        with self._lock:
            return (self._port or self._open()).portid

    @property
    def netns_inode(self) -> int:
        """Inode number of the network namespace it was opened in, 0 if unknown."""
        return self._pool.namespace.inode

    def close(self) -> None:
        """Close all sockets; waits for a request of another thread. A second close does nothing."""
        with self._lock:
            self._port = None
            self._pool.close()
        _sockets.discard(self)

    def _after_fork(self) -> None:
        # In the child: let go of the parent's sockets, so that neither gets the other's answers.
        self._reset()
        self._pool.forget()
        self.statistics.reopened += 1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        state = "closed" if self._pool.closed else f"port {self._port.portid}" if self._port else "not open"
        return f"<NetlinkSocket protocol {self.protocol}, {state}>"


_sockets: weakref.WeakSet[NetlinkSocket] = weakref.WeakSet()


def _after_fork() -> None:
    for each in list(_sockets):
        each._after_fork()


os.register_at_fork(after_in_child=_after_fork)
