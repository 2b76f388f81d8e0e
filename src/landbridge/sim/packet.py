"""A packet in the simulation: bytes from the network header on, and the headers that handlers read."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace

from landbridge.compiler.headers import HEADERS, HeaderField, HeaderSpec
from landbridge.sim.values import decode
from landbridge.types import Address, Bool

ETH_P_IP = 0x0800
ETH_P_IPV6 = 0x86DD
_FRAGMENT_OFFSET = 0x1FFF
# Extension headers that ipv6_skip_exthdr() steps over.
_HOP_BY_HOP, _ROUTING, _FRAGMENT, _AUTHENTICATION, _NO_NEXT, _DESTINATION = 0, 43, 44, 51, 59, 60
_EXTENSIONS = frozenset([_HOP_BY_HOP, _ROUTING, _FRAGMENT, _AUTHENTICATION, _NO_NEXT, _DESTINATION])


@dataclass(frozen=True, slots=True)
class Packet:
    """A packet as a netfilter hook gets it.

    Attributes:
        data: Bytes, the IPv4 or IPv6 header first.
        mark: The packet's mark.
        ifindex: Interface that it came in on; 0 for packets made on this machine.
    """

    data: bytes
    mark: int = 0
    ifindex: int = 1
    _headers: dict[str, SimpleNamespace | None] = field(default_factory=dict, init=False, compare=False, repr=False)

    @property
    def len(self) -> int:
        """Bytes."""
        return len(self.data)

    @property
    def network(self) -> str:
        """``ip`` or ``ipv6``."""
        return "ipv6" if self.data[:1] and self.data[0] >> 4 == 6 else "ip"

    @property
    def protocol(self) -> int:
        """``ETH_P_IP`` or ``ETH_P_IPV6``."""
        return ETH_P_IPV6 if self.network == "ipv6" else ETH_P_IP

    def header(self, name: str) -> SimpleNamespace | None:
        """A header's fields, or None where the packet has no such header, or it is cut."""
        if name not in self._headers:
            self._headers[name] = self._read(HEADERS[name])
        return self._headers[name]

    def _read(self, spec: HeaderSpec) -> SimpleNamespace | None:
        if self.network not in spec.over:
            return None
        at = 0 if spec.protocol is None else self._transport(spec.protocol)
        if at is None or at + spec.size > len(self.data):
            return None
        made = SimpleNamespace(**{each.name: _field(each, self.data, at) for each in spec.fields.values()})
        if spec.name == "ip" and (made.version != 4 or made.ihl < 5):
            return None
        return made

    def _transport(self, protocol: int) -> int | None:
        """Where the transport header starts, None if it is another's or not in this fragment."""
        if self.network == "ipv6":
            return self._skip_extensions(protocol)
        ip = self.header("ip")
        if ip is None or ip.protocol != protocol or ip.frag_off & _FRAGMENT_OFFSET:
            return None
        return int(ip.ihl) * 4

    def _skip_extensions(self, protocol: int) -> int | None:
        ip = self.header("ipv6")
        if ip is None:
            return None
        at, next_header = 40, ip.nexthdr
        while next_header in _EXTENSIONS:
            if next_header == _NO_NEXT or at + 2 > len(self.data):
                return None
            if next_header == _FRAGMENT:
                if at + 4 > len(self.data) or int.from_bytes(self.data[at + 2 : at + 4], "big") & ~0x7:
                    return None
                size = 8
            elif next_header == _AUTHENTICATION:
                size = (self.data[at + 1] + 2) * 4
            else:
                size = (self.data[at + 1] + 1) * 8
            next_header, at = self.data[at], at + size
        return at if next_header == protocol else None


def _field(spec: HeaderField, data: bytes, at: int) -> int | bool | bytes:
    raw = data[at + spec.offset : at + spec.offset + spec.size]
    if isinstance(spec.type, Address):
        value: bytes = decode(spec.type, raw)
        return value
    number = int.from_bytes(raw, "big") >> spec.shift
    if spec.bits:
        number &= (1 << spec.bits) - 1
    return bool(number) if isinstance(spec.type, Bool) else number
