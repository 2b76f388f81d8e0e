"""Who gets which answer: requests, sequence numbers and the messages that come back. No I/O.

One request has one sequence number and one answer. Answers to requests that were given up (a
timeout, a signal handler that raised) are recognised by their number, counted and dropped.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Final

from landbridge.errors import BrokenError, OverrunError
from landbridge.netlink import constants as nl
from landbridge.netlink.request import Operation, Pending, Shape
from landbridge.netlink.statistics import Statistics
from landbridge.netlink.wire import HEADER, HEADER_SIZE, Buffer, Message, build, walk

_MASK: Final = 0xFFFFFFFF
# Numbers that lie this far back, or less, count as ours but old.
_WINDOW: Final = 1 << 31


class Conversation:
    """The user end's memory of one netlink socket.

    Attributes:
        statistics: Counts, shared with the socket.
        sequence: The number that was used last.
        overran: Messages were lost, and it is not known which, until :meth:`settle_overrun`.
    """

    __slots__ = ("_issued", "_pending", "overran", "sequence", "statistics")

    def __init__(self, statistics: Statistics | None = None, *, first: int | None = None) -> None:
        """Start without requests.

        Args:
            statistics: Where to count; default a new one.
            first: The number to begin after; default random, so that numbers of two sockets differ.
        """
        self.statistics = statistics if statistics is not None else Statistics()
        self.sequence = int.from_bytes(os.urandom(4), "little") if first is None else first
        self.overran = False
        self._issued = 0
        self._pending: dict[int, Pending] = {}

    def issue(self) -> int:
        """Take the next sequence number; never 0, which notifications have."""
        self.sequence = (self.sequence + 1) & _MASK or 1
        self._issued += 1
        self.statistics.requests += 1
        return self.sequence

    def expect(self, sequence: int, shape: Shape, request: bytes, operation: Operation | None = None) -> Pending:
        """Expect the answer to a request that has been built.

        Args:
            sequence: Its number, from :meth:`issue`.
            shape: What ends the answer.
            request: The request as sent.
            operation: What it is, for errors.
        """
        pending = Pending(sequence, shape, request, operation)
        self._pending[sequence] = pending
        return pending

    def start(
        self, kind: int, payload: Buffer, flags: int, shape: Shape, operation: Operation | None = None
    ) -> tuple[Pending, bytes]:
        """Build a request and expect its answer.

        Returns:
            The request's memory, and the bytes to send.
        """
        flags |= nl.NLM_F_REQUEST
        if shape is Shape.ACK:
            flags |= nl.NLM_F_ACK
        elif shape is Shape.DUMP:
            flags |= nl.NLM_F_DUMP
        sequence = self.issue()
        data = build(kind, flags, sequence, payload)
        return self.expect(sequence, shape, data, operation), data

    def forget(self, pendings: Iterable[Pending]) -> None:
        """Give up requests; what still comes for them is stale."""
        for each in pendings:
            self._pending.pop(each.sequence, None)

    def owns(self, message: Message) -> bool:
        """Whether the message ends a request that is expected here (for sockets that also get events)."""
        return message.type in (nl.NLMSG_ERROR, nl.NLMSG_DONE) and message.sequence in self._pending

    def take(self, message: Message) -> None:
        """Take a message that :meth:`owns` says is expected here.

        Raises:
            DecodeError: It is malformed.
        """
        self._pending[message.sequence].take(message)

    def is_stale(self, sequence: int) -> bool:
        """Whether the number was issued here before, and is not waited for any more."""
        back = (self.sequence - sequence) & _MASK
        if sequence > self.sequence:
            back -= 1  # 0 was skipped on the way
        return back < min(self._issued, _WINDOW) and sequence not in self._pending

    def receive(self, datagram: Buffer, size: int | None = None) -> None:
        """Take a datagram that the kernel sent, and hand its messages to the requests they answer.

        Raises:
            DecodeError: The bytes are no netlink messages. Those before the bad one are taken.
            BrokenError: A message carries a sequence number that was never issued. All messages of
                the datagram are taken before it is raised.
        """
        end = len(datagram) if size is None else size
        offset = self._receive_dump(datagram, end) or self._receive_single(datagram, end)
        if offset >= end:
            return
        unknown: int | None = None
        # The offsets in errors count from the start of the datagram, hence no slice at the front.
        for kind, flags, sequence, port, start, stop in walk(datagram, end):
            if start <= offset:
                continue
            if kind == nl.NLMSG_OVERRUN:
                self.overran = True
                self.statistics.overruns += 1
                continue
            pending = self._pending.get(sequence)
            if pending is not None:
                pending.take(Message(kind, flags, sequence, port, bytes(datagram[start:stop])))
            elif self.is_stale(sequence):
                self.statistics.stale += 1
            elif kind != nl.NLMSG_NOOP:
                unknown = sequence
        if unknown is not None:
            raise BrokenError(
                f"the kernel answered request {unknown}, which was never sent (the last one was {self.sequence})",
                hint="close the socket and open a new one",
            )

    def _receive_single(self, datagram: Buffer, end: int) -> int:
        # The common case of a batch, kept fast: one message in the datagram, for a request that is
        # expected. Returns the offset after it, or 0 if it is another case.
        if end < HEADER_SIZE:
            return 0
        length, kind, flags, sequence, port = HEADER.unpack_from(datagram)
        pending = self._pending.get(sequence)
        if length != end or pending is None or kind == nl.NLMSG_OVERRUN:
            return 0
        pending.take(Message(kind, flags, sequence, port, bytes(datagram[HEADER_SIZE:end])))
        return end

    def _receive_dump(self, datagram: Buffer, end: int) -> int:
        # The common case of a dump, kept fast: all messages of the datagram belong to it. They are
        # checked here and kept as one piece. Returns the offset up to which that was so.
        if len(self._pending) != 1:
            return 0
        pending = next(iter(self._pending.values()))
        if pending.shape is not Shape.DUMP or pending.done:
            return 0
        mine = pending.sequence
        unpack = HEADER.unpack_from
        offset = seen = 0
        while end - offset >= HEADER_SIZE:
            length, kind, flags, sequence, _ = unpack(datagram, offset)
            if sequence != mine or kind < nl.NLMSG_MIN_TYPE or not HEADER_SIZE <= length <= end - offset:
                break
            seen |= flags
            offset += (length + 3) & ~3
        if offset:
            pending.parts.append(bytes(datagram[: min(offset, end)]))
        if seen & nl.NLM_F_DUMP_INTR:
            pending.interrupted = True
        return offset

    def settle_overrun(self) -> None:
        """End what is still expected with OverrunError, once the socket's queue has been emptied."""
        self.overran = False
        for pending in self._pending.values():
            pending.fail(
                OverrunError(
                    f"{pending.name}: the answer was dropped, the receive buffer was full",
                    lost=None,
                    hint="the request itself may have been carried out; a larger receive_buffer avoids this",
                )
            )
