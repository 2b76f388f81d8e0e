"""Network addresses: ipv4, ipv6, mac. Bytes in network order."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from landbridge.types.base import Type


class MacAddress(bytes):
    """A link-layer address of six bytes, printed as ``52:54:00:12:34:56``.

    Args:
        value: The text form, or six bytes.
    """

    def __new__(cls, value: str | bytes = bytes(6)) -> MacAddress:
        if isinstance(value, str):
            parts = value.replace("-", ":").split(":")
            if len(parts) != 6 or not all(len(part) in (1, 2) for part in parts):
                raise ValueError(f"{value!r} is not a MAC address; write six hexadecimal bytes, 52:54:00:12:34:56")
            value = bytes(int(part, 16) for part in parts)
        if len(value) != 6:
            raise ValueError(f"a MAC address has 6 bytes, not {len(value)}")
        return super().__new__(cls, value)

    def __str__(self) -> str:
        return self.hex(":")

    def __repr__(self) -> str:
        return f"MacAddress({str(self)!r})"


@dataclass(frozen=True, repr=False)
class Address(Type):
    """A network address.

    Attributes:
        value_class: Class of its values in Python.
    """

    name: str
    size: int
    align: int
    value_class: Callable[[Any], Any]

    @property
    def code(self) -> str:  # type: ignore[override]  # derived here, stored elsewhere; never assigned
        return f"{self.size}s"

    def to_raw(self, value: Any) -> bytes:
        if isinstance(value, bool) or (isinstance(value, int) and self.name == "mac"):
            raise TypeError(f"{self.name} takes an address, not {value!r}")
        address = self.value_class(value)
        return address if isinstance(address, bytes) else bytes(address.packed)

    def from_raw(self, raw: bytes) -> Any:
        return self.value_class(raw)

    def __call__(self, value: Any) -> Any:
        """Make a value, from text such as ``"10.0.0.1"`` or from bytes."""
        return self.from_raw(self.to_raw(value))


ipv4 = Address("ipv4", 4, 4, ipaddress.IPv4Address)
ipv6 = Address("ipv6", 16, 4, ipaddress.IPv6Address)
mac = Address("mac", 6, 1, MacAddress)
