"""The kernel end over generic netlink, as C."""

from __future__ import annotations

import functools
from collections.abc import Sequence

from landbridge.channels.netlink.layout import includes_for, tidy
from landbridge.channels.netlink.operations import (
    INFO,
    Kind,
    Operation,
    find,
    generic_operations,
    group_name,
    is_served,
)
from landbridge.channels.netlink.policy import Policies, policed
from landbridge.channels.netlink.sets import Attribute, AttributeSet, SetMaker, inside
from landbridge.channels.netlink.transfer import c_struct, put, read, room
from landbridge.channels.templates import render
from landbridge.spec import Capability, CommandSpec, EventSpec, InterfaceSpec, MemberSpec, ParamSpec
from landbridge.types import StructType

LARGEST_ON_STACK = 256
"""Bytes of requests and replies that the kernel end keeps on its stack; larger ones are allocated."""
LARGEST_USUAL_ROW = 3000
"""Bytes of a row that surely fit the buffer that a dump gets without asking."""


class GenericEmitter:
    """Emits the kernel end of some members as a generic netlink family.

    Attributes:
        operations: The family's commands.
        sets: Attribute sets of the members, by name.
        nests: The sets inside others.
        info: The set of the operation that every family has.
    """

    def __init__(self, spec: InterfaceSpec, members: Sequence[MemberSpec], family: str) -> None:
        self.spec, self.members, self.family = spec, members, family
        self.events = [each for each in members if isinstance(each, EventSpec)]
        maker = SetMaker(spec)
        self.operations = generic_operations(members)
        self.sets = {each.name: maker.of_member(each) for each in members}
        self.info = maker.info(self.events)
        self.nests = maker.nests

    @property
    def all_sets(self) -> tuple[AttributeSet, ...]:
        """Every set, those inside others first."""
        return (*self.nests.values(), self.info, *self.sets.values())

    def clash(self) -> str | None:
        """A name in C that would be given twice, or None."""
        names = [self._c_op(each) for each in self.operations]
        names += [attribute.c_name for set_ in self.all_sets for attribute in set_.attributes]
        names += [f"group {group_name(each)}" for each in self.events]
        return next((each for each in names if names.count(each) > 1), None)

    def uapi(self) -> str:
        """What user space knows of it, in C."""
        return tidy(
            render(
                "netlink/uapi.h.j2",
                P=self.spec.c_name.upper(),
                family=self.family,
                events=self.events,
                group=group_name,
                operations=self.operations,
                c_op=self._c_op,
                all_sets=self.all_sets,
            )
        )

    def source(self, features: frozenset[str]) -> str:
        """The C file."""
        p = self.spec.c_name
        served = [each for each in self.operations if is_served(each)]
        policies = Policies(p)
        requests = [self.sets[each.member.name] for each in served if each.member and _asks(each, self.sets)]
        arrays = [(policies.array(each), policies.entries(each)) for each in policed(requests)]
        large = any(_bytes(each) > LARGEST_ON_STACK for each in self.members)
        context = {
            "spec": self.spec,
            "p": p,
            "P": p.upper(),
            "family": self.family,
            "includes": includes_for(self.members, self.all_sets, large=large, generic=True),
            "events": self.events,
            "policies": policies,
            "policy_arrays": arrays,
            "has_empty": any(not _asks(each, self.sets) for each in served),
            "group_flag": functools.partial(_group_flag, features),
            "has_missing": "nl_set_err_attr_miss" in features,
            "read_sets": [self._reader(each) for each in policed(requests)],
            "nest_puts": self._nest_puts(),
            "sets": self.sets,
            "served": served,
            "commands": [each for each in served if each.kind is Kind.COMMAND],
            "gets": [each for each in served if each.kind is Kind.GET],
            "sets_ops": [each for each in served if each.kind is Kind.SET],
            "tables": [each for each in served if each.kind is Kind.DUMP],
            "event_ops": [each for each in self.operations if each.kind is Kind.EVENT],
            "info": find(self.operations, Kind.INFO),
            "info_set": self.info,
            "on_stack": LARGEST_ON_STACK,
            "usual_row": LARGEST_USUAL_ROW,
            "room": lambda attributes: sum(room(each) for each in attributes),
            "put": self._put,
            "put_value": lambda attribute, source: put(p, attribute, source),
            "struct_of": lambda struct: c_struct(p, struct),
            "c_op": self._c_op,
        }
        return tidy(render("netlink/module.c.j2", **context))

    def _c_op(self, operation: Operation) -> str:
        return f"{self.spec.c_name}_CMD_{operation.name}".upper()

    def _put(self, attribute: Attribute, base: str) -> str:
        return put(self.spec.c_name, attribute, f"{base}{attribute.name}")

    def _reader(self, set_: AttributeSet) -> tuple[AttributeSet, str, bool, list[str]]:
        """A set with the struct that it is read into, whether it is a nest, and the statements."""
        p = self.spec.c_name
        is_nest = set_.name in self.nests
        if is_nest:
            struct = f"struct {p}_{set_.name.removeprefix('struct_')}"
        else:
            kind = "request" if isinstance(self.spec.member(set_.name), CommandSpec) else "param"
            struct = f"struct {p}_{set_.name}_{kind}"
        lines = [line for each in set_.request for line in read(p, each, f"to->{each.name}")]
        return set_, struct, is_nest, lines

    def _nest_puts(self) -> list[tuple[AttributeSet, str]]:
        """The nests that are sent, each after those inside it."""
        p = self.spec.c_name
        used: dict[str, AttributeSet] = {}
        for set_ in (self.info, *self.sets.values()):
            for each in inside(set_.reply):
                if set_.name == INFO or not isinstance(self.spec.member(set_.name), ParamSpec) or _reads(self, set_):
                    used.setdefault(each.name, each)
        return [(each, f"struct {p}_{name.removeprefix('struct_')}") for name, each in used.items()]


def _group_flag(features: frozenset[str], capability: Capability) -> str:
    """What makes a multicast group ask its listeners for a capability."""
    if "genl_mcast_cap" in features:
        return f".flags = GENL_MCAST_{capability.name}"
    # The stable kernels before took the check over in this form.
    return ".flags = GENL_UNS_ADMIN_PERM" if capability is Capability.CAP_NET_ADMIN else ".cap_sys_admin = 1"


def _reads(emitter: GenericEmitter, set_: AttributeSet) -> bool:
    member = emitter.spec.member(set_.name)
    return isinstance(member, ParamSpec) and member.is_readable


def _asks(operation: Operation, sets: dict[str, AttributeSet]) -> bool:
    """Whether its requests have attributes."""
    return operation.kind in (Kind.COMMAND, Kind.SET) and bool(operation.member and sets[operation.member.name].request)


def _bytes(member: MemberSpec) -> int:
    """Bytes that a member's handler in the kernel end has to hold at once."""
    structs: tuple[StructType | None, ...] = ()
    if isinstance(member, ParamSpec):
        structs = (member.value,)
    elif isinstance(member, CommandSpec):
        structs = (member.request, member.reply)
    return sum(each.size for each in structs if each is not None)
