"""Attribute sets: which attributes the messages of a member have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from landbridge.channels.netlink.operations import INFO
from landbridge.spec import CommandSpec, EventSpec, InterfaceSpec, MemberSpec, ParamSpec, TableSpec
from landbridge.types import StructType, Type, layout, snake_case, u64

COUNTS = layout("NetlinkCounts", [("sent", u64), ("lost", u64)])


@dataclass(frozen=True)
class Attribute:
    """One attribute: a field of a struct, or what a message carries beside it.

    Attributes:
        number: Its type number, from 1.
        name: Its name.
        type: Type of the value.
        c_name: Its name in C, such as ``IMP1_A_TELL_MESSAGE``.
        nest: The set inside, for a struct.
        minimum, maximum: Bounds beyond those of the type, inclusive.
    """

    number: int
    name: str
    type: Type
    c_name: str
    nest: AttributeSet | None = None
    minimum: int | None = None
    maximum: int | None = None


@dataclass(frozen=True)
class AttributeSet:
    """The attributes of a member's messages, or those inside a nest.

    Attributes:
        name: Its name: that of the member or ``struct_<struct>``.
        prefix: What the attributes' names in C start with.
        request: What a request consists of, all of it required.
        reply: What a reply, a row, or an event consists of.
        sequence: The number of an event.
        doc: What it is for.
    """

    name: str
    prefix: str
    request: tuple[Attribute, ...] = ()
    reply: tuple[Attribute, ...] = ()
    sequence: Attribute | None = None
    doc: str = ""

    @property
    def attributes(self) -> tuple[Attribute, ...]:
        """All of them, by number, each once."""
        found = {each.number: each for each in (*self.request, *self.reply)}
        if self.sequence is not None:
            found[self.sequence.number] = self.sequence
        return tuple(found[number] for number in sorted(found))

    @property
    def last(self) -> int:
        """The greatest number of a request's attribute, 0 if it has none."""
        return max((each.number for each in self.request), default=0)


class SetMaker:
    """Makes the attribute sets of an interface's members.

    Attributes:
        nests: The sets inside others, each after those inside it.
    """

    def __init__(self, spec: InterfaceSpec) -> None:
        self._upper = spec.c_name.upper()
        self.nests: dict[str, AttributeSet] = {}

    def of_member(self, member: MemberSpec) -> AttributeSet:
        """The set of a member."""
        prefix = f"{self._upper}_A_{member.name.upper()}_"
        doc = member.doc.partition("\n")[0]
        match member:
            case CommandSpec():
                request = self._fields(prefix, member.request)
                reply: tuple[Attribute, ...] = ()
                if member.reply is not None:
                    name = _free("reply", request)
                    reply = (self._attribute(prefix, len(request) + 1, name, member.reply.fields[0].type),)
                return AttributeSet(member.name, prefix, request, reply, doc=doc)
            case ParamSpec():
                value = self._attribute(prefix, 1, "value", member.type, (member.minimum, member.maximum))
                return AttributeSet(member.name, prefix, (value,), (value,), doc=doc)
            case TableSpec():
                return AttributeSet(member.name, prefix, (), self._fields(prefix, member.row), doc=doc)
            case EventSpec():
                record = self._fields(prefix, member.record)
                sequence = self._attribute(prefix, len(record) + 1, _free("sequence", record), u64)
                return AttributeSet(member.name, prefix, (), record, sequence, doc=doc)
        raise TypeError(member)

    def info(self, events: Sequence[EventSpec]) -> AttributeSet:
        """The set of the operation that tells the digest and counts the events."""
        prefix = f"{self._upper}_A_{INFO.upper()}_"
        digest = self._attribute(prefix, 1, "digest", u64)
        counts = [self._attribute(prefix, 2 + i, each.name, COUNTS) for i, each in enumerate(events)]
        return AttributeSet(INFO, prefix, (), (digest, *counts), doc="What the kernel end is, and what it sent.")

    def _fields(self, prefix: str, struct: StructType | None) -> tuple[Attribute, ...]:
        if struct is None:
            return ()
        return tuple(self._attribute(prefix, 1 + i, each.name, each.type) for i, each in enumerate(struct.fields))

    def _attribute(
        self, prefix: str, number: int, name: str, type_: Type, bounds: tuple[int | None, int | None] = (None, None)
    ) -> Attribute:
        nest = self._nest(type_) if isinstance(type_, StructType) else None
        return Attribute(number, name, type_, f"{prefix}{name.upper()}", nest, *bounds)

    def _nest(self, struct: StructType) -> AttributeSet:
        name = f"struct_{snake_case(struct.name)}"
        if name not in self.nests:
            prefix = f"{self._upper}_A_{name.upper()}_"
            fields = self._fields(prefix, struct)
            self.nests[name] = AttributeSet(name, prefix, fields, fields, doc=struct.doc)
        return self.nests[name]


def inside(attributes: Sequence[Attribute]) -> Iterator[AttributeSet]:
    """The sets inside some attributes, each after those inside it; they may repeat."""
    for each in attributes:
        if each.nest is not None:
            yield from inside(each.nest.request)
            yield each.nest


def _free(name: str, taken: Sequence[Attribute]) -> str:
    return f"{name}_" if any(each.name == name for each in taken) else name
