"""The kernel end on a raw netlink unit, as C."""

from __future__ import annotations

from collections.abc import Sequence

from landbridge.channels.netlink.emit_generic import LARGEST_ON_STACK, LARGEST_USUAL_ROW
from landbridge.channels.netlink.layout import includes_for, tidy
from landbridge.channels.netlink.operations import Kind, Operation, find, is_served, raw_operations
from landbridge.channels.netlink.payloads import READER, event_layout, info_layout
from landbridge.channels.netlink.sets import COUNTS
from landbridge.channels.netlink.transfer import c_struct
from landbridge.channels.templates import render
from landbridge.compiler.emit_c.code import lay_out
from landbridge.compiler.emit_c.names import Names
from landbridge.compiler.emit_c.structs import struct
from landbridge.spec import CommandSpec, EventSpec, InterfaceSpec, MemberSpec, ParamSpec
from landbridge.types import StructType, snake_case


class RawEmitter:
    """Emits the kernel end of some members as a raw netlink unit.

    Attributes:
        operations: The message types that are in use.
    """

    def __init__(self, spec: InterfaceSpec, members: Sequence[MemberSpec], unit: int, readers: int) -> None:
        self.spec, self.members, self.unit, self.readers = spec, members, unit, readers
        self.events = [each for each in members if isinstance(each, EventSpec)]
        self.operations = [
            each for each in raw_operations(members) if self.events or each.kind not in (Kind.REGISTER, Kind.UNREGISTER)
        ]

    def clash(self) -> str | None:
        """A name in C that would be given twice, or None."""
        p = self.spec.c_name
        names = [tag for tag, _ in self._structs()]
        names += [f"struct {p}_{snake_case(each.name)}" for each in self.spec.structs]
        names += [self._c_op(each) for each in self.operations]
        return next((each for each in names if names.count(each) > 1), None)

    def uapi(self) -> str:
        """What user space knows of it, in C."""
        names = Names(self.spec.c_name)
        texts = [
            "\n".join(line.text for line in lay_out([struct(names, tag, each, uapi=True)]))
            for tag, each in self._structs()
        ]
        return tidy(
            render(
                "netlink/raw_uapi.h.j2",
                P=self.spec.c_name.upper(),
                unit=self.unit,
                operations=self.operations,
                c_op=self._c_op,
                structs=texts,
            )
        )

    def source(self) -> str:
        """The C file."""
        p = self.spec.c_name
        served = [each for each in self.operations if is_served(each)]

        def of(kind: Kind) -> list[Operation]:
            return [each for each in self.operations if each.kind is kind and (is_served(each) or kind is Kind.EVENT)]

        large = any(size > LARGEST_ON_STACK for each in self.members for size in _copied(each))
        context = {
            "spec": self.spec,
            "p": p,
            "P": p.upper(),
            "unit": self.unit,
            "readers": self.readers,
            "includes": includes_for(self.members, (), large=large, generic=False),
            "events": self.events,
            "served": served,
            "commands": of(Kind.COMMAND),
            "gets": of(Kind.GET),
            "sets_ops": of(Kind.SET),
            "tables": of(Kind.DUMP),
            "event_ops": of(Kind.EVENT),
            "info": find(self.operations, Kind.INFO),
            "on_stack": LARGEST_ON_STACK,
            "usual_row": LARGEST_USUAL_ROW,
            "struct_of": lambda each: c_struct(p, each),
            "c_op": self._c_op,
        }
        return tidy(render("netlink/raw.c.j2", **context))

    def _structs(self) -> list[tuple[str, StructType]]:
        """Tags and layouts of the structs beside those that the members themselves have."""
        p = self.spec.c_name
        own = [(f"struct {p}_netlink_info", info_layout(self.events))]
        if not self.events:
            return own
        return [
            (f"struct {p}_netlink_counts", COUNTS),
            *own,
            (f"struct {p}_netlink_reader", READER),
            *((f"struct {p}_{each.name}_event", event_layout(each)) for each in self.events),
        ]

    def _c_op(self, operation: Operation) -> str:
        return f"{self.spec.c_name}_MSG_{operation.name}".upper()


def _copied(member: MemberSpec) -> list[int]:
    """Sizes of what is copied out of a request."""
    if isinstance(member, CommandSpec) and member.request is not None:
        return [member.request.size]
    return [member.value.size] if isinstance(member, ParamSpec) and member.is_writable else []
