"""The kernel's own constants, under the kernel's own names.

In a handler they are integers (or, for verdicts, an Enum) and are written by name in the emitted C.
Each value is the one of the uapi headers, the same on every machine landbridge supports.
"""

from __future__ import annotations

from typing import Final

from landbridge.spec.members import Capability
from landbridge.types import Enum


class Constant(int):
    """An int that knows its name in C.

    Attributes:
        symbol: Name in C, such as ``IPPROTO_ICMP``.
        header: Kernel header that has it, such as ``linux/in.h``.
    """

    symbol: str
    header: str

    def __new__(cls, value: int, symbol: str, header: str) -> Constant:
        self = super().__new__(cls, value)
        self.symbol = symbol
        self.header = header
        return self

    def __getnewargs__(self) -> tuple[int, str, str]:  # type: ignore[override]  # ours takes three
        return int(self), self.symbol, self.header

    def __repr__(self) -> str:
        return f"{self.symbol} ({int(self)})"


class Verdict(Enum):
    """What a netfilter handler says about a packet (uapi/linux/netfilter.h)."""

    NF_DROP = 0
    NF_ACCEPT = 1


NF_DROP: Final = Verdict.NF_DROP
NF_ACCEPT: Final = Verdict.NF_ACCEPT

_SOCKET = "linux/socket.h"
_NETFILTER = "linux/netfilter.h"
_PRIORITY = "linux/netfilter_ipv4.h"
_IN = "linux/in.h"
_ETHER = "linux/if_ether.h"
_ICMP = "linux/icmp.h"
_ICMPV6 = "linux/icmpv6.h"
_IF = "linux/if.h"

AF_UNSPEC: Final[int] = Constant(0, "AF_UNSPEC", _SOCKET)
AF_UNIX: Final[int] = Constant(1, "AF_UNIX", _SOCKET)
AF_INET: Final[int] = Constant(2, "AF_INET", _SOCKET)
AF_INET6: Final[int] = Constant(10, "AF_INET6", _SOCKET)
AF_NETLINK: Final[int] = Constant(16, "AF_NETLINK", _SOCKET)
AF_PACKET: Final[int] = Constant(17, "AF_PACKET", _SOCKET)
PF_INET: Final[int] = Constant(2, "PF_INET", _SOCKET)
PF_INET6: Final[int] = Constant(10, "PF_INET6", _SOCKET)

NF_INET_PRE_ROUTING: Final[int] = Constant(0, "NF_INET_PRE_ROUTING", _NETFILTER)
NF_INET_LOCAL_IN: Final[int] = Constant(1, "NF_INET_LOCAL_IN", _NETFILTER)
NF_INET_FORWARD: Final[int] = Constant(2, "NF_INET_FORWARD", _NETFILTER)
NF_INET_LOCAL_OUT: Final[int] = Constant(3, "NF_INET_LOCAL_OUT", _NETFILTER)
NF_INET_POST_ROUTING: Final[int] = Constant(4, "NF_INET_POST_ROUTING", _NETFILTER)

NFPROTO_INET: Final[int] = Constant(1, "NFPROTO_INET", _NETFILTER)
NFPROTO_IPV4: Final[int] = Constant(2, "NFPROTO_IPV4", _NETFILTER)
NFPROTO_IPV6: Final[int] = Constant(10, "NFPROTO_IPV6", _NETFILTER)

NF_IP_PRI_FIRST: Final[int] = Constant(-(1 << 31), "NF_IP_PRI_FIRST", _PRIORITY)
NF_IP_PRI_RAW_BEFORE_DEFRAG: Final[int] = Constant(-450, "NF_IP_PRI_RAW_BEFORE_DEFRAG", _PRIORITY)
NF_IP_PRI_CONNTRACK_DEFRAG: Final[int] = Constant(-400, "NF_IP_PRI_CONNTRACK_DEFRAG", _PRIORITY)
NF_IP_PRI_RAW: Final[int] = Constant(-300, "NF_IP_PRI_RAW", _PRIORITY)
NF_IP_PRI_CONNTRACK: Final[int] = Constant(-200, "NF_IP_PRI_CONNTRACK", _PRIORITY)
NF_IP_PRI_MANGLE: Final[int] = Constant(-150, "NF_IP_PRI_MANGLE", _PRIORITY)
NF_IP_PRI_NAT_DST: Final[int] = Constant(-100, "NF_IP_PRI_NAT_DST", _PRIORITY)
NF_IP_PRI_FILTER: Final[int] = Constant(0, "NF_IP_PRI_FILTER", _PRIORITY)
NF_IP_PRI_SECURITY: Final[int] = Constant(50, "NF_IP_PRI_SECURITY", _PRIORITY)
NF_IP_PRI_NAT_SRC: Final[int] = Constant(100, "NF_IP_PRI_NAT_SRC", _PRIORITY)
NF_IP_PRI_CONNTRACK_CONFIRM: Final[int] = Constant((1 << 31) - 1, "NF_IP_PRI_CONNTRACK_CONFIRM", _PRIORITY)
NF_IP_PRI_LAST: Final[int] = Constant((1 << 31) - 1, "NF_IP_PRI_LAST", _PRIORITY)

