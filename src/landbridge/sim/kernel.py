"""The simulated machine that kernel ends are loaded into."""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import TYPE_CHECKING

from landbridge.constants import Verdict
from landbridge.sim.logtext import LogLine
from landbridge.sim.machine import DEVICES, PROCESSES, Caller, NetDevice, Process
from landbridge.sim.packet import Packet
from landbridge.types import u32

if TYPE_CHECKING:
    from landbridge.sim.simulation import Simulation

_INITIAL_JIFFIES_SECONDS = -300
_IPV4, _IPV6, _INET = 2, 10, 1


class SimulatedKernel:
    """A simulated machine: a clock that only moves when told, a log, processes, devices, a caller.

    Give it to ``lb.load(Imp1, kernel=lb.sim())``, or load a :class:`~landbridge.sim.Simulation` into it.

    Attributes:
        now_ns: Nanoseconds since boot.
        log: Lines of the kernel log, oldest first.
        caller: The process on whose behalf the next calls run; set it to try another's rights.
        processes: What ``for_each_process`` shows.
        netdevs: What ``for_each_netdev`` shows.
        cpu: What ``smp_processor_id`` says.
        hz: Timer ticks a second.
        loaded: The kernel ends in it.

    Args:
        seed: Seed of ``get_random_u32``.
        now_ns, processes, netdevs, caller, hz: As the attributes.
        boot_time_ns: Nanoseconds since 1970 when the machine booted.
    """

    def __init__(
        self,
        *,
        seed: int = 0,
        now_ns: int = 10_000_000_000,
        processes: Iterable[Process] = PROCESSES,
        netdevs: Iterable[NetDevice] = DEVICES,
        caller: Caller | None = None,
        hz: int = 250,
        boot_time_ns: int = 1_700_000_000_000_000_000,
    ) -> None:
        self.now_ns = now_ns
        self.log: list[LogLine] = []
        self.caller = caller or Caller()
        self.processes = list(processes)
        self.netdevs = list(netdevs)
        self.cpu = 0
        self.hz = hz
        self.loaded: list[Simulation] = []
        self._random = random.Random(seed)
        self._boot_time_ns = boot_time_ns

    # --- what tests do to it ---------------------------------------------------------------------

    def advance(self, milliseconds: int) -> None:
        """Let time pass; timers run when they are due, in order."""
        until = self.now_ns + milliseconds * 1_000_000
        while True:
            due = [(when, i, name) for i, each in enumerate(self.loaded) for name, when in each.timers_due.items()]
            if not due or min(due)[0] > until:
                break
            when, i, name = min(due)
            self.now_ns = max(self.now_ns, when)
            self.loaded[i].tick(name)
        self.now_ns = max(self.now_ns, until)

    def netfilter(self, packet: bytes | Packet, *, hook: int | None = None) -> Verdict:
        """Let a packet pass the netfilter hooks of all kernel ends that see its family.

        Args:
            packet: The packet, from its IPv4 or IPv6 header on.
            hook: Only the hooks there, such as ``lb.NF_INET_PRE_ROUTING``; None: all, in the order of their numbers.

        Returns:
            ``NF_DROP`` if a hook dropped it (those after it do not see it), else ``NF_ACCEPT``.
        """
        packet = packet if isinstance(packet, Packet) else Packet(packet)
        families = (_INET, _IPV6 if packet.network == "ipv6" else _IPV4)
        hooks = [
            (spec.hook, spec.priority, i, spec.name)
            for i, each in enumerate(self.loaded)
            for spec in each.spec.netfilter_hooks
            if spec.family in families and hook in (None, spec.hook)
        ]
        for _, _, i, name in sorted(hooks):
            if self.loaded[i].netfilter(name, packet) is Verdict.NF_DROP:
                return Verdict.NF_DROP
        return Verdict.NF_ACCEPT

    # --- what handlers ask: one method for each of compiler/intrinsics.py ---------------------------

    def ktime_get_ns(self) -> int:
        return self.now_ns

    def ktime_get_real_ns(self) -> int:
        return self._boot_time_ns + self.now_ns

    def jiffies(self) -> int:
        return self.now_ns * self.hz // 10**9 + u32(_INITIAL_JIFFIES_SECONDS * self.hz)

    def get_random_u32(self) -> int:
        return self._random.getrandbits(32)

    def smp_processor_id(self) -> int:
        return self.cpu

    def current_pid(self) -> int:
        return self.caller.pid

    def current_tgid(self) -> int:
        return self.caller.pid if self.caller.tgid is None else self.caller.tgid

    def current_uid(self) -> int:
        return self.caller.uid

    def current_comm(self) -> str:
        return self.caller.comm

    def capable(self, capability: int) -> bool:
        return self.caller.has(capability)

    def msleep(self, milliseconds: int) -> None:
        self.now_ns += milliseconds * 1_000_000


def sim(
    *,
    seed: int = 0,
    now_ns: int = 10_000_000_000,
    processes: Iterable[Process] = PROCESSES,
    netdevs: Iterable[NetDevice] = DEVICES,
    caller: Caller | None = None,
) -> SimulatedKernel:
    """A simulated machine, for ``lb.load(Imp1, kernel=lb.sim())``: no root, no kernel, for tests of logic.

    Args:
        seed: Seed of ``get_random_u32``.
        now_ns: Nanoseconds since boot.
        processes: What ``for_each_process`` shows.
        netdevs: What ``for_each_netdev`` shows.
        caller: Who calls; root unless told.
    """
    return SimulatedKernel(seed=seed, now_ns=now_ns, processes=processes, netdevs=netdevs, caller=caller)
