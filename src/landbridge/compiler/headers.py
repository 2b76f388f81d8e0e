"""Packet headers that handlers may read: their fields, where the bytes are, and what they are in C."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from landbridge.types import Type, be16, be32, boolean, ipv4, ipv6, u8


@dataclass(frozen=True, slots=True)
class HeaderField:
    """One field of a packet header.

    Attributes:
        name: As in Python: the kernel's name.
        type: Its type.
        c: Expression in C; ``{0}`` stands for the header as a struct (not a pointer).
        offset: First byte in the header.
        size: Bytes to read there, most significant first.
        shift, bits: The field is ``(number >> shift) & ((1 << bits) - 1)`` of these bytes; ``bits`` 0: all of them.
    """

    name: str
    type: Type
    c: str
    offset: int
    size: int
    shift: int = 0
    bits: int = 0


@dataclass(frozen=True, slots=True)
class HeaderSpec:
    """One kind of packet header.

    Attributes:
        name: Attribute of skb, and the name of its ``ir.HeaderType``.
        c_type: The kernel's struct.
        size: Bytes of the fixed part, all of which must be in the packet.
        protocol: ``ip.protocol`` or ``ipv6.nexthdr`` that announces it; None for the network headers themselves.
        over: Network headers under which it may be: ``ip``, ``ipv6``. A packet of another kind is EBADMSG.
        kernel_header: Kernel header of the struct.
        fields: By name.
    """

    name: str
    c_type: str
    size: int
    protocol: int | None
    over: tuple[str, ...]
    kernel_header: str
    fields: Mapping[str, HeaderField]


def _fields(*fields: HeaderField) -> Mapping[str, HeaderField]:
    return {each.name: each for each in fields}


def _flag(name: str, shift: int) -> HeaderField:
    return HeaderField(name, boolean, f"{{0}}.{name}", 13, 1, shift, 1)


HEADERS: Mapping[str, HeaderSpec] = {
    "ip": HeaderSpec(
        "ip",
        "struct iphdr",
        20,
        None,
        ("ip",),
        "linux/ip.h",
        _fields(
            HeaderField("version", u8, "{0}.version", 0, 1, 4, 4),
            HeaderField("ihl", u8, "{0}.ihl", 0, 1, 0, 4),
            HeaderField("tos", u8, "{0}.tos", 1, 1),
            HeaderField("tot_len", be16, "{0}.tot_len", 2, 2),
            HeaderField("id", be16, "{0}.id", 4, 2),
            HeaderField("frag_off", be16, "{0}.frag_off", 6, 2),
            HeaderField("ttl", u8, "{0}.ttl", 8, 1),
            HeaderField("protocol", u8, "{0}.protocol", 9, 1),
            HeaderField("check", be16, "{0}.check", 10, 2),
            HeaderField("saddr", ipv4, "{0}.saddr", 12, 4),
            HeaderField("daddr", ipv4, "{0}.daddr", 16, 4),
        ),
    ),
    "ipv6": HeaderSpec(
        "ipv6",
        "struct ipv6hdr",
        40,
        None,
        ("ipv6",),
        "linux/ipv6.h",
        _fields(
            HeaderField("version", u8, "{0}.version", 0, 1, 4, 4),
            HeaderField("payload_len", be16, "{0}.payload_len", 4, 2),
            HeaderField("nexthdr", u8, "{0}.nexthdr", 6, 1),
            HeaderField("hop_limit", u8, "{0}.hop_limit", 7, 1),
            HeaderField("saddr", ipv6, "{0}.saddr", 8, 16),
            HeaderField("daddr", ipv6, "{0}.daddr", 24, 16),
        ),
    ),
    "tcp": HeaderSpec(
        "tcp",
        "struct tcphdr",
        20,
        6,
        ("ip", "ipv6"),
        "linux/tcp.h",
        _fields(
            HeaderField("source", be16, "{0}.source", 0, 2),
            HeaderField("dest", be16, "{0}.dest", 2, 2),
            HeaderField("seq", be32, "{0}.seq", 4, 4),
            HeaderField("ack_seq", be32, "{0}.ack_seq", 8, 4),
            HeaderField("doff", u8, "{0}.doff", 12, 1, 4, 4),
            _flag("fin", 0),
            _flag("syn", 1),
            _flag("rst", 2),
            _flag("psh", 3),
            _flag("ack", 4),
            _flag("urg", 5),
            _flag("ece", 6),
            _flag("cwr", 7),
            HeaderField("window", be16, "{0}.window", 14, 2),
            HeaderField("check", be16, "{0}.check", 16, 2),
            HeaderField("urg_ptr", be16, "{0}.urg_ptr", 18, 2),
        ),
    ),
    "udp": HeaderSpec(
        "udp",
        "struct udphdr",
        8,
        17,
        ("ip", "ipv6"),
        "linux/udp.h",
        _fields(
            HeaderField("source", be16, "{0}.source", 0, 2),
            HeaderField("dest", be16, "{0}.dest", 2, 2),
            HeaderField("len", be16, "{0}.len", 4, 2),
            HeaderField("check", be16, "{0}.check", 6, 2),
        ),
    ),
    "icmp": HeaderSpec(
        "icmp",
        "struct icmphdr",
        8,
        1,
        ("ip",),
        "linux/icmp.h",
        _fields(
            HeaderField("type", u8, "{0}.type", 0, 1),
            HeaderField("code", u8, "{0}.code", 1, 1),
            HeaderField("checksum", be16, "{0}.checksum", 2, 2),
            HeaderField("id", be16, "{0}.un.echo.id", 4, 2),
            HeaderField("sequence", be16, "{0}.un.echo.sequence", 6, 2),
        ),
    ),
    "icmpv6": HeaderSpec(
        "icmpv6",
        "struct icmp6hdr",
        8,
        58,
        ("ipv6",),
        "linux/icmpv6.h",
        _fields(
            HeaderField("type", u8, "{0}.icmp6_type", 0, 1),
            HeaderField("code", u8, "{0}.icmp6_code", 1, 1),
            HeaderField("checksum", be16, "{0}.icmp6_cksum", 2, 2),
            HeaderField("id", be16, "{0}.icmp6_identifier", 4, 2),
            HeaderField("sequence", be16, "{0}.icmp6_sequence", 6, 2),
        ),
    ),
}
"""By the name of the attribute of skb."""
