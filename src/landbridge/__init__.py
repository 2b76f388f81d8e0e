"""landbridge: one class declares what crosses between kernel and user space, and both ends are made from it.

A map of the package, from the ground up (imports go downwards only):

- :mod:`landbridge.errors`: the error tree; :mod:`landbridge.types`: the layout of values;
- :mod:`landbridge.spec`: what an interface means, as data; :mod:`landbridge.declare`: the class that says it;
- :mod:`landbridge.constants`, :mod:`landbridge.intrinsics`: the names that handlers use;
- :mod:`landbridge.compiler`: handlers in kernel Python, to a typed tree, to C;
- :mod:`landbridge.netlink`: messages and sockets; :mod:`landbridge.channels`: the ways across, a folder each;
- :mod:`landbridge.kernel`: facts about a kernel; :mod:`landbridge.module`: build, load, eject;
  :mod:`landbridge.sim`: the kernel end in this process;
- :mod:`landbridge.client`: what :func:`load` and :func:`attach` give;
- :mod:`landbridge.lab`: throwaway kernels; :mod:`landbridge.testing`; :mod:`landbridge.cli`.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

from landbridge.constants import *  # noqa: F403  (all of the kernel's constants, by their own names)
from landbridge.declare import Counter, Event, Interface, Map, Param, State, command, on_netfilter, on_timer, table
from landbridge.errors import LandbridgeError
from landbridge.events import Lost
from landbridge.intrinsics import *  # noqa: F403  (all that handlers may call)
from landbridge.scalars import be16, be32, be64, ipv4, ipv6, mac, s8, s16, s32, s64, u8, u16, u32, u64
from landbridge.types import Array, Chars, Enum, Flags, Struct

if TYPE_CHECKING:
    from landbridge.channels.netlink import netlink
    from landbridge.channels.sockopt import sockopt
    from landbridge.client import attach, load
    from landbridge.sim import sim

# What needs more than a declaration is imported on first use: importing landbridge stays fast.
_LATER = {
    "attach": "landbridge.client",
    "load": "landbridge.client",
    "netlink": "landbridge.channels.netlink",
    "sim": "landbridge.sim",
    "sockopt": "landbridge.channels.sockopt",
}


class _Package(ModuleType):
    """This module: the import system puts submodules into it, which must not hide the names that users know."""

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in _LATER and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module 'landbridge' has no attribute {name!r}")
    value = getattr(importlib.import_module(_LATER[name]), name)
    globals()[name] = value
    return value


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
    "attach",
    "be16",
    "be32",
    "be64",
    "command",
    "ipv4",
    "ipv6",
    "load",
    "mac",
    "netlink",
    "on_netfilter",
    "on_timer",
    "s8",
    "s16",
    "s32",
    "s64",
    "sim",
    "sockopt",
    "table",
    "u8",
    "u16",
    "u32",
    "u64",
]
