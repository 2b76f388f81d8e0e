"""Events in the simulation: numbered, queued for each listener, and counted when a queue is full."""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from dataclasses import dataclass, field

DEFAULT_CAPACITY = 4096


@dataclass(frozen=True, slots=True)
class SentEvent:
    """One event as it crosses.

    Attributes:
        sequence: Its number, from 1.
        record: Bytes of the record.
    """

    sequence: int
    record: bytes


class Listener:
    """One user end that listens to an Event.

    Args:
        capacity: Events that may wait; more are dropped, which leaves a gap in the numbers.
    """

    def __init__(self, source: EventSource, capacity: int) -> None:
        self._source = source
        self._queue: deque[SentEvent] = deque()
        self._capacity = capacity
        self._arrived = threading.Condition()
        self._descriptor: int | None = None
        self.closed = False

    def put(self, event: SentEvent) -> bool:
        """Queue an event; False if there is no room."""
        with self._arrived:
            if len(self._queue) >= self._capacity:
                return False
            self._queue.append(event)
            if self._descriptor is not None:
                os.eventfd_write(self._descriptor, 1)
            self._arrived.notify()
            return True

    def get(self, timeout: float | None = None) -> SentEvent | None:
        """Wait for an event.

        Args:
            timeout: Seconds; None waits until one comes or the listener is closed; 0 does not wait.

        Returns:
            The oldest event, or None if none came in time.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        with self._arrived:
            while not self._queue and not self.closed:
                left = None if deadline is None else deadline - time.monotonic()
                if left is not None and left <= 0:
                    return None
                self._arrived.wait(left)
            if not self._queue:
                return None
            if self._descriptor is not None:
                os.eventfd_read(self._descriptor)
            return self._queue.popleft()

    def fileno(self) -> int:
        """A descriptor that is readable while an event waits."""
        with self._arrived:
            if self._descriptor is None:
                # As a semaphore it counts the queue.
                self._descriptor = os.eventfd(len(self._queue), os.EFD_CLOEXEC | os.EFD_NONBLOCK | os.EFD_SEMAPHORE)
            return self._descriptor

    def close(self) -> None:
        """Stop listening; a waiting ``get`` returns None once the queue is empty."""
        self._source.listeners.discard(self)
        with self._arrived:
            self.closed = True
            self._arrived.notify_all()
            if self._descriptor is not None:
                os.close(self._descriptor)
                self._descriptor = None


@dataclass(slots=True)
class EventSource:
    """The kernel end of one Event.

    Attributes:
        sent: Events that all listeners got, or that nobody listened to.
        lost: Events that a listener had no room for.
    """

    sent: int = 0
    lost: int = 0
    listeners: set[Listener] = field(default_factory=set)

    def emit(self, record: bytes) -> None:
        """Number an event and give it to each listener."""
        event = SentEvent(self.sent + self.lost + 1, record)
        full = [listener for listener in tuple(self.listeners) if not listener.put(event)]
        if full:
            self.lost += 1
        else:
            self.sent += 1

    def listen(self, capacity: int = DEFAULT_CAPACITY) -> Listener:
        """Start to listen: events from now on."""
        listener = Listener(self, capacity)
        self.listeners.add(listener)
        return listener
