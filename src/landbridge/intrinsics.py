"""What handlers call: the kernel's functions and objects, as editors and type checkers see them.

These names mean something only inside a handler, where they are compiled; the table of what they become
is :mod:`landbridge.compiler.intrinsics`. Called from ordinary Python they raise LandbridgeError.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, ClassVar, Never, ParamSpec, TypeVar

from landbridge.errors import LandbridgeError
from landbridge.scalars import be16, be32, ipv4, ipv6, mac, s32, u8, u32, u64
from landbridge.spec.members import Capability

P = ParamSpec("P")
R = TypeVar("R")


def _outside(name: str) -> LandbridgeError:
    return LandbridgeError(
        f"lb.{name} means something only inside a handler, which runs in the kernel end",
        code="LB150",
        hint="call it from a command, table or hook of an Interface",
    )


def _intrinsic(function: Callable[P, R]) -> Callable[P, R]:
    """Mark a function for the front end; calling it from here is an error."""
    name = function.__name__

    def refuse(*args: P.args, **kwargs: P.kwargs) -> R:
        raise _outside(name)

    refuse.__name__ = refuse.__qualname__ = name
    refuse.__doc__ = function.__doc__
    refuse.__module__ = function.__module__
    refuse.__lb_intrinsic__ = name  # type: ignore[attr-defined]  # functions take attributes
    return refuse


class KernelObject:
    """Something that lives in the kernel: handlers look at it, and cannot keep it."""

    __lb_opaque__: ClassVar[str] = ""

    def __init__(self) -> None:
        raise _outside(type(self).__name__)


# --- packets ------------------------------------------------------------------------------------


class IpHeader(KernelObject):
    """An IPv4 header (struct iphdr)."""

    version: u8
    ihl: u8
    tos: u8
    tot_len: be16
    id: be16
    frag_off: be16
    ttl: u8
    protocol: u8
    check: be16
    saddr: ipv4
    daddr: ipv4


class Ipv6Header(KernelObject):
    """An IPv6 header (struct ipv6hdr)."""

    version: u8
    payload_len: be16
    nexthdr: u8
    hop_limit: u8
    saddr: ipv6
    daddr: ipv6


class TcpHeader(KernelObject):
    """A TCP header (struct tcphdr)."""

    source: be16
    dest: be16
    seq: be32
    ack_seq: be32
    doff: u8
    fin: bool
    syn: bool
    rst: bool
    psh: bool
    ack: bool
    urg: bool
    ece: bool
    cwr: bool
    window: be16
    check: be16
    urg_ptr: be16


class UdpHeader(KernelObject):
    """A UDP header (struct udphdr)."""

    source: be16
    dest: be16
    len: be16
    check: be16


class IcmpHeader(KernelObject):
    """An ICMP or ICMPv6 header (struct icmphdr, struct icmp6hdr); id and sequence are those of an echo."""

    type: u8
    code: u8
    checksum: be16
    id: be16
    sequence: be16


class Skb(KernelObject):
    """A packet, as a netfilter handler gets it (struct sk_buff).

    A header that the packet does not have, or that is cut, ends the handler with EBADMSG: the packet is accepted.

    Attributes:
        len: Bytes, from the network header on.
        protocol: ``lb.ETH_P_IP`` and so on.
        mark: The packet's mark.
        ifindex: Interface it arrived on, 0 for packets made on this machine.
        ip, ipv6: Network header.
        tcp, udp, icmp, icmpv6: Transport header; later fragments have none.
    """

    __lb_opaque__ = "Skb"
    len: u32
    protocol: be16
    mark: u32
    ifindex: s32
    ip: IpHeader
    ipv6: Ipv6Header
    tcp: TcpHeader
    udp: UdpHeader
    icmp: IcmpHeader
    icmpv6: IcmpHeader


# --- lists of the kernel ----------------------------------------------------------------------------


class Task(KernelObject):
    """A process (struct task_struct).

    Attributes:
        pid: Thread ID of its main thread, the same as tgid.
        tgid: Process ID.
        ppid: Process ID of the parent, 0 for none.
        uid: User ID, as the initial user namespace counts.
        comm: Name, at most 15 bytes.
        nr_threads: Number of threads.
        start_time_ns: Nanoseconds from boot to its start.
    """

    __lb_opaque__ = "Task"
    pid: s32
    tgid: s32
    ppid: s32
    uid: u32
    comm: str
    nr_threads: s32
    start_time_ns: u64


class NetDevice(KernelObject):
    """A network interface (struct net_device).

    Attributes:
        ifindex: Its number.
        name: At most 15 bytes.
        mtu: Largest packet, bytes.
        flags: ``lb.IFF_UP`` and others.
        address: Link-layer address.
    """

    __lb_opaque__ = "NetDevice"
    ifindex: s32
    name: str
    mtu: u32
    flags: u32
    address: mac


@_intrinsic
def for_each_process() -> Iterator[Task]:
    """Every process, under RCU: the loop's body cannot sleep.

    Kernel: for_each_process() (linux/sched/signal.h).
    """
    raise NotImplementedError


@_intrinsic
def for_each_netdev() -> Iterator[NetDevice]:
    """Every network interface of the initial network namespace, under RCU: the loop's body cannot sleep.

    Kernel: for_each_netdev_rcu() (linux/netdevice.h).
    """
    raise NotImplementedError


# --- time, chance, the caller -----------------------------------------------------------------------


@_intrinsic
def ktime_get_ns() -> u64:
    """Nanoseconds since boot, without the time that the machine was suspended."""
    raise NotImplementedError


@_intrinsic
def ktime_get_real_ns() -> u64:
    """Nanoseconds since 1970; jumps when the clock is set."""
    raise NotImplementedError


@_intrinsic
def jiffies() -> u64:
    """Timer ticks since about boot; their rate is the kernel's HZ.

    Kernel: get_jiffies_64().
    """
    raise NotImplementedError


@_intrinsic
def get_random_u32() -> u32:
    """A random number from the kernel's generator."""
    raise NotImplementedError


