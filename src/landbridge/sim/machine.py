"""What handlers can look at in a simulated machine: its processes, devices, and who calls."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from landbridge.spec import Capability


@dataclass(frozen=True, slots=True)
class Caller:
    """The process that calls the kernel end.

    Attributes:
        uid: User ID.
        pid: Thread ID.
        tgid: Process ID; that of ``pid`` unless told.
        comm: Name, at most 15 bytes.
        capabilities: What it may do; None: everything, as root.
    """

    uid: int = 0
    pid: int = 1000
    tgid: int | None = None
    comm: str = "python3"
    capabilities: AbstractSet[Capability] | None = None

    def has(self, capability: int) -> bool:
        """Whether it has a capability."""
        return self.capabilities is None or capability in self.capabilities


NOBODY = Caller(uid=65534, pid=1001, comm="nobody", capabilities=frozenset())
"""A caller that may do nothing special."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """A process that ``for_each_process`` shows.

    Attributes:
        pid, ppid: Process ID, and its parent's.
        comm: Name, at most 15 bytes.
        uid: User ID.
        nr_threads: Number of threads.
        start_time_ns: When it started, nanoseconds since boot.
    """

    pid: int
    comm: str
    ppid: int = 1
    uid: int = 0
    nr_threads: int = 1
    start_time_ns: int = 0

    @property
    def tgid(self) -> int:
        return self.pid


@dataclass(frozen=True, slots=True, kw_only=True)
class NetDevice:
    """A device that ``for_each_netdev`` shows.

    Attributes:
        ifindex: Number of the interface.
        name: Name, at most 15 bytes.
        mtu: Largest packet, bytes.
        flags: ``IFF_UP`` (1) and others.
        address: Link-layer address, as text or six bytes.
    """

    ifindex: int
    name: str
    mtu: int = 1500
    flags: int = 0x1043
    address: str | bytes = "00:00:00:00:00:00"


PROCESSES = (
    Process(pid=1, ppid=0, comm="systemd", start_time_ns=100_000_000),
    Process(pid=2, ppid=0, comm="kthreadd", start_time_ns=100_000_000),
    Process(pid=1000, comm="python3", start_time_ns=2_000_000_000),
)
DEVICES = (
    NetDevice(ifindex=1, name="lo", mtu=65536, flags=0x49),
    NetDevice(ifindex=2, name="eth0", address="52:54:00:12:34:56"),
)
