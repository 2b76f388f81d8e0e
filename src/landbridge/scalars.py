"""The scalar types as users write them.

At run time ``u32`` is the Type itself. A type checker sees the class of its values (int,
IPv4Address), so that ``saddr: lb.ipv4`` and ``lb.u64(x)`` mean what they mean to a reader.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ipaddress import IPv4Address, IPv6Address

    from landbridge.types import MacAddress

    # One name a line: a chained assignment makes variables, not aliases.
    u8 = int
    u16 = int
    u32 = int
    u64 = int
    s8 = int
    s16 = int
    s32 = int
    s64 = int
    be16 = int
    be32 = int
    be64 = int
    ipv4 = IPv4Address
    ipv6 = IPv6Address
    mac = MacAddress
else:
    from landbridge.types import be16, be32, be64, ipv4, ipv6, mac, s8, s16, s32, s64, u8, u16, u32, u64

__all__ = ["be16", "be32", "be64", "ipv4", "ipv6", "mac", "s8", "s16", "s32", "s64", "u8", "u16", "u32", "u64"]
