"""Packets for the tests, byte by byte."""

from __future__ import annotations

import ipaddress
import struct


def ipv4(payload: bytes, *, protocol: int = 17, fragment: int = 0, options: bytes = b"", version: int = 4) -> bytes:
    """An IPv4 packet from 10.0.0.1 to 10.0.0.2."""
    ihl = 5 + len(options) // 4
    addresses = ipaddress.ip_address("10.0.0.1").packed + ipaddress.ip_address("10.0.0.2").packed
    length = ihl * 4 + len(payload)
    head = struct.pack(">BBHHHBBH", version << 4 | ihl, 0, length, 1, fragment, 64, protocol, 0)
    return head + addresses + options + payload


def ipv6(payload: bytes, *, next_header: int = 17) -> bytes:
    """An IPv6 packet from ::1 to ::2."""
    head = struct.pack(">IHBB", 6 << 28, len(payload), next_header, 64)
    return head + ipaddress.ip_address("::1").packed + ipaddress.ip_address("::2").packed + payload


def udp(dest: int) -> bytes:
    """A UDP header from port 1000."""
    return struct.pack(">HHHH", 1000, dest, 8, 0)
