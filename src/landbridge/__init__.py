"""landbridge: one class declares what crosses between kernel and user space, and both ends are made from it.

A map of the package, from the ground up (imports go downwards only):

- :mod:`landbridge.errors`: the error tree; :mod:`landbridge.types`: the layout of values;
- :mod:`landbridge.spec`: what an interface means, as data; :mod:`landbridge.declare`: the class that says it;
- :mod:`landbridge.compiler`: handlers in kernel Python, to a typed tree, to C;
- :mod:`landbridge.netlink`: messages and sockets; :mod:`landbridge.channels`: the ways across, a folder each;
- :mod:`landbridge.kernel`: facts about a kernel; :mod:`landbridge.module`: build, load, eject;
  :mod:`landbridge.sim`: the kernel end in this process;
- :mod:`landbridge.client`: what :func:`load` and :func:`attach` give;
- :mod:`landbridge.lab`: throwaway kernels; :mod:`landbridge.testing`; :mod:`landbridge.cli`.
"""

from landbridge.declare import Counter, Event, Interface, Map, Param, State, command, on_netfilter, on_timer, table
from landbridge.errors import LandbridgeError
from landbridge.events import Lost
from landbridge.scalars import be16, be32, be64, ipv4, ipv6, mac, s8, s16, s32, s64, u8, u16, u32, u64
from landbridge.types import Array, Chars, Enum, Flags, Struct

__all__ = [
    "Array",
    "Chars",
    "Counter",
    "Enum",
    "Event",
    "Flags",
    "Interface",
    "LandbridgeError",
    "Lost",
    "Map",
    "Param",
    "State",
    "Struct",
    "be16",
    "be32",
    "be64",
    "command",
    "ipv4",
    "ipv6",
    "mac",
    "on_netfilter",
    "on_timer",
    "s8",
    "s16",
    "s32",
    "s64",
    "table",
    "u8",
    "u16",
    "u32",
    "u64",
]
