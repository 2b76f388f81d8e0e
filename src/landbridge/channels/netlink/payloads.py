"""What the messages of a raw unit carry, beside the structs of the members themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from landbridge.channels.netlink.call import ReplyPlan, RequestPlan
from landbridge.channels.netlink.sets import COUNTS
from landbridge.errors import DecodeError
from landbridge.netlink.wire import HEADER_SIZE
from landbridge.spec import EventSpec
from landbridge.types import Chars, StructType, layout, u32, u64

READER = layout("NetlinkReader", [("event", u32)])
"""Of a message that registers or unregisters a reader: the message type of the event."""


def info_layout(events: Sequence[EventSpec]) -> StructType:
    """The reply that tells the digest and counts the events."""
    return layout("NetlinkInfo", [("digest", u64), *((each.name, COUNTS) for each in events)])


def event_layout(event: EventSpec) -> StructType:
    """An event: its number and its record."""
    return layout(f"{event.name}_event", [("sequence", u64), ("record", event.record)])


def plan_request(struct: StructType | None) -> RequestPlan:
    """Plan how a struct is packed behind the netlink header; the arguments are its fields."""
    if struct is None:
        return RequestPlan()
    plan = RequestPlan([each.name for each in struct.fields], _format(struct))
    for i, each in enumerate(struct.fields):
        plan.names[f"_in{i}"] = each.type.to_raw
        plan.items.append(each.name if each.type.packs_plainly else f"_in{i}({each.name})")
    return plan


def plan_reply(struct: StructType) -> ReplyPlan:
    """Plan how a struct with one field is unpacked behind the netlink header."""
    type_ = struct.fields[0].type
    result = "_v" if type_.is_plain else "_out(_v)"
    if isinstance(type_, Chars):
        result = '_v.partition(b"\\0")[0].decode("utf-8", "surrogateescape")'

    def decode(payload: bytes) -> Any:
        if len(payload) != struct.size:
            raise DecodeError(f"{len(payload)} bytes, not {struct.size}", path=struct.name)
        return struct.unpack_values(payload)[0]

    return ReplyPlan(_format(struct), ["_v"], [], result, decode, {"_out": type_.from_raw}, HEADER_SIZE + struct.size)


def _format(struct: StructType) -> str:
    """Format codes of a struct, its padding included."""
    codes, position = [], 0
    for each in struct.fields:
        codes.append("x" * (each.offset - position) + each.type.code)
        position = each.offset + each.type.size
    return "".join(codes) + "x" * (struct.size - position)
