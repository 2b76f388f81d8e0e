"""Socket option numbers that Linux already uses, by protocol family.

Kernel: include/uapi/linux: in.h, in6.h, mroute.h, mroute6.h, ip_vs.h, netfilter_ipv4/ip_tables.h,
netfilter_ipv6/ip6_tables.h, netfilter_arp/arp_tables.h, netfilter_bridge/ebtables.h,
netfilter/ipset/ip_set.h; net/netfilter/nf_conntrack_proto.c (SO_ORIGINAL_DST). 5.10 to 7.3.
"""

from __future__ import annotations

from dataclasses import dataclass

PF_INET, PF_INET6 = 2, 10


@dataclass(frozen=True, slots=True)
class Taken:
    """Numbers that something in the kernel answers to, both ends included."""

    first: int
    last: int
    owner: str


_IPV4 = (
    Taken(0, 63, "IPv4 itself (IP_TOS and so on)"),
    Taken(64, 67, "ip_tables"),
    Taken(80, 80, "nf_conntrack (SO_ORIGINAL_DST)"),
    Taken(83, 83, "ip_set"),
    Taken(96, 99, "arp_tables"),
    Taken(128, 131, "ebtables"),
    Taken(200, 212, "ipmr (multicast routing)"),
    Taken(1152, 1167, "ip_vs"),
)
_IPV6 = (
    Taken(0, 79, "IPv6 itself (IPV6_UNICAST_HOPS and so on) and ip6_tables"),
    Taken(80, 80, "nf_conntrack (IP6T_SO_ORIGINAL_DST)"),
    Taken(200, 212, "ip6mr (multicast routing)"),
)


def owner_of(pf: int, first: int, last: int) -> Taken | None:
    """Who uses one of the numbers from ``first`` to ``last``, or None."""
    for taken in _IPV6 if pf == PF_INET6 else _IPV4:
        if first <= taken.last and taken.first <= last:
            return taken
    return None
