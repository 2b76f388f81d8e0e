"""Who talks to this machine? Packets and bytes by source address, counted in the kernel.

landbridge run examples/talkers.py
"""

import subprocess
from collections.abc import Iterator

import landbridge as lb


class Talker(lb.Struct):
    """One source address and what it sent."""

    packets: lb.u64
    bytes: lb.u64
    source: lb.ipv4


class Traffic(lb.Struct):
    """What was counted for one address."""

    packets: lb.u64
    bytes: lb.u64


class Talkers(lb.Interface):
    """Count incoming IPv4 traffic by source address."""

    limit = lb.Param(lb.u32, default=1024, minimum=1, maximum=4096, doc="addresses that are remembered")
    unknown = lb.Counter()
    traffic = lb.Map(lb.ipv4, Traffic, entries=4096)

    @lb.on_netfilter(hook=lb.NF_INET_LOCAL_IN, family=lb.NFPROTO_IPV4)
    def count(self, skb: lb.Skb) -> lb.Verdict:
        """Count one packet; beyond the limit, only that there was one."""
        source = skb.ip.saddr
        if source in self.traffic:
            self.traffic[source].packets += 1
            self.traffic[source].bytes += lb.u64(skb.len)
        elif len(self.traffic) < self.limit:
            self.traffic[source] = Traffic(packets=1, bytes=lb.u64(skb.len))
        else:
            self.unknown += 1
        return lb.NF_ACCEPT

    @lb.table
    def talkers(self) -> Iterator[Talker]:
        """Each address, in order of its first packet."""
        for source, traffic in self.traffic.items():
            yield Talker(source=source, packets=traffic.packets, bytes=traffic.bytes)

    @lb.command
    def reset(self) -> lb.u64:
        """Forget all; give the number of packets that were over the limit since load."""
        self.traffic.clear()
        return self.unknown


def show(talkers: Talkers) -> None:
    """Print the live table, most bytes first."""
    for each in sorted(talkers.talkers, key=lambda row: -row.bytes):
        print(f"{each.source!s:>15} {each.packets:>8} packets {each.bytes:>10} bytes")


if __name__ == "__main__":
    with lb.load(Talkers, over=lb.netlink) as talkers:
        talkers.limit = 2
        for source in ("127.0.0.1", "127.0.0.2", "127.0.0.3"):
            subprocess.run(["ping", "-c", "2", "-I", source, "127.0.0.1"], stdout=subprocess.DEVNULL, check=True)
        show(talkers)
        print("over the limit:", talkers.reset())
        print("after reset:", len(list(talkers.talkers)), "addresses")
