"""Functions that find a packet header and check it."""

from __future__ import annotations

from landbridge.compiler.emit_c.code import Blank, Braces, Comment, Node, Text, block
from landbridge.compiler.emit_c.unit import Unit
from landbridge.compiler.headers import HEADERS, HeaderSpec

_NFPROTO_IPV4, _NFPROTO_IPV6 = 2, 10
_PROTOCOLS = {
    "tcp": "IPPROTO_TCP",
    "udp": "IPPROTO_UDP",
    "icmp": "IPPROTO_ICMP",
    "icmpv6": "IPPROTO_ICMPV6",
}


def reader(unit: Unit, name: str) -> str:
    """A function that gives a pointer to a header of the packet, or NULL. Gives its name."""
    symbol = unit.names.symbol(f"{name}_header")
    if symbol in unit.helpers:
        return symbol
    header = HEADERS[name]
    unit.include(["linux/skbuff.h", header.kernel_header])
    if name == "ip":
        body, comment = _ipv4(unit), "The IPv4 header of a packet, or NULL."
    elif name == "ipv6":
        body, comment = _ipv6(unit), "The IPv6 header of a packet, or NULL."
    else:
        body, comment = (
            _transport(unit, header),
            f"The {name.upper()} header of a packet, or NULL; later fragments have none.",
        )
        comment = comment.replace("ICMPV6", "ICMPv6")
    type_ = header.c_type
    head = f"static const {type_} *{symbol}(const struct sk_buff *skb, {type_} *buffer)"
    unit.helpers[symbol] = [Comment((comment,)), Braces(head, body, is_function=True)]
    return symbol


def _families(unit: Unit, header: HeaderSpec) -> list[str]:
    """Network headers that the hooks of this interface can meet, of those that the header may follow."""
    families = unit.usage.families()
    met = [
        name
        for name, family in (("ip", _NFPROTO_IPV4), ("ipv6", _NFPROTO_IPV6))
        if family in families or families - {_NFPROTO_IPV4, _NFPROTO_IPV6}
    ]
    return [each for each in header.over if each in met] or list(header.over[:1])


def _ipv4(unit: Unit) -> list[Node]:
    unit.include(["linux/if_ether.h"])
    return [
        Text("const struct iphdr *ip;"),
        Blank(),
        block("if (skb->protocol != htons(ETH_P_IP))", [Text("return NULL;")]),
        Text("ip = skb_header_pointer(skb, skb_network_offset(skb), sizeof(*buffer), buffer);"),
        block("if (!ip || ip->version != 4 || ip->ihl < 5)", [Text("return NULL;")]),
        Text("return ip;"),
    ]


def _ipv6(unit: Unit) -> list[Node]:
    unit.include(["linux/if_ether.h"])
    return [
        Text("const struct ipv6hdr *ip;"),
        Blank(),
        block("if (skb->protocol != htons(ETH_P_IPV6))", [Text("return NULL;")]),
        Text("ip = skb_header_pointer(skb, skb_network_offset(skb), sizeof(*buffer), buffer);"),
        block("if (!ip || ip->version != 6)", [Text("return NULL;")]),
        Text("return ip;"),
    ]


def _transport(unit: Unit, header: HeaderSpec) -> list[Node]:
    families = _families(unit, header)
    if families == ["ip"]:
        return _over_ipv4(unit, header, "return NULL;")
    if families == ["ipv6"]:
        return _over_ipv6(unit, header)
    own = unit.names.symbol(f"{header.name}_header")
    for family, body in (("ipv4", _over_ipv4(unit, header, "return NULL;")), ("ipv6", _over_ipv6(unit, header))):
        head = f"static const {header.c_type} *{own}_{family}(const struct sk_buff *skb, {header.c_type} *buffer)"
        unit.helpers[f"{own}_{family}"] = [Braces(head, body, is_function=True)]
    return [
        block("if (skb->protocol == htons(ETH_P_IPV6))", [Text(f"return {own}_ipv6(skb, buffer);")]),
        Text(f"return {own}_ipv4(skb, buffer);"),
    ]


def _over_ipv4(unit: Unit, header: HeaderSpec, refuse: str) -> list[Node]:
    unit.include(["net/ip.h", "linux/in.h"])
    network = reader(unit, "ip")
    return [
        Text("struct iphdr ip_buffer;"),
        Text("const struct iphdr *ip;"),
        Text("int offset;"),
        Blank(),
        Text(f"ip = {network}(skb, &ip_buffer);"),
        block(
            f"if (!ip || ip->protocol != {_PROTOCOLS[header.name]} || ip->frag_off & htons(IP_OFFSET))", [Text(refuse)]
        ),
        Text("offset = skb_network_offset(skb) + ip->ihl * 4;"),
        Text("return skb_header_pointer(skb, offset, sizeof(*buffer), buffer);"),
    ]


def _over_ipv6(unit: Unit, header: HeaderSpec) -> list[Node]:
    unit.include(["net/ipv6.h", "linux/in6.h"])
    network = reader(unit, "ipv6")
    return [
        Text("struct ipv6hdr ip_buffer;"),
        Text("const struct ipv6hdr *ip;"),
        Text("__be16 fragment = 0;"),
        Text("u8 protocol;"),
        Text("int offset;"),
        Blank(),
        Text(f"ip = {network}(skb, &ip_buffer);"),
        block("if (!ip)", [Text("return NULL;")]),
        Text("protocol = ip->nexthdr;"),
        Text("offset = skb_network_offset(skb) + sizeof(*ip);"),
        Text("offset = ipv6_skip_exthdr(skb, offset, &protocol, &fragment);"),
        block(
            f"if (offset < 0 || protocol != {_PROTOCOLS[header.name]} || fragment & htons(IP6_OFFSET))",
            [Text("return NULL;")],
        ),
        Text("return skb_header_pointer(skb, offset, sizeof(*buffer), buffer);"),
    ]
