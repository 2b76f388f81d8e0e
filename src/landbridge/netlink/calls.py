"""Ports for single requests at full speed: each is one call's own while it lasts.

A caller takes an entry off the stock, sends, receives, and puts the entry back. Whoever is interrupted in
between (another thread, a signal handler that asks, or one that raises) takes another entry, and an entry that
was not put back is never used again: answers cannot be mixed up, and no lock is needed.
"""

from __future__ import annotations

import errno
import itertools
import random
from collections.abc import Callable
from typing import TypeAlias

from landbridge.errors import OverrunError
from landbridge.netlink.completion import complete, settle
from landbridge.netlink.conversation import Conversation
from landbridge.netlink.pool import PortPool
from landbridge.netlink.port import Port
from landbridge.netlink.request import Operation, Shape
from landbridge.netlink.wire import HEADER, Message

Entry: TypeAlias = tuple[Callable[[bytes], int], Callable[[int], bytes], Port]
"""send, recv, and the port they are of."""


class Calls:
    """A stock of ports.

    Attributes:
        stock: Entries that nobody uses now; ``pop`` and ``append`` are atomic.
        turn: Gives the next sequence number, of which the lowest 32 bits count.
    """

    __slots__ = ("_pool", "_timeout", "stock", "turn")

    def __init__(self, pool: PortPool, timeout: float) -> None:
        """Start without ports.

        Args:
            pool: Opens them, and closes them with itself, or after a fork.
            timeout: Seconds to wait for an answer.
        """
        self._pool = pool
        self._timeout = timeout
        self.stock: list[Entry] = []
        self.turn = itertools.count(random.getrandbits(31)).__next__

    def fresh(self) -> Entry:
        """Open a port, where the stock is empty.

        Raises:
            ClosedError: The socket was closed.
        """
        port = self._pool.open()
        return port.socket.send, port.socket.recv, port

    def rescue(self, entry: Entry, request: bytes, error: OSError) -> tuple[Entry, bytes]:
        """Go on after an error of ``send`` or ``recv``.

        Returns:
            The entry to put back, and what was received; b"" if the answer has not come yet.

        Raises:
            ChannelError: What the error means.
            OSError: It is none of the socket's: a signal handler raised it.
        """
        port = entry[2]
        if isinstance(error, BlockingIOError):
            return entry, b""
        if error.errno == errno.EBADF and not self._pool.closed:
            # Closed by a fork: this is the child, and nothing was sent.
            entry = self.fresh()
            entry[0](request)
            return entry, b""
        self._pool.drop(port)
        if error.errno == errno.ENOBUFS:
            raise OverrunError("the answer was dropped, the receive buffer was full", lost=None) from error
        if error.errno in (errno.EMSGSIZE, errno.ECONNREFUSED, errno.EBADF):
            entry = self.fresh()
            entry[2].send_failed(request, error)
            return entry, b""
        raise error

    def finish(self, entry: Entry, request: bytes, answer: bytes, shape: Shape, operation: Operation) -> list[Message]:
        """Take an answer the long way: it is an error, has several parts, or has not come yet.

        Raises:
            ChannelError: The error that the answer is, or ChannelTimeout.
        """
        port = entry[2]
        conversation = Conversation(self._pool.statistics)
        pending = conversation.expect(HEADER.unpack_from(request)[3], shape, request, operation)
        clean = False
        try:
            if answer:
                conversation.receive(answer)
            complete(port, conversation, [pending], self._timeout)
            clean = pending.done and (pending.error is None or pending.kernel_error is not None)
        finally:
            if clean:
                self.stock.append(entry)
            else:
                self._pool.drop(port)
        return settle(pending, self._pool.statistics)


RECEIVE_SIZE = 8192
"""Bytes to receive at once, where the answer is not larger: room for any error with its extended ACK."""
