"""How a C programmer or a shell user reaches the members: for the README of an ejected tree."""

from __future__ import annotations

from landbridge.channels.netlink.emit_generic import GenericEmitter
from landbridge.channels.netlink.emit_raw import RawEmitter
from landbridge.channels.netlink.operations import Kind, Operation, group_name, is_served
from landbridge.channels.netlink.sets import Attribute
from landbridge.channels.netlink.transfer import c_struct
from landbridge.channels.templates import render
from landbridge.spec import CommandSpec, EventSpec, ParamSpec, TableSpec

_HOW = {
    "INFO": "do",
    "REGISTER": "do",
    "UNREGISTER": "do",
    "COMMAND": "do",
    "GET": "do",
    "SET": "do",
    "DUMP": "dump",
    "EVENT": "event",
}


def handbook(plan: GenericEmitter | RawEmitter) -> str:
    """The lines of Markdown."""
    p = plan.spec.c_name
    raw = isinstance(plan, RawEmitter)

    def attributes(operation: Operation, direction: str) -> str:
        assert isinstance(plan, GenericEmitter)
        set_ = plan.sets[operation.member.name] if operation.member else plan.info
        found: tuple[Attribute, ...] = set_.request if direction == "request" else set_.reply
        if direction == "request" and operation.kind not in (Kind.COMMAND, Kind.SET):
            found = ()
        if direction == "reply" and operation.kind is Kind.SET:
            found = ()
        if direction == "reply" and set_.sequence is not None:
            found = (*found, set_.sequence)
        return ", ".join(f"`{each.name}` {each.type}" for each in found)

    def structs(operation: Operation, direction: str) -> str:
        return _struct(p, operation, direction)

    return render(
        "netlink/handbook.md.j2",
        p=p,
        P=p.upper(),
        unit=plan.unit if isinstance(plan, RawEmitter) else None,
        family="" if isinstance(plan, RawEmitter) else plan.family,
        readers=plan.readers if isinstance(plan, RawEmitter) else 0,
        events=plan.events,
        group=group_name,
        rows=[each for each in plan.operations if is_served(each) or each.kind is Kind.EVENT],
        how=_HOW,
        c_op=lambda each: f"{p}_{'MSG' if raw else 'CMD'}_{each.name}".upper(),
        attributes=attributes,
        structs=structs,
    )


def _struct(p: str, operation: Operation, direction: str) -> str:
    """The struct that is the payload of a message of a raw unit."""
    match operation.kind, operation.member, direction:
        case Kind.INFO, _, "reply":
            tag = f"struct {p}_netlink_info"
        case ((Kind.REGISTER | Kind.UNREGISTER), _, "request"):
            tag = f"struct {p}_netlink_reader"
        case Kind.COMMAND, CommandSpec(name=name, request=struct), "request" if struct is not None:
            tag = f"struct {p}_{name}_request"
        case Kind.COMMAND, CommandSpec(name=name, reply=struct), "reply" if struct is not None:
            tag = f"struct {p}_{name}_reply"
        case (Kind.GET, ParamSpec(name=name), "reply") | (Kind.SET, ParamSpec(name=name), "request"):
            tag = f"struct {p}_{name}_param"
        case Kind.DUMP, TableSpec(row=row), "reply":
            tag = c_struct(p, row)
        case Kind.EVENT, EventSpec(name=name), "reply":
            tag = f"struct {p}_{name}_event"
        case _:
            return ""
    return f"`{tag}`"