IPPROTO_IP: Final[int] = Constant(0, "IPPROTO_IP", _IN)
IPPROTO_ICMP: Final[int] = Constant(1, "IPPROTO_ICMP", _IN)
IPPROTO_IGMP: Final[int] = Constant(2, "IPPROTO_IGMP", _IN)
IPPROTO_TCP: Final[int] = Constant(6, "IPPROTO_TCP", _IN)
IPPROTO_UDP: Final[int] = Constant(17, "IPPROTO_UDP", _IN)
IPPROTO_IPV6: Final[int] = Constant(41, "IPPROTO_IPV6", _IN)
IPPROTO_GRE: Final[int] = Constant(47, "IPPROTO_GRE", _IN)
IPPROTO_ESP: Final[int] = Constant(50, "IPPROTO_ESP", _IN)
IPPROTO_AH: Final[int] = Constant(51, "IPPROTO_AH", _IN)
IPPROTO_ICMPV6: Final[int] = Constant(58, "IPPROTO_ICMPV6", "linux/in6.h")
IPPROTO_SCTP: Final[int] = Constant(132, "IPPROTO_SCTP", _IN)
IPPROTO_RAW: Final[int] = Constant(255, "IPPROTO_RAW", _IN)

ETH_P_IP: Final[int] = Constant(0x0800, "ETH_P_IP", _ETHER)
ETH_P_ARP: Final[int] = Constant(0x0806, "ETH_P_ARP", _ETHER)
ETH_P_8021Q: Final[int] = Constant(0x8100, "ETH_P_8021Q", _ETHER)
ETH_P_IPV6: Final[int] = Constant(0x86DD, "ETH_P_IPV6", _ETHER)

ICMP_ECHOREPLY: Final[int] = Constant(0, "ICMP_ECHOREPLY", _ICMP)
ICMP_DEST_UNREACH: Final[int] = Constant(3, "ICMP_DEST_UNREACH", _ICMP)
ICMP_REDIRECT: Final[int] = Constant(5, "ICMP_REDIRECT", _ICMP)
ICMP_ECHO: Final[int] = Constant(8, "ICMP_ECHO", _ICMP)
ICMP_TIME_EXCEEDED: Final[int] = Constant(11, "ICMP_TIME_EXCEEDED", _ICMP)
ICMP_PARAMETERPROB: Final[int] = Constant(12, "ICMP_PARAMETERPROB", _ICMP)

ICMPV6_DEST_UNREACH: Final[int] = Constant(1, "ICMPV6_DEST_UNREACH", _ICMPV6)
ICMPV6_PKT_TOOBIG: Final[int] = Constant(2, "ICMPV6_PKT_TOOBIG", _ICMPV6)
ICMPV6_TIME_EXCEED: Final[int] = Constant(3, "ICMPV6_TIME_EXCEED", _ICMPV6)
ICMPV6_ECHO_REQUEST: Final[int] = Constant(128, "ICMPV6_ECHO_REQUEST", _ICMPV6)
ICMPV6_ECHO_REPLY: Final[int] = Constant(129, "ICMPV6_ECHO_REPLY", _ICMPV6)

IFF_UP: Final[int] = Constant(0x1, "IFF_UP", _IF)
IFF_BROADCAST: Final[int] = Constant(0x2, "IFF_BROADCAST", _IF)
IFF_LOOPBACK: Final[int] = Constant(0x8, "IFF_LOOPBACK", _IF)
IFF_POINTOPOINT: Final[int] = Constant(0x10, "IFF_POINTOPOINT", _IF)
IFF_RUNNING: Final[int] = Constant(0x40, "IFF_RUNNING", _IF)
IFF_PROMISC: Final[int] = Constant(0x100, "IFF_PROMISC", _IF)
IFF_MULTICAST: Final[int] = Constant(0x1000, "IFF_MULTICAST", _IF)

