"""imp2: the kernel reports each ICMP packet that arrives, over a netlink protocol unit of its own.

    landbridge run examples/imp2.py            # pings the loopback and shows three packets
    landbridge run examples/imp2.py --listen   # until Ctrl-C

The reader registers its port by a message and says goodbye by a message; the kernel end believes the
socket's port, not what the message claims, has room for one reader (a second gets EBUSY), and forgets
a reader that died without goodbye.
"""

import subprocess
import sys

import landbridge as lb


class Seen(lb.Struct):
    """Addresses of one packet."""

    saddr: lb.ipv4
    daddr: lb.ipv4


class Imp2(lb.Interface):
    """Report each ICMP packet that arrives."""

    seen = lb.Event(Seen, doc="An ICMP packet arrived.")

    @lb.on_netfilter(hook=lb.NF_INET_PRE_ROUTING, family=lb.NFPROTO_IPV4, priority=lb.NF_IP_PRI_FILTER - 1)
    def watch(self, skb: lb.Skb) -> lb.Verdict:
        """Look at each packet before routing; let all pass."""
        ip = skb.ip
        if ip.protocol == lb.IPPROTO_ICMP:
            self.seen(Seen(saddr=ip.saddr, daddr=ip.daddr))
        return lb.NF_ACCEPT


def main() -> None:
    """Print what arrives; goodbye on Ctrl-C."""
    listen = "--listen" in sys.argv
    with lb.load(Imp2, over=lb.netlink(unit=24)) as imp2:
        imp2.seen.open()
        ping = None if listen else subprocess.Popen(["ping", "-c", "3", "127.0.0.1"], stdout=subprocess.DEVNULL)
        try:
            for count, packet in enumerate(imp2.seen, start=1):
                if isinstance(packet, lb.Lost):
                    print(f"lost {packet.count} packets")
                else:
                    print(f"src: {packet.saddr}, dest: {packet.daddr}", flush=True)
                if count == 6 and not listen:  # each ping is a request and a reply
                    break
        except KeyboardInterrupt:
            print("goodbye")
        finally:
            if ping is not None:
                ping.wait()


if __name__ == "__main__":
    main()
