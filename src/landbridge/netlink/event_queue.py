"""From the datagrams of a socket to events in order, with each loss at its place."""

from __future__ import annotations

import socket
from collections import deque
from collections.abc import Callable, Hashable
from typing import Any, Final, NamedTuple, TypeAlias

from landbridge.errors import DecodeError, OverrunError
from landbridge.events import Lost
from landbridge.netlink import constants as nl
from landbridge.netlink.conversation import Conversation
from landbridge.netlink.ledger import LossLedger
from landbridge.netlink.port import Port
from landbridge.netlink.wire import HEADER, HEADER_SIZE, Message, messages

SequenceOf: TypeAlias = Callable[[Message], tuple[Hashable, int] | None]
"""Tells the source and the number of an event, or None for one without a number."""

# What the kernel accounts to a queued message besides its bytes, at the least.
_OVERHEAD: Final = 256
# Events that are taken off the queue at a time.
_BATCH: Final = 64


class Numbered(NamedTuple):
    """The usual kind of event, which is read the short way: alone in its datagram, and numbered.

    Attributes:
        kind: Its ``nlmsg_type``.
        read: Takes a buffer, the start and the end of the payload in it; gives the event's number and the item.
    """

    kind: int
    read: Callable[[bytearray, int, int], tuple[int, Any]]


class EventQueue:
    """What came and is not read yet. Does not wait; one thread fills it at a time.

    Attributes:
        items: Message, Lost, DecodeError, or an item that was read already.
        port: The socket.
        ledger: What has been lost.
    """

    def __init__(
        self,
        port: Port,
        ledger: LossLedger,
        conversation: Conversation,
        sequence: SequenceOf | None,
        *,
        numbered: Numbered | None = None,
    ) -> None:
        self.items: deque[Any] = deque()
        self.port = port
        self.ledger = ledger
        self._conversation = conversation
        self._statistics = conversation.statistics
        self._sequence = sequence
        self._numbered = numbered

    def fill(self) -> None:
        """Put what has arrived into ``items``: some events, or after an overrun all.

        The kernel drops everything after an overrun until the queue has been empty once.
        """
        left, had = 0, len(self.items)
        if self._numbered is not None:
            left = self._fill_numbered(self._numbered)
            if len(self.items) > had and not left:
                return
        idle_tries = 3
        while True:
            try:
                size = self.port.receive()
            except OverrunError:
                left = max(left, self._overran())
                continue
            except DecodeError as error:
                self._was_cut(error)
                continue
            if not size:
                # Not idle after all means that more has arrived just now.
                idle_tries -= 1
                if self._settle_idle() or not idle_tries:
                    return
                continue
            self._take(size)
            if not left:
                return
            left -= size + _OVERHEAD
            if left <= 0:
                # All that was queued at the overrun has come, and yet there is more: the queue was
                # empty on the way. Numbers tell where; without them the place is here.
                if not self.ledger.sequenced:
                    self._report(self.ledger.idle(self.port.memory().drops))
                return

    def _fill_numbered(self, events: Numbered) -> int:
        # Takes numbered events off the queue, a batch at a time; gives how much was queued at an overrun.
        port, append, account = self.port, self.items.append, self.ledger.event
        receive, unpack = port.socket.recvfrom_into, HEADER.unpack_from
        kind, read = events
        for _ in range(_BATCH):
            buffer = port.buffer
            try:
                size, sender = receive(buffer, 0, socket.MSG_TRUNC)
            except BlockingIOError:
                return 0
            except OSError as error:
                try:
                    port.receive_failed(error)
                except OverrunError:
                    return self._overran()
            if not sender[0] and HEADER_SIZE <= size <= len(buffer):
                length, found, _, _, _ = unpack(buffer)
                if found == kind and length == size:
                    try:
                        number, item = read(buffer, HEADER_SIZE, size)
                    except DecodeError as error:
                        append(error)
                        continue
                    lost = account(0, number)
                    if lost is not None:
                        append(lost)
                    append(item)
                    continue
            try:
                if port.accept(size, sender[0]):
                    self._take(size)
            except DecodeError as error:
                self._was_cut(error)
        return 0

    def _overran(self) -> int:
        # The kernel dropped events. Gives how much it holds yet, at least 1.
        self.ledger.overrun()
        return max(self.port.memory().queued, 1)

    def _was_cut(self, error: DecodeError) -> None:
        # The buffer has been grown, but this one is lost.
        if not self.port.cut:
            self.items.append(error)
        self.items.append(self.ledger.truncated())

    def _settle_idle(self) -> bool:
        # The queue was empty a moment ago. Accounts for the drop counter if it still is: only
        # then do all drops counted lie before whatever comes next.
        memory = self.port.memory()
        if memory.queued:
            return False
        again = self.port.memory()
        if again.queued or again.drops != memory.drops:
            return False
        self._report(self.ledger.idle(memory.drops))
        return True

    def _report(self, lost: Lost | None) -> None:
        if lost is not None:
            self.items.append(lost)

    def _take(self, size: int) -> None:
        try:
            for message in messages(self.port.buffer, size):
                if message.type == nl.NLMSG_OVERRUN:
                    self.items.append(Lost(None))
                elif message.type == nl.NLMSG_NOOP:
                    continue
                elif self._conversation.owns(message):
                    # Acknowledgements of execute(), which may stand between events.
                    self._conversation.take(message)
                elif message.type == nl.NLMSG_ERROR:
                    self._statistics.stale += 1
                else:
                    self._take_event(message)
        except DecodeError as error:
            self.items.append(error)

    def _take_event(self, message: Message) -> None:
        if self._sequence is not None:
            try:
                numbered = self._sequence(message)
            except DecodeError as error:
                self.items.append(error)
                return
            if numbered is not None:
                self._report(self.ledger.event(*numbered))
        self.items.append(message)
