"""The netlink channel: a generic netlink family, or a raw protocol unit."""

from __future__ import annotations

import errno as errno_module
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from landbridge.channels.base import Channel, ChannelEnd, KernelPart
from landbridge.channels.netlink.emit_generic import GenericEmitter
from landbridge.channels.netlink.emit_raw import RawEmitter
from landbridge.channels.netlink.generic_end import GenericEnd
from landbridge.channels.netlink.handbook import handbook
from landbridge.channels.netlink.operations import group_name
from landbridge.channels.netlink.raw_end import RawEnd
from landbridge.channels.netlink.units import FIRST_FREE, LAST, problem_with
from landbridge.channels.netlink.ynl import ynl_spec
from landbridge.errors import DeclarationError, UnsupportedError
from landbridge.spec import Capability, CommandSpec, EventSpec, InterfaceSpec, MemberSpec, ParamSpec, TableSpec

LONGEST_FAMILY = 15
"""Characters of a family's name: GENL_NAMSIZ without the NUL."""
MOST_READERS = 64


@dataclass(frozen=True, repr=False)
class Netlink(Channel):
    """Generic netlink, or a raw netlink unit of one's own.

    Over generic netlink each command is an operation, a Param two, a table a dump, an event a multicast
    group; each field is an attribute. On a raw unit each is a message type whose payload is the struct
    itself, and events go to registered readers, each by unicast.

    Args:
        family: Name of the generic netlink family, at most 15 characters; that of the interface unless told.
        unit: A raw protocol unit, 23 to 31, instead of generic netlink.
        readers: How many readers an event may have on a raw unit, 1 to 64; one more gets EBUSY.

    Kernel: net/netlink/genetlink.c:genl_register_family; net/netlink/af_netlink.c:__netlink_kernel_create.
    """

    family: str | None = None
    unit: int | None = None
    readers: int = 1

    name: ClassVar[str] = "netlink"
    carries: ClassVar[tuple[type[MemberSpec], ...]] = (CommandSpec, ParamSpec, EventSpec, TableSpec)

    def __call__(self, *, family: str | None = None, unit: int | None = None, readers: int = 1) -> Netlink:
        """Give this channel in another configuration; arguments as for the class."""
        return Netlink(family, unit, readers)

    def __repr__(self) -> str:
        if self.unit is not None:
            return f"lb.netlink(unit={self.unit}, readers={self.readers})"
        return "lb.netlink" if self.family is None else f"lb.netlink(family={self.family!r})"

    def family_of(self, spec: InterfaceSpec) -> str:
        """Name of the generic netlink family."""
        return self.family or spec.c_name

    def check(self, spec: InterfaceSpec, members: Sequence[MemberSpec]) -> None:
        if self.unit is None:
            self._check_generic(spec, members)
            return
        self._check_raw(spec, members, self.unit)

    def _check_raw(self, spec: InterfaceSpec, members: Sequence[MemberSpec], unit: int) -> None:
        problem = problem_with(unit)
        if problem is not None:
            raise DeclarationError(
                f"netlink: unit {unit!r} {problem}",
                code="LB112",
                hint=f"take one of {FIRST_FREE} to {LAST}, or leave unit= out for generic netlink",
                where=spec.where,
            )
        if self.family is not None:
            raise DeclarationError(
                "netlink: a raw unit has no family=; give one of the two", code="LB112", where=spec.where
            )
        if isinstance(self.readers, bool) or not isinstance(self.readers, int) or not 1 <= self.readers <= MOST_READERS:
            raise DeclarationError(
                f"netlink: readers={self.readers!r} is not a number from 1 to {MOST_READERS}",
                code="LB112",
                where=spec.where,
            )
        self._check_names(spec, RawEmitter(spec, members, unit, self.readers).clash())

    def _check_generic(self, spec: InterfaceSpec, members: Sequence[MemberSpec]) -> None:
        family = self.family_of(spec)
        if not family.isascii() or not family.isprintable() or not 1 <= len(family) <= LONGEST_FAMILY:
            raise DeclarationError(
                f"netlink: {family!r} cannot be the name of a generic netlink family: "
                f"it has {len(family)} characters, and 1 to {LONGEST_FAMILY} of ASCII are allowed",
                code="LB112",
                hint='give a shorter one: lb.netlink(family="...")',
                where=spec.where,
            )
        for each in members:
            if isinstance(each, EventSpec) and each.capability not in _GROUP_CAPABILITIES:
                raise DeclarationError(
                    f"{spec.name}.{each.name}: a generic netlink group cannot ask for {each.capability!s}",
                    code="LB112",
                    hint="the kernel knows lb.CAP_NET_ADMIN, lb.CAP_SYS_ADMIN or None here; "
                    "a raw unit, lb.netlink(unit=24), can ask for any",
                    where=each.where,
                )
        emitter = GenericEmitter(spec, members, family)
        if emitter.operations[-1].number > 255:
            raise DeclarationError(
                f"{spec.name}: {emitter.operations[-1].number} operations; a generic netlink family has at most 255",
                code="LB112",
                hint="a Param takes two: put some of the members on another channel",
                where=spec.where,
            )
        self._check_names(spec, emitter.clash())

    def _check_names(self, spec: InterfaceSpec, clash: str | None) -> None:
        if clash is not None:
            raise DeclarationError(
                f"{spec.name}: over netlink two things would be called {clash} in C",
                code="LB102",
                hint="rename one of the members or fields",
                where=spec.where,
            )

    def kernel_part(self, spec: InterfaceSpec, members: Sequence[MemberSpec], features: frozenset[str]) -> KernelPart:
        if self.unit is not None:
            raw = RawEmitter(spec, members, self.unit, self.readers)
            return KernelPart(name=self.name, source=raw.source(), uapi=raw.uapi(), handbook=handbook(raw))
        guarded = [each for each in members if isinstance(each, EventSpec) and each.capability is not None]
        if guarded and not features & {"genl_mcast_cap", "genl_mcast_cap_sys_admin"}:
            raise UnsupportedError(
                f"{spec.name}.{guarded[0].name}: this kernel lets anyone listen to a multicast group",
                feature="capability of a multicast group",
                minimum_version="6.7 (and 5.10.204, 5.15.143, 6.1.68, 6.6.7)",
                hint="declare it with capability=None if all may hear it, or use a raw unit, lb.netlink(unit=24)",
            )
        generic = GenericEmitter(spec, members, self.family_of(spec))
        return KernelPart(
            name=self.name,
            source=generic.source(features),
            uapi=generic.uapi(),
            handbook=handbook(generic),
            extra={f"{spec.c_name}.yaml": ynl_spec(generic)},
        )

    def open(self, spec: InterfaceSpec, members: Sequence[MemberSpec]) -> ChannelEnd:
        if self.unit is not None:
            return RawEnd(spec, members, self.unit)
        return GenericEnd(spec, members, self.family_of(spec))

    def explain_load_error(self, spec: InterfaceSpec, members: Sequence[MemberSpec], errno: int) -> str | None:
        if self.unit is not None:
            if errno == errno_module.EBUSY:
                return f"netlink unit {self.unit} is taken by another module; lsmod may tell which"
            return None
        if errno == errno_module.EEXIST:
            return f"a generic netlink family {self.family_of(spec)!r} is there already; another module has it"
        return None

    def describe(self, spec: InterfaceSpec, member: MemberSpec) -> str:
        where = f"generic netlink family {self.family_of(spec)!r}" if self.unit is None else f"netlink unit {self.unit}"
        prefix = f"{spec.c_name}_{'CMD' if self.unit is None else 'MSG'}_{member.name}".upper()
        match member:
            case ParamSpec():
                return f"{where}: {prefix}_GET, {prefix}_SET"
            case EventSpec() if self.unit is None:
                return f"{where}: multicast group {group_name(member)!r}, {prefix}"
            case EventSpec():
                return f"{where}: {prefix}, after {spec.c_name.upper()}_MSG_REGISTER"
            case TableSpec():
                return f"{where}: {prefix} (dump)"
        return f"{where}: {prefix}"


_GROUP_CAPABILITIES = (None, Capability.CAP_NET_ADMIN, Capability.CAP_SYS_ADMIN)

netlink = Netlink()
"""The netlink channel in its default configuration, generic netlink; call it for another."""