CAP_NET_BIND_SERVICE: Final = Capability.CAP_NET_BIND_SERVICE
CAP_NET_ADMIN: Final = Capability.CAP_NET_ADMIN
CAP_NET_RAW: Final = Capability.CAP_NET_RAW
CAP_SYS_MODULE: Final = Capability.CAP_SYS_MODULE
CAP_SYS_RAWIO: Final = Capability.CAP_SYS_RAWIO
CAP_SYS_PTRACE: Final = Capability.CAP_SYS_PTRACE
CAP_SYS_ADMIN: Final = Capability.CAP_SYS_ADMIN
CAP_SYS_NICE: Final = Capability.CAP_SYS_NICE
CAP_SYS_RESOURCE: Final = Capability.CAP_SYS_RESOURCE
CAP_PERFMON: Final = Capability.CAP_PERFMON
CAP_BPF: Final = Capability.CAP_BPF


def symbol_of(value: object) -> str | None:
    """The kernel's own name for a constant of this module, else None."""
    if isinstance(value, Constant):
        return value.symbol
    if isinstance(value, (Verdict, Capability)):
        return value.name
    return None


def header_of(symbol: str) -> str:
    """The kernel header that defines a symbol of this module.

    Raises:
        KeyError: It is not one of this module's.
    """
    return _HEADERS[symbol]


_HEADERS = {each.symbol: each.header for each in list(globals().values()) if isinstance(each, Constant)}
_HEADERS |= {each.name: _NETFILTER for each in Verdict}
_HEADERS |= {each.name: "linux/capability.h" for each in Capability}

__all__ = [
    "AF_INET",
    "AF_INET6",
    "AF_NETLINK",
    "AF_PACKET",
    "AF_UNIX",
    "AF_UNSPEC",
    "CAP_BPF",
    "CAP_NET_ADMIN",
    "CAP_NET_BIND_SERVICE",
    "CAP_NET_RAW",
    "CAP_PERFMON",
    "CAP_SYS_ADMIN",
    "CAP_SYS_MODULE",
    "CAP_SYS_NICE",
    "CAP_SYS_PTRACE",
    "CAP_SYS_RAWIO",
    "CAP_SYS_RESOURCE",
    "ETH_P_8021Q",
    "ETH_P_ARP",
    "ETH_P_IP",
    "ETH_P_IPV6",
    "ICMPV6_DEST_UNREACH",
    "ICMPV6_ECHO_REPLY",
    "ICMPV6_ECHO_REQUEST",
    "ICMPV6_PKT_TOOBIG",
    "ICMPV6_TIME_EXCEED",
    "ICMP_DEST_UNREACH",
    "ICMP_ECHO",
    "ICMP_ECHOREPLY",
    "ICMP_PARAMETERPROB",
    "ICMP_REDIRECT",
    "ICMP_TIME_EXCEEDED",
    "IFF_BROADCAST",
    "IFF_LOOPBACK",
    "IFF_MULTICAST",
    "IFF_POINTOPOINT",
    "IFF_PROMISC",
    "IFF_RUNNING",
    "IFF_UP",
    "IPPROTO_AH",
    "IPPROTO_ESP",
    "IPPROTO_GRE",
    "IPPROTO_ICMP",
    "IPPROTO_ICMPV6",
    "IPPROTO_IGMP",
    "IPPROTO_IP",
    "IPPROTO_IPV6",
    "IPPROTO_RAW",
    "IPPROTO_SCTP",
    "IPPROTO_TCP",
    "IPPROTO_UDP",
    "NFPROTO_INET",
    "NFPROTO_IPV4",
    "NFPROTO_IPV6",
    "NF_ACCEPT",
    "NF_DROP",
    "NF_INET_FORWARD",
    "NF_INET_LOCAL_IN",
    "NF_INET_LOCAL_OUT",
    "NF_INET_POST_ROUTING",
    "NF_INET_PRE_ROUTING",
    "NF_IP_PRI_CONNTRACK",
    "NF_IP_PRI_CONNTRACK_CONFIRM",
    "NF_IP_PRI_CONNTRACK_DEFRAG",
    "NF_IP_PRI_FILTER",
    "NF_IP_PRI_FIRST",
    "NF_IP_PRI_LAST",
    "NF_IP_PRI_MANGLE",
    "NF_IP_PRI_NAT_DST",
    "NF_IP_PRI_NAT_SRC",
    "NF_IP_PRI_RAW",
    "NF_IP_PRI_RAW_BEFORE_DEFRAG",
    "NF_IP_PRI_SECURITY",
    "PF_INET",
    "PF_INET6",
    "Verdict",
]
