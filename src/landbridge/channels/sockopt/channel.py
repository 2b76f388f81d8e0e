"""The sockopt channel: setsockopt and getsockopt, answered by nf_register_sockopt."""

from __future__ import annotations

import errno as errno_module
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from landbridge.channels.base import Channel, ChannelEnd, KernelPart
from landbridge.channels.sockopt.ranges import PF_INET, PF_INET6, owner_of
from landbridge.channels.sockopt.user import SockoptEnd
from landbridge.channels.templates import render
from landbridge.errors import DeclarationError
from landbridge.spec import CommandSpec, InterfaceSpec, MemberSpec, ParamSpec

FAMILY_NAMES = {PF_INET: "PF_INET", PF_INET6: "PF_INET6"}
LEVEL_NAMES = {PF_INET: "IPPROTO_IP", PF_INET6: "IPPROTO_IPV6"}
LARGEST_ON_STACK = 256
"""Bytes of a request or reply that the kernel end keeps on its stack; larger ones are allocated."""


@dataclass(frozen=True, repr=False)
class Sockopt(Channel):
    """Socket options of a number range of one's own.

    A command without a result is a setsockopt, one without arguments a getsockopt, one with both a
    getsockopt whose buffer carries the request in and the reply out. A Param is both. Option ``base`` itself
    reads the interface's digest; member n is option ``base + n``.

    Args:
        base: First option number.
        pf: ``lb.PF_INET`` (level IPPROTO_IP) or ``lb.PF_INET6`` (level IPPROTO_IPV6).

    Kernel: net/netfilter/nf_sockopt.c:nf_register_sockopt, since 2.4; ``sockptr_t`` since 5.9.
    """

    base: int = 0x4C00
    pf: int = PF_INET

    name: ClassVar[str] = "sockopt"
    carries: ClassVar[tuple[type[MemberSpec], ...]] = (CommandSpec, ParamSpec)

    def __call__(self, *, base: int = 0x4C00, pf: int = PF_INET) -> Sockopt:
        """Give this channel in another configuration; arguments as for the class."""
        return Sockopt(base, pf)

    def __repr__(self) -> str:
        return f"lb.sockopt(base={self.base:#x}, pf={FAMILY_NAMES.get(self.pf, self.pf)})"

    def option(self, member: MemberSpec) -> int:
        """Option number of a member."""
        assert isinstance(member, (CommandSpec, ParamSpec))
        return self.base + member.number

    def check(self, spec: InterfaceSpec, members: Sequence[MemberSpec]) -> None:
        if self.pf not in FAMILY_NAMES:
            raise DeclarationError(
                f"sockopt: pf={self.pf!r} is not lb.PF_INET or lb.PF_INET6", code="LB112", where=spec.where
            )
        last = max(self.option(each) for each in members)
        if not 0 <= self.base <= last < 1 << 31:
            raise DeclarationError(
                f"sockopt: base={self.base!r} is not a number from 0 to {(1 << 31) - 256:,}",
                code="LB112",
                where=spec.where,
            )
        taken = owner_of(self.pf, self.base, last)
        if taken is not None:
            raise DeclarationError(
                self._taken_by(last, f"{taken.owner}, which has {taken.first} to {taken.last}"),
                code="LB112",
                hint="choose another base=, such as 0x4c00",
                where=spec.where,
            )

    def explain_load_error(self, spec: InterfaceSpec, members: Sequence[MemberSpec], errno: int) -> str | None:
        if errno != errno_module.EBUSY:
            return None
        last = max(self.option(each) for each in members)
        taken = owner_of(self.pf, self.base, last)
        return self._taken_by(last, taken.owner if taken else "another module")

    def _taken_by(self, last: int, owner: str) -> str:
        return f"options {self.base:#x} to {last:#x} of {FAMILY_NAMES.get(self.pf)} are taken by {owner}"

    def kernel_part(self, spec: InterfaceSpec, members: Sequence[MemberSpec], features: frozenset[str]) -> KernelPart:
        prefix = spec.c_name
        upper = prefix.upper()
        commands = [each for each in members if isinstance(each, CommandSpec)]
        params = [each for each in members if isinstance(each, ParamSpec)]
        context = {
            "channel": self,
            "spec": spec,
            "p": prefix,
            "P": upper,
            "family": FAMILY_NAMES[self.pf],
            "level": LEVEL_NAMES[self.pf],
            "commands": commands,
            "params": params,
            "setters": [each for each in commands if each.reply is None],
            "getters": [each for each in commands if each.reply is not None],
            "on_stack": LARGEST_ON_STACK,
            "large": any(_bytes(each) > LARGEST_ON_STACK for each in members),
            "last": max(self.option(each) for each in members) - self.base,
        }
        return KernelPart(
            name=self.name,
            source=render("sockopt/module.c.j2", **context),
            uapi=render("sockopt/uapi.h.j2", **context),
            handbook=render("sockopt/handbook.md.j2", **context),
        )

    def open(self, spec: InterfaceSpec, members: Sequence[MemberSpec]) -> ChannelEnd:
        return SockoptEnd(spec, self.base, self.pf)

    def describe(self, spec: InterfaceSpec, member: MemberSpec) -> str:
        level, name = LEVEL_NAMES[self.pf], f"{spec.c_name.upper()}_SO_{member.name.upper()}"
        match member:
            case CommandSpec(reply=None):
                calls = "setsockopt"
            case CommandSpec():
                calls = "getsockopt"
            case _:
                calls = "getsockopt, setsockopt"
        return f"{calls}({level}, {name} = {self.option(member):#x})"


def _bytes(member: MemberSpec) -> int:
    """Bytes that a member's handler in the kernel end has to hold at once."""
    if isinstance(member, ParamSpec):
        return member.value.size
    assert isinstance(member, CommandSpec)
    return sum(each.size for each in (member.request, member.reply) if each is not None)


sockopt = Sockopt()
"""The sockopt channel in its default configuration; call it for another."""
