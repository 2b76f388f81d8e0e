"""The declaration: Interface, its members, and the decorators of its handlers."""

from landbridge.declare.decorators import command, on_netfilter, on_timer, table
from landbridge.declare.interface import End, Interface
from landbridge.declare.members import Counter, Event, EventStream, KernelMap, Map, Param, State, Table
from landbridge.declare.specify import specify

__all__ = [
    "Counter",
    "End",
    "Event",
    "EventStream",
    "Interface",
    "KernelMap",
    "Map",
    "Param",
    "State",
    "Table",
    "command",
    "on_netfilter",
    "on_timer",
    "specify",
    "table",
]
