"""The family as a YNL spec: what the kernel's own tools, and pyynl, read.

Kernel: Documentation/netlink/genetlink.yaml; names with ``_`` need the schema genetlink-legacy.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from landbridge.channels.netlink.emit_generic import GenericEmitter
from landbridge.channels.netlink.operations import Kind, Operation, group_name, is_served
from landbridge.channels.netlink.sets import Attribute, AttributeSet
from landbridge.spec import Capability, EventSpec
from landbridge.types import Address, Array, Bool, Chars, EnumType, Integer, StructType, Type, snake_case


def ynl_spec(plan: GenericEmitter) -> str:
    """The YAML file of a family."""
    spec = plan.spec
    modern = re.fullmatch("[0-9a-z-]+", plan.family) is not None
    data = {
        "name": plan.family,
        "protocol": "genetlink" if modern else "genetlink-legacy",
        "doc": spec.doc or f"{spec.name}, made by landbridge.",
        "uapi-header": f"{spec.c_name}.h",
        "definitions": [_definition(each, spec.c_name) for each in _enums(plan)],
        "attribute-sets": [_set(each) for each in plan.all_sets if each.attributes],
        "operations": {
            "name-prefix": f"{_dashed(spec.c_name)}-cmd-",
            "list": [_operation(plan, each) for each in plan.operations if is_served(each) or each.kind is Kind.EVENT],
        },
        "mcast-groups": {"list": [_group(each) for each in plan.events]},
    }
    if not data["definitions"]:
        del data["definitions"]
    if not plan.events:
        del data["mcast-groups"]
    head = "# SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause)\n---\n"
    return head + "".join(f"{line}\n" for line in _emit(data, 0))


def _enums(plan: GenericEmitter) -> Iterator[EnumType]:
    seen: set[str] = set()
    for set_ in plan.all_sets:
        for attribute in set_.attributes:
            type_ = attribute.type
            # Flags whose members share bits have no form there.
            if isinstance(type_, EnumType) and type_.name not in seen and _is_expressible(type_):
                seen.add(type_.name)
                yield type_


def _is_expressible(enum: EnumType) -> bool:
    return all(value.bit_count() == 1 for _, value in enum.members) if enum.flags else True


def _definition(enum: EnumType, prefix: str) -> dict[str, Any]:
    def number(value: int) -> int:
        return value.bit_length() - 1 if enum.flags else value

    return {
        "name": _dashed(snake_case(enum.name)),
        "type": "flags" if enum.flags else "enum",
        "header": f"{prefix}.h",
        "entries": [{"name": _dashed(name), "value": number(value)} for name, value in enum.members],
    }


def _set(set_: AttributeSet) -> dict[str, Any]:
    made: dict[str, Any] = {"name": _dashed(set_.name), "name-prefix": _dashed(set_.prefix)}
    if set_.doc:
        made["doc"] = set_.doc
    made["attributes"] = [_attribute(each) for each in set_.attributes]
    return made


def _attribute(attribute: Attribute) -> dict[str, Any]:
    made: dict[str, Any] = {"name": _dashed(attribute.name), "value": attribute.number}
    made |= _type(attribute.type)
    if attribute.nest is not None:
        made["nested-attributes"] = _dashed(attribute.nest.name)
    bounds = {"min": attribute.minimum, "max": attribute.maximum}
    # The schema takes numbers from 0; below it, text of the same meaning.
    checks = {name: bound if bound >= 0 else str(bound) for name, bound in bounds.items() if bound is not None}
    if checks:
        made["checks"] = checks
    return made


def _type(type_: Type) -> dict[str, Any]:
    match type_:
        case Bool():
            return {"type": "u8", "checks": {"max": 1}}
        case Integer(big_endian=True, bits=bits):
            return {"type": f"u{bits}", "byte-order": "big-endian"}
        case Integer(name=name):
            return {"type": name}
        case EnumType() as enum:
            made = _type(enum.base)
            return {**made, "enum": _dashed(snake_case(enum.name))} if _is_expressible(enum) else made
        case Chars(length):
            return {"type": "string", "checks": {"max-len": length - 1}}
        case Address(name="ipv4"):
            return {"type": "u32", "byte-order": "big-endian", "display-hint": "ipv4"}
        case Address(name=name, size=size):
            return {"type": "binary", "checks": {"exact-len": size}, "display-hint": name}
        case Array(element=Integer(name=name, big_endian=False), size=size):
            return {"type": "binary", "sub-type": name, "checks": {"exact-len": size}}
        case Array(size=size):
            return {"type": "binary", "checks": {"exact-len": size}}
        case StructType():
            return {"type": "nest"}
    raise TypeError(type_)


def _operation(plan: GenericEmitter, operation: Operation) -> dict[str, Any]:
    member = operation.member
    set_ = plan.info if member is None else plan.sets[member.name]
    reply = list(set_.reply)
    made: dict[str, Any] = {
        "name": _dashed(operation.name),
        "value": operation.number,
        "doc": (member.doc.partition("\n")[0] if member else "") or f"{operation.kind.value.capitalize()}.",
        # An operation without attributes needs a set all the same.
        "attribute-set": _dashed(set_.name if set_.attributes else plan.info.name),
    }
    if operation.capability is Capability.CAP_NET_ADMIN and operation.kind is not Kind.EVENT:
        made["flags"] = ["admin-perm"]
    match operation.kind:
        case Kind.EVENT:
            assert isinstance(member, EventSpec)
            assert set_.sequence is not None
            made["mcgrp"] = group_name(member)
            made["event"] = {"attributes": _names([*reply, set_.sequence])}
        case Kind.DUMP:
            made["dump"] = {"reply": {"attributes": _names(reply)}}
        case Kind.INFO | Kind.GET:
            made["do"] = {"reply": {"attributes": _names(reply)}}
        case Kind.SET:
            made["do"] = {"request": {"attributes": _names(set_.request)}}
        case _:
            made["do"] = _directions(set_)
    return made


def _directions(set_: AttributeSet) -> dict[str, Any]:
    both = {"request": set_.request, "reply": set_.reply}
    return {name: {"attributes": _names(each)} for name, each in both.items() if each}


def _names(attributes: Sequence[Attribute]) -> list[str]:
    return [_dashed(each.name) for each in attributes]


def _group(event: EventSpec) -> dict[str, Any]:
    made: dict[str, Any] = {"name": group_name(event)}
    if event.capability is Capability.CAP_NET_ADMIN:
        made["flags"] = ["admin-perm"]
    return made


def _dashed(name: str) -> str:
    return name.lower().replace("_", "-")


# YAML ---------------------------------------------------------------------------------------


def _emit(thing: Any, depth: int) -> Iterator[str]:
    """The lines of a mapping or a list, in the style of the kernel's specs."""
    indent = "  " * depth
    if isinstance(thing, dict):
        for key, value in thing.items():
            if isinstance(value, str) and "\n" in value:
                yield f"{indent}{key}: |"
                yield from (f"{indent}  {line}".rstrip() for line in value.splitlines())
            elif isinstance(value, (dict, list)) and value and not _is_short(value):
                yield f"{indent}{key}:"
                yield from _emit(value, depth + 1)
            else:
                yield f"{indent}{key}: {_scalar(value)}"
    else:
        for each in thing:
            if isinstance(each, dict):
                yield f"{indent}-"
                yield from _emit(each, depth + 1)
            else:
                yield f"{indent}- {_scalar(each)}"


def _is_short(thing: Any) -> bool:
    return isinstance(thing, list) and all(isinstance(each, str) for each in thing) and sum(map(len, thing)) < 60


def _scalar(value: Any) -> str:
    if isinstance(value, (list, dict)):
        return f"[{', '.join(_scalar(each) for each in value)}]" if isinstance(value, list) else "{}"
    if isinstance(value, int):
        return str(value)
    # Words that YAML takes for something else (off, yes, null, 1e3) are quoted, and so is all that is no word.
    plain = re.fullmatch(r"[A-Za-z][A-Za-z0-9_./ -]*[A-Za-z0-9.]|[a-z]", value)
    reserved = value.lower() in {"y", "n", "yes", "no", "on", "off", "true", "false", "null"}
    return value if plain and not reserved else json.dumps(value)
