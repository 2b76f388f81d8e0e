"""What the code of handlers calls while it runs."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from landbridge.compiler import ir
from landbridge.compiler.intrinsics import INTRINSICS
from landbridge.compiler.objects import OBJECTS
from landbridge.errors import UnsupportedError
from landbridge.sim.events import EventSource
from landbridge.sim.logtext import LogLine
from landbridge.sim.values import from_user
from landbridge.spec import InterfaceSpec

if TYPE_CHECKING:
    from landbridge.sim.kernel import SimulatedKernel

# The kernel's DEFAULT_RATELIMIT_INTERVAL and _BURST (linux/ratelimit_types.h).
_LIMIT_NS, _LIMIT_BURST = 5_000_000_000, 10


class Runtime:
    """The kernel as the handlers of one kernel end see it.

    Attributes:
        budget: Turns of loops that the running handler may still take.
        rows: Rows that the running table gave.
        events: The kernel end of each Event.
    """

    def __init__(self, spec: InterfaceSpec, kernel: SimulatedKernel) -> None:
        self._spec = spec
        self._kernel = kernel
        self.budget = ir.LOOP_BUDGET
        self.rows: list[bytes] = []
        self.events = {each.name: EventSource() for each in spec.events}
        self._limits: dict[str, tuple[int, int]] = {}

    def ask(self, name: str, *arguments: Any) -> Any:
        """Answer an intrinsic."""
        value = getattr(self._kernel, name)(*arguments)
        result = INTRINSICS[name].result
        return None if result is None else from_user(result, value)

    def tasks(self) -> Iterator[SimpleNamespace]:
        """The processes, as handlers see them."""
        return _views("Task", list(self._kernel.processes))

    def devices(self) -> Iterator[SimpleNamespace]:
        """The network devices, as handlers see them."""
        return _views("NetDevice", list(self._kernel.netdevs))

    def log(self, level: str, text: str) -> None:
        """Write a line to the kernel log."""
        self._kernel.log.append(LogLine(level, f"{self._spec.c_name}: {text}", self._kernel.now_ns))

    def log_limited(self, place: str, level: str, text: str) -> None:
        """Write a line, but not more than the kernel's rate limit lets pass from one place in the code."""
        now = self._kernel.now_ns
        begin, count = self._limits.get(place, (now, 0))
        if now - begin > _LIMIT_NS:
            begin, count = now, 0
        if count < _LIMIT_BURST:
            self.log(level, text)
        self._limits[place] = (begin, count + 1)

    def emit(self, name: str, record: bytes) -> None:
        """Send an event."""
        self.events[name].emit(record)

    def refuse_c(self, name: str) -> None:
        """Stand in for a body in C."""
        raise UnsupportedError(
            f"{self._spec.name}.{name} has a body in C, which the simulation cannot run",
            feature="lb.c() in the simulation",
            hint="run it in a throwaway kernel: landbridge run",
        )


def _views(kind: str, things: list[Any]) -> Iterator[SimpleNamespace]:
    for each in things:
        yield SimpleNamespace(
            **{name: from_user(attribute.type, getattr(each, name)) for name, attribute in OBJECTS[kind].items()}
        )
