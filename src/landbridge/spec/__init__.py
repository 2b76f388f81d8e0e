"""What an interface means, as frozen data: same input, same output, on any machine; no I/O."""

from landbridge.spec.interface import InterfaceSpec
from landbridge.spec.members import (
    Capability,
    CommandSpec,
    CounterSpec,
    EventSpec,
    MapSpec,
    MemberSpec,
    MethodSpec,
    NetfilterSpec,
    ParamSpec,
    StateSpec,
    TableSpec,
    TimerSpec,
)

__all__ = [
    "Capability",
    "CommandSpec",
    "CounterSpec",
    "EventSpec",
    "InterfaceSpec",
    "MapSpec",
    "MemberSpec",
    "MethodSpec",
    "NetfilterSpec",
    "ParamSpec",
    "StateSpec",
    "TableSpec",
    "TimerSpec",
]