@_intrinsic
def smp_processor_id() -> u32:
    """Number of the CPU that runs this; it may change wherever the handler may be preempted."""
    raise NotImplementedError


@_intrinsic
def current_pid() -> s32:
    """Thread ID of the caller, as the initial PID namespace counts. Not in hooks and timers."""
    raise NotImplementedError


@_intrinsic
def current_tgid() -> s32:
    """Process ID of the caller (its os.getpid()), as the initial PID namespace counts. Not in hooks and timers."""
    raise NotImplementedError


@_intrinsic
def current_uid() -> u32:
    """User ID of the caller, as the initial user namespace counts. Not in hooks and timers."""
    raise NotImplementedError


@_intrinsic
def current_comm() -> str:
    """Name of the calling thread, a Chars(16). Not in hooks and timers."""
    raise NotImplementedError


@_intrinsic
def capable(capability: Capability) -> bool:
    """Whether the caller has a capability in the initial user namespace. Not in hooks and timers.

    Args:
        capability: ``lb.CAP_NET_ADMIN`` and so on.
    """
    raise NotImplementedError


@_intrinsic
def msleep(milliseconds: u32) -> None:
    """Sleep for at least so many milliseconds. Not in hooks, timers and loops over kernel lists."""
    raise NotImplementedError


# --- the kernel log -----------------------------------------------------------------------------


@_intrinsic
def pr_emerg(format: str, *args: Any) -> None:
    """Write a line to the kernel log: the system is unusable. See :func:`pr_info`."""


@_intrinsic
def pr_alert(format: str, *args: Any) -> None:
    """Write a line to the kernel log: act at once. See :func:`pr_info`."""


@_intrinsic
def pr_crit(format: str, *args: Any) -> None:
    """Write a line to the kernel log: critical. See :func:`pr_info`."""


@_intrinsic
def pr_err(format: str, *args: Any) -> None:
    """Write a line to the kernel log: an error. See :func:`pr_info`."""


@_intrinsic
def pr_warn(format: str, *args: Any) -> None:
    """Write a line to the kernel log: a warning. See :func:`pr_info`."""


@_intrinsic
def pr_notice(format: str, *args: Any) -> None:
    """Write a line to the kernel log: normal, but worth a note. See :func:`pr_info`."""


@_intrinsic
def pr_info(format: str, *args: Any) -> None:
    """Write a line to the kernel log.

    Args:
        format: A literal: ``%d %i %u %x %X %o`` for integers, with flags and a width; ``%s`` for Chars, addresses and
            bool; ``%%``. The line is ended for you; control characters in text are escaped.
        args: One value for each conversion.
    """


@_intrinsic
def pr_debug(format: str, *args: Any) -> None:
    """Write a line to the kernel log if dynamic debug is on for the module. See :func:`pr_info`."""


# --- failing, and the way out -----------------------------------------------------------------------


class Errno(Exception):
    """Raised in a handler, it ends the handler with an error number: ``raise lb.Errno(errno.ENODATA)``.

    Args:
        errno: 1 to 4095, a constant.
    """

    def __init__(self, errno: int) -> Never:
        raise _outside("Errno")


@_intrinsic
def c(text: str) -> Never:
    """The body of a handler in C, as the handler's only statement: ``lb.c("...")``.

    The C sees the arguments by name (structs, arrays and Chars by pointer) and, where there is a result, ``reply``,
    a pointer to the zeroed reply struct; it returns 0 or a negative errno (a netfilter handler: a verdict).

    Args:
        text: Statements of C, a literal.
    """
    raise NotImplementedError


__all__ = [
    "Errno",
    "IcmpHeader",
    "IpHeader",
    "Ipv6Header",
    "KernelObject",
    "NetDevice",
    "Skb",
    "Task",
    "TcpHeader",
    "UdpHeader",
    "c",
    "capable",
    "current_comm",
    "current_pid",
    "current_tgid",
    "current_uid",
    "for_each_netdev",
    "for_each_process",
    "get_random_u32",
    "jiffies",
    "ktime_get_ns",
    "ktime_get_real_ns",
    "msleep",
    "pr_alert",
    "pr_crit",
    "pr_debug",
    "pr_emerg",
    "pr_err",
    "pr_info",
    "pr_notice",
    "pr_warn",
    "smp_processor_id",
]
