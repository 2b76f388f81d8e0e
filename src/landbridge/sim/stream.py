"""Events of a simulated kernel end as a user end sees them."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterator
from typing import Any, NoReturn

from landbridge.errors import ChannelTimeout, ClosedError, LandbridgeError
from landbridge.events import Lost
from landbridge.sim.events import Listener
from landbridge.sim.simulation import Simulation
from landbridge.spec import EventSpec


class SimulatedStream:
    """The stream of one Event; see :class:`landbridge.declare.EventStream`.

    Waiting ends when another thread makes an event; a test in one thread asks with ``next(timeout=0)``.
    """

    def __init__(self, simulation: Simulation, spec: EventSpec) -> None:
        self._simulation = simulation
        self._spec = spec
        self._listener: Listener | None = None
        self._expected: int | None = None
        self._after_loss: deque[Any] = deque()
        self._closed = False

    def __call__(self, record: Any) -> NoReturn:
        raise LandbridgeError(f"{self._what}: only the kernel end sends events")

    def __iter__(self) -> Iterator[Any]:
        self.open()
        while True:
            item = self._take(None)
            if item is None:
                return
            yield item

    async def __aiter__(self) -> AsyncIterator[Any]:
        self.open()
        while True:
            item = await asyncio.to_thread(self._take, None)
            if item is None:
                return
            yield item

    def next(self, timeout: float | None = None) -> Any:
        """Wait for one event, or one loss.

        Args:
            timeout: Seconds; None waits for ever, 0 does not wait.

        Raises:
            ChannelTimeout: None came in time.
            ClosedError: The stream is closed.
        """
        self.open()
        item = self._take(timeout)
        if item is None:
            if self._closed:
                raise ClosedError(f"{self._what}: used after close()")
            raise ChannelTimeout(f"{self._what}: no event in {timeout} s")
        return item

    def fileno(self) -> int:
        """A descriptor that is readable while an event waits."""
        return self._open().fileno()

    def open(self) -> None:
        """Start to listen now."""
        self._open()

    def close(self) -> None:
        """Stop listening; whoever waits is told."""
        self._closed = True
        if self._listener is not None:
            self._listener.close()

    @property
    def _what(self) -> str:
        return f"{self._simulation.spec.c_name}.{self._spec.name}"

    def _open(self) -> Listener:
        if self._closed:
            raise ClosedError(f"{self._what}: used after close()")
        if self._listener is None:
            self._listener = self._simulation.subscribe(self._spec.name)
            self._expected = sum(self._simulation.event_counts(self._spec.name)) + 1
        return self._listener

    def _take(self, timeout: float | None) -> Any:
        if self._after_loss:
            return self._after_loss.popleft()
        assert self._listener is not None
        event = self._listener.get(timeout)
        if event is None:
            return None
        missed = event.sequence - (self._expected or event.sequence)
        self._expected = event.sequence + 1
        record = self._spec.record.from_raw(event.record)
        if missed:
            self._after_loss.append(record)
            return Lost(missed)
        return record
