"""The stream of one Event, as :class:`landbridge.declare.EventStream` describes it."""

from __future__ import annotations

import math
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from landbridge.errors import ClosedError, LandbridgeError
from landbridge.netlink.subscription import Subscription

SKIP: Final = object()
"""What a decoder gives for a message that is no event."""


@dataclass(frozen=True, slots=True)
class EventCounts:
    """What the kernel end counts of an event since it was loaded.

    Attributes:
        sent: Events that were numbered: those that anyone listened to.
        lost: Of these, events that at least one listener did not get.
    """

    sent: int
    lost: int


class NetlinkEvents:
    """Events, in order, with :class:`landbridge.Lost` where some are missing.

    One thread, or one task, reads at a time.
    """

    def __init__(self, what: str, subscribe: Callable[[], Subscription[Any]], count: Callable[[], EventCounts]) -> None:
        self._what = what
        self._subscribe = subscribe
        self._count = count
        self._subscription: Subscription[Any] | None = None
        self._closed = False

    def __call__(self, record: Any) -> NoReturn:
        raise LandbridgeError(f"{self._what}: only the kernel end sends events")

    def __iter__(self) -> Iterator[Any]:
        subscription = self._open()
        for item in subscription:
            if item is not SKIP:
                yield item

    async def __aiter__(self) -> AsyncIterator[Any]:
        subscription = self._open()
        async for item in subscription:
            if item is not SKIP:
                yield item

    def next(self, timeout: float | None = None) -> Any:
        """Wait for one event, or one loss.

        Args:
            timeout: Seconds; None waits for ever, 0 does not wait.

        Raises:
            ChannelTimeout: None came in time.
            ClosedError: The stream is closed.
            GoneError: The kernel end went away.
        """
        subscription = self._open()
        item = subscription.receive(math.inf if timeout is None else timeout)
        if item is not SKIP:
            return item
        deadline = math.inf if timeout is None else time.monotonic() + timeout
        while item is SKIP:
            item = subscription.receive(max(0.0, deadline - time.monotonic()))
        return item

    def fileno(self) -> int:
        """A descriptor that is readable while an event may wait; then ask with ``next(timeout=0)``."""
        return self._open().fileno()

    def open(self) -> None:
        """Start to listen now; iterating does it on first use.

        Raises:
            KernelError: EPERM without the capability that the event asks for.
            BusyError: On a raw unit: there are as many readers as it takes.
            GoneError: No kernel end answers.
        """
        self._open()

    def close(self) -> None:
        """Stop listening; whoever waits is told."""
        self._closed = True
        subscription, self._subscription = self._subscription, None
        if subscription is not None:
            subscription.close()

    @property
    def statistics(self) -> EventCounts:
        """What the kernel end counts of this event."""
        return self._count()

    @property
    def subscription(self) -> Subscription[Any]:
        """What it stands on: the socket's port, memory, and accounts of losses."""
        return self._open()

    def _open(self) -> Subscription[Any]:
        if self._closed:
            raise ClosedError(f"{self._what}: used after close()")
        if self._subscription is None or self._subscription.closed:
            self._subscription = self._subscribe()
        return self._subscription
