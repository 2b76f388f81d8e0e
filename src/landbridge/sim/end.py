"""A simulated kernel end behind the names of its members: what ``lb.load(..., kernel=lb.sim())`` stands on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from landbridge.channels.signature import with_signature
from landbridge.compiler import ir
from landbridge.errors import ClosedError
from landbridge.sim.kernel import SimulatedKernel
from landbridge.sim.simulation import Simulation
from landbridge.sim.stream import SimulatedStream
from landbridge.spec import CommandSpec, EventSpec, NetfilterSpec


class SimulatedEnd:
    """The members of an interface whose kernel end is in this process.

    Unlike a real kernel, hooks and timers can be called by name: ``imp2.watch(packet)``, ``imp2.tick()``.

    Args:
        program: What the front end made of the class.
        kernel: The simulated machine to load it into.
    """

    def __init__(self, program: ir.Program, kernel: SimulatedKernel) -> None:
        self.simulation = Simulation(program, kernel)
        self._spec = program.spec
        self._streams: dict[str, SimulatedStream] = {}
        self._closed = False

    def command(self, name: str) -> Callable[..., Any]:
        spec = self._spec.member(name)
        assert isinstance(spec, CommandSpec)

        def call(*values: Any) -> Any:
            return self._open().call(name, values)

        return with_signature(call, spec)

    def handler(self, name: str) -> Callable[..., Any]:
        if isinstance(self._spec.member(name), NetfilterSpec):
            return lambda packet: self._open().netfilter(name, packet)
        return lambda: self._open().tick(name)

    def get(self, name: str) -> Any:
        return self._open().get(name)

    def set(self, name: str, value: Any) -> None:
        self._open().set(name, value)

    def event(self, name: str) -> SimulatedStream:
        spec = self._spec.member(name)
        assert isinstance(spec, EventSpec)
        if name not in self._streams:
            self._streams[name] = SimulatedStream(self._open(), spec)
        return self._streams[name]

    def table(self, name: str) -> SimulatedTable:
        return SimulatedTable(self, name)

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            for stream in self._streams.values():
                stream.close()
            self.simulation.unload()

    def _open(self) -> Simulation:
        if self._closed:
            raise ClosedError(f"{self._spec.c_name}: used after close()")
        return self.simulation


class SimulatedTable:
    """A table: each iteration reads all rows in one pass."""

    def __init__(self, end: SimulatedEnd, name: str) -> None:
        self._end = end
        self._name = name

    def __iter__(self) -> Iterator[Any]:
        return iter(self._end._open().dump(self._name))
