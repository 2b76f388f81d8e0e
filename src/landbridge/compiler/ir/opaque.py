"""Types that only handlers see."""

from __future__ import annotations

from dataclasses import dataclass

from landbridge.types import Type


@dataclass(frozen=True, repr=False)
class OpaqueType(Type):
    """A kernel object that handlers hold but cannot copy out: ``skb``, a task, a device.

    Attributes:
        name: ``Skb``, ``Task`` or ``NetDevice``.
    """

    name: str
    size: int = 0
    align: int = 1
    code: str = ""

    def to_raw(self, value: object) -> object:
        raise TypeError(f"{self.name} stays in the kernel")

    def from_raw(self, raw: object) -> object:
        raise TypeError(f"{self.name} stays in the kernel")


@dataclass(frozen=True, repr=False)
class SlotType(OpaqueType):
    """A reference to one entry of a Map, or to none. Never outlives the lock.

    Attributes:
        map: Name of the Map.
    """

    map: str = ""


@dataclass(frozen=True, repr=False)
class HeaderType(OpaqueType):
    """A packet header that was copied out of an skb and checked.

    One of ``ip``, ``ipv6``, ``tcp``, ``udp``, ``icmp``, ``icmpv6``.
    Its fields and their types are in :mod:`landbridge.compiler.headers`.
    """
