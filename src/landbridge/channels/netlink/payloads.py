"""What the messages of a raw unit carry, beside the structs of the members themselves."""

from __future__ import annotations

from collections.abc import Sequence

from landbridge.channels.netlink.sets import COUNTS
from landbridge.spec import EventSpec
from landbridge.types import StructType, layout, u32, u64

READER = layout("NetlinkReader", [("event", u32)])
"""Of a message that registers or unregisters a reader: the message type of the event."""


def info_layout(events: Sequence[EventSpec]) -> StructType:
    """The reply that tells the digest and counts the events."""
    return layout("NetlinkInfo", [("digest", u64), *((each.name, COUNTS) for each in events)])


def event_layout(event: EventSpec) -> StructType:
    """An event: its number and its record."""
    return layout(f"{event.name}_event", [("sequence", u64), ("record", event.record)])
