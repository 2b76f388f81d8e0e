"""A kernel end in this process."""

from __future__ import annotations

import errno
import threading
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any, TypeVar

from landbridge.compiler import ir
from landbridge.constants import Verdict
from landbridge.errors import KernelError, kernel_error
from landbridge.sim.events import DEFAULT_CAPACITY, Listener
from landbridge.sim.failure import HandlerFailed
from landbridge.sim.kernel import SimulatedKernel
from landbridge.sim.logtext import LogLine
from landbridge.sim.packet import Packet
from landbridge.sim.runtime import Runtime
from landbridge.sim.translate import translate
from landbridge.sim.values import RefusedBytes, decode, encode, from_user
from landbridge.spec import (
    Capability,
    CommandSpec,
    EventSpec,
    MemberSpec,
    NetfilterSpec,
    ParamSpec,
    TableSpec,
    TimerSpec,
)
from landbridge.types import Integer, StructType

M = TypeVar("M", bound=MemberSpec)


class Simulation:
    """The kernel end of an interface, compiled from the same typed tree as the C, in this process.

    All that crosses is bytes here too: :meth:`call_bytes` and its like take and give what a channel carries;
    :meth:`call` and its like pack and unpack around them.

    Attributes:
        spec: The interface.
        kernel: The simulated machine that it is loaded into.
        source: The Python that its handlers became.
        timers_due: When each timer runs next, nanoseconds since boot.

    Args:
        program: What the front end made of the class.
        kernel: The simulated machine; a new one unless told.
    """

    def __init__(self, program: ir.Program, kernel: SimulatedKernel | None = None) -> None:
        self.spec = program.spec
        self.kernel = kernel or SimulatedKernel()
        translation = translate(program)
        self.source = translation.source
        self._runtime = Runtime(self.spec, self.kernel)
        self._memory = SimpleNamespace()
        self._lock = threading.RLock()
        self._functions: dict[str, Callable[..., Any]] = {}
        namespace = {**translation.constants, "_m": self._memory, "_k": self._runtime}
        for name, code in translation.functions.items():
            exec(code, namespace)
            # Out of the way of users' locals, which are plain names.
            self._functions[name] = namespace[f"_call_{name}"] = namespace.pop(name)
        self.timers_due: dict[str, int] = {}
        self.reset()
        self.kernel.loaded.append(self)

    @property
    def log(self) -> list[LogLine]:
        """Lines of the kernel log, oldest first."""
        return self.kernel.log

    def reset(self) -> None:
        """Put the kernel end's memory back to how it is after load."""
        with self._lock:
            for state in self.spec.states:
                setattr(self._memory, state.name, from_user(state.type, state.default))
            for param in self.spec.params:
                setattr(self._memory, param.name, from_user(param.type, param.default))
            for map_ in self.spec.maps:
                setattr(self._memory, map_.name, {})
            for counter in self.spec.counters:
                setattr(self._memory, counter.name, 0)
            self.timers_due.update(
                {each.name: self.kernel.now_ns + each.interval_ms * 1_000_000 for each in self.spec.timers}
            )

    def unload(self) -> None:
        """Take the kernel end out of its machine: hooks and timers run no more, listeners are closed."""
        if self in self.kernel.loaded:
            self.kernel.loaded.remove(self)
        for source in self._runtime.events.values():
            for listener in tuple(source.listeners):
                listener.close()

    # --- commands ------------------------------------------------------------------------------

    def call(self, name: str, values: Sequence[Any] = ()) -> Any:
        """Run a command.

        Args:
            name: Name of the command.
            values: Its arguments, in order, as users write them.

        Returns:
            The result as users see it; None if it has none.

        Raises:
            TypeError, ValueError: An argument does not fit its type.
            KernelError: The command failed.
        """
        spec = self._member(name, CommandSpec)
        if spec.request is None and values:
            raise TypeError(f"{name} takes no arguments, not {len(values)}")
        reply = self.call_bytes(name, spec.request.pack_values(values) if spec.request else b"")
        return spec.reply.unpack_values(reply)[0] if spec.reply else None

    def call_bytes(self, name: str, request: bytes = b"") -> bytes:
        """Run a command on the bytes of its request; gives the bytes of its reply.

        Raises:
            KernelError: The command failed: EPERM, EINVAL for a wrong length or bytes that no value has, or what
                the handler raised.
        """
        spec = self._member(name, CommandSpec)
        self._need(spec, spec.capability)
        arguments = self._take(spec, spec.request, request)
        result = self._run(spec, *arguments)
        return encode(spec.reply, [result]) if spec.reply else b""

    # --- Params --------------------------------------------------------------------------------

    def get(self, name: str) -> Any:
        """Read a Param, as users see it.

        Raises:
            KernelError: EPERM.
        """
        return self._member(name, ParamSpec).value.unpack_values(self.get_bytes(name))[0]

    def get_bytes(self, name: str) -> bytes:
        """Read a Param as the bytes that cross."""
        spec = self._member(name, ParamSpec)
        if not spec.is_readable:
            raise self._error(spec, errno.EPERM)
        self._need(spec, spec.read_capability)
        with self._lock:
            return encode(spec.value, [getattr(self._memory, name)])

    def set(self, name: str, value: Any) -> None:
        """Write a Param.

        Raises:
            TypeError, ValueError: The value does not fit the type.
            KernelError: ERANGE outside its bounds, EPERM.
        """
        self.set_bytes(name, self._member(name, ParamSpec).value.pack_values([value]))

    def set_bytes(self, name: str, raw: bytes) -> None:
        """Write a Param from the bytes that cross."""
        spec = self._member(name, ParamSpec)
        if not spec.is_writable:
            raise self._error(spec, errno.EPERM)
        self._need(spec, None if spec.mode & 0o002 else spec.capability)
        (value,) = self._take(spec, spec.value, raw)
        if isinstance(spec.type, Integer):
            low = spec.type.minimum if spec.minimum is None else spec.minimum
            high = spec.type.maximum if spec.maximum is None else spec.maximum
            if not low <= value <= high:
                raise self._error(spec, errno.ERANGE)
        with self._lock:
            setattr(self._memory, name, value)

    # --- tables, hooks, timers, events -------------------------------------------------------------

    def dump(self, name: str) -> list[Any]:
        """Read all rows of a table, as users see them.

        Raises:
            KernelError: The table's handler failed, or EPERM.
        """
        row = self._member(name, TableSpec).row
        return [row.from_raw(raw) for raw in self.dump_bytes(name)]

    def dump_bytes(self, name: str) -> list[bytes]:
        """Read all rows of a table, each as the bytes that cross."""
        spec = self._member(name, TableSpec)
        self._need(spec, spec.capability)
        with self._lock:
            self._runtime.rows = []
            self._run(spec)
            return self._runtime.rows

    def netfilter(self, name: str, packet: bytes | Packet) -> Verdict:
        """Give a packet to a netfilter hook. A hook that fails accepts the packet and warns in the log."""
        spec = self._member(name, NetfilterSpec)
        try:
            return Verdict(self._enter(name, packet if isinstance(packet, Packet) else Packet(packet)))
        except HandlerFailed as failed:
            self._warn(spec, failed)
            return Verdict.NF_ACCEPT

    def tick(self, name: str) -> None:
        """Run a timer's handler now, and let it be due again after its interval."""
        spec = self._member(name, TimerSpec)
        try:
            self._enter(name)
        except HandlerFailed as failed:
            self._warn(spec, failed)
        self.timers_due[name] = self.kernel.now_ns + spec.interval_ms * 1_000_000

    def advance(self, milliseconds: int) -> None:
        """Let time pass in the machine; timers run when they are due."""
        self.kernel.advance(milliseconds)

    def subscribe(self, name: str, capacity: int = DEFAULT_CAPACITY) -> Listener:
        """Listen to an Event from now on.

        Raises:
            KernelError: EPERM.
        """
        spec = self._member(name, EventSpec)
        self._need(spec, spec.capability)
        return self._runtime.events[name].listen(capacity)

    def event_counts(self, name: str) -> tuple[int, int]:
        """How many events were sent, and how many lost."""
        source = self._runtime.events[self._member(name, EventSpec).name]
        return source.sent, source.lost

    # --- helpers -----------------------------------------------------------------------------------

    def _member(self, name: str, kind: type[M]) -> M:
        member = self.spec.member(name)
        if not isinstance(member, kind):
            raise KeyError(f"{self.spec.name} has no {kind.__name__.removesuffix('Spec').lower()} {name!r}")
        return member

    def _error(self, spec: MemberSpec, number: int) -> KernelError:
        return kernel_error(number, f"{self.spec.c_name}.{spec.name}")

    def _need(self, spec: MemberSpec, capability: Capability | None) -> None:
        if capability is not None and not self.kernel.caller.has(capability):
            raise self._error(spec, errno.EPERM)

    def _take(self, spec: MemberSpec, type_: StructType | None, raw: bytes) -> list[Any]:
        if len(raw) != (type_.size if type_ else 0):
            raise self._error(spec, errno.EINVAL)
        if type_ is None:
            return []
        try:
            values: list[Any] = decode(type_, raw)
        except RefusedBytes:
            raise self._error(spec, errno.EINVAL) from None
        return values

    def _enter(self, name: str, *arguments: Any) -> Any:
        with self._lock:
            self._runtime.budget = ir.LOOP_BUDGET
            return self._functions[name](*arguments)

    def _run(self, spec: MemberSpec, *arguments: Any) -> Any:
        try:
            return self._enter(spec.name, *arguments)
        except HandlerFailed as failed:
            # The cause keeps the lines of the handler that raised it.
            raise self._error(spec, failed.errno) from failed

    def _warn(self, spec: MemberSpec, failed: HandlerFailed) -> None:
        # A packet without the header that a hook reads is nobody's error.
        if not (isinstance(spec, NetfilterSpec) and failed.errno == errno.EBADMSG):
            self._runtime.log_limited(spec.name, "warn", f"{spec.name}: error {-failed.errno}")
