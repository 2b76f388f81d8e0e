"""The kernel's checks of attributes, as C: one entry of a ``struct nla_policy`` array each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from landbridge.channels.netlink.sets import Attribute, AttributeSet
from landbridge.types import Address, Array, Bool, Chars, EnumType, Integer, StructType, snake_case

LONGEST_EXACT = 32767
"""Bytes that NLA_POLICY_EXACT_LEN can express: its limits are s16."""


@dataclass(frozen=True)
class Range:
    """Limits too wide for the s16 of an nla_policy, which then points to them."""

    name: str
    minimum: str
    maximum: str
    signed: bool

    @property
    def c_type(self) -> str:
        return f"struct netlink_range_validation{'_signed' if self.signed else ''}"


@dataclass
class Policies:
    """The policies of a family, and what they stand on.

    Attributes:
        p: The interface's C name.
        ranges: Limits to point to.
    """

    p: str
    ranges: list[Range] = field(default_factory=list)

    def array(self, set_: AttributeSet) -> str:
        """Name of a set's policy array."""
        return f"{self.p}_netlink_policy_{set_.name}"

    def entries(self, set_: AttributeSet) -> list[tuple[str, str]]:
        """Index and value of each entry of a set's policy."""
        return [(each.c_name, self._entry(set_, each)) for each in set_.request]

    def _entry(self, set_: AttributeSet, attribute: Attribute) -> str:
        match attribute.type:
            case Bool():
                return "NLA_POLICY_MAX(NLA_U8, 1)"
            case Integer() as integer:
                return self._integer(f"{set_.name}_{attribute.name}", integer, attribute.minimum, attribute.maximum)
            case EnumType() as enum:
                return self._enum(enum)
            case Chars(length):
                return f"{{ .type = NLA_NUL_STRING, .len = {length - 1} }}"
            case Address(name="ipv4"):
                return "{ .type = NLA_U32 }"
            case Address(name="ipv6"):
                return "NLA_POLICY_EXACT_LEN(sizeof(struct in6_addr))"
            case Address():
                return "NLA_POLICY_ETH_ADDR"
            case Array(size=size) if size <= LONGEST_EXACT:
                return f"NLA_POLICY_EXACT_LEN({size})"
            case Array(size=size):
                return f"{{ .type = NLA_BINARY, .len = {size} }}"
            case StructType():
                assert attribute.nest is not None
                return f"NLA_POLICY_NESTED({self.array(attribute.nest)})"
        raise TypeError(attribute.type)

    def _integer(self, name: str, integer: Integer, minimum: int | None, maximum: int | None) -> str:
        kind = nla_type(integer)
        # The policy compares in host order: big-endian values are left to the handler.
        if integer.big_endian or (minimum is None and maximum is None):
            return f"{{ .type = {kind} }}"
        low = integer.minimum if minimum is None else minimum
        high = integer.maximum if maximum is None else maximum
        if _fits_s16(low) and _fits_s16(high):
            return f"NLA_POLICY_RANGE({kind}, {low}, {high})"
        if low == integer.minimum and _fits_s16(high):
            return f"NLA_POLICY_MAX({kind}, {high})"
        if high == integer.maximum and _fits_s16(low):
            return f"NLA_POLICY_MIN({kind}, {low})"
        range_ = Range(f"{self.p}_netlink_range_{name}", literal(low), literal(high), integer.signed)
        if range_ not in self.ranges:
            self.ranges.append(range_)
        return f"NLA_POLICY_FULL_RANGE{'_SIGNED' if integer.signed else ''}({kind}, &{range_.name})"

    def _enum(self, enum: EnumType) -> str:
        values = sorted({value for _, value in enum.members})
        base = enum.base
        if base.big_endian:
            return f"{{ .type = {nla_type(base)} }}"
        if enum.flags:
            if not base.signed and enum.mask < 1 << 32:
                return f"NLA_POLICY_MASK({nla_type(base)}, {enum.mask:#x})"
            return f"{{ .type = {nla_type(base)} }}"
        # Holes are left to the reader of the attribute: the kernel warns when it has to describe a policy
        # with a function for an integer (lib/nlattr.c:nla_get_range_unsigned).
        return self._integer(f"enum_{snake_case(enum.name)}", base, values[0], values[-1])


def nla_type(integer: Integer) -> str:
    """The kernel's word for the attribute of an integer; those in network order have the same lengths."""
    return f"NLA_{'S' if integer.signed else 'U'}{integer.bits}"


def literal(value: int) -> str:
    """An integer in C, of whatever width it needs."""
    named = {(1 << 64) - 1: "U64_MAX", (1 << 63) - 1: "S64_MAX", -(1 << 63): "S64_MIN", (1 << 32) - 1: "U32_MAX"}
    if value in named:
        return named[value]
    if -(1 << 31) <= value < 1 << 31:
        return str(value) if value != -(1 << 31) else "S32_MIN"
    return f"{value}{'ULL' if value > 0 else 'LL'}"


def _fits_s16(value: int) -> bool:
    return -(1 << 15) <= value < 1 << 15


def policed(sets: Sequence[AttributeSet]) -> Iterator[AttributeSet]:
    """The sets whose requests are checked, nests before what holds them, each once."""
    seen: set[str] = set()
    for set_ in sets:
        for each in (*_nests_of(set_.request), set_):
            if each.request and each.name not in seen:
                seen.add(each.name)
                yield each


def _nests_of(attributes: Sequence[Attribute]) -> Iterator[AttributeSet]:
    for attribute in attributes:
        if attribute.nest is not None:
            yield from _nests_of(attribute.nest.request)
            yield attribute.nest
