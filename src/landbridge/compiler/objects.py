"""Kernel objects that handlers may look at: the attributes of a task, a device and an skb, and what they are in C.

In the tree an attribute is an ``ir.FieldOf`` over the Local of ``ir.OpaqueType`` (but ``skb.len`` is an
``ir.SkbLength``, and the packet headers of an skb are read by ``ir.ReadHeader``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from landbridge.compiler.intrinsics import COMM
from landbridge.types import Chars, Type, be16, mac, s32, u32, u64


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute of a kernel object.

    Attributes:
        name: As in Python.
        type: Its type.
        c: Expression in C; ``{0}`` stands for the pointer to the object. For Chars and mac it is an array or a pointer
            to the bytes.
        headers: Kernel headers that the C needs.
        doc: One line.
    """

    name: str
    type: Type
    c: str
    headers: tuple[str, ...]
    doc: str


def _table(*attributes: Attribute) -> Mapping[str, Attribute]:
    return {each.name: each for each in attributes}


_SCHED = ("linux/sched.h",)
_SIGNAL = ("linux/sched/signal.h",)
_CRED = ("linux/cred.h", "linux/uidgid.h", "linux/user_namespace.h")
_DEVICE = ("linux/netdevice.h",)
_SKB = ("linux/skbuff.h",)

OBJECTS: Mapping[str, Mapping[str, Attribute]] = {
    "Task": _table(
        Attribute("pid", s32, "task_pid_nr({0})", _SCHED, "Thread ID; of a process the same as tgid."),
        Attribute("tgid", s32, "task_tgid_nr({0})", _SCHED, "Process ID."),
        Attribute("ppid", s32, "task_ppid_nr({0})", _SCHED, "Process ID of the parent, 0 for none."),
        Attribute("uid", u32, "from_kuid(&init_user_ns, task_uid({0}))", _CRED, "User ID, initial user namespace."),
        Attribute("comm", COMM, "{0}->comm", _SCHED, "Name of the main thread, at most 15 bytes."),
        Attribute("nr_threads", s32, "get_nr_threads({0})", _SIGNAL, "Number of threads."),
        Attribute("start_time_ns", u64, "{0}->start_time", _SCHED, "When it started: nanoseconds since boot."),
    ),
    "NetDevice": _table(
        Attribute("ifindex", s32, "{0}->ifindex", _DEVICE, "Number of the interface."),
        Attribute("name", Chars(16), "{0}->name", _DEVICE, "Name, at most 15 bytes."),
        Attribute("mtu", u32, "READ_ONCE({0}->mtu)", _DEVICE, "Largest packet, bytes."),
        Attribute("flags", u32, "dev_get_flags({0})", _DEVICE, "IFF_UP and others."),
        Attribute("address", mac, "{0}->dev_addr", _DEVICE, "Link-layer address (its first six bytes)."),
    ),
    "Skb": _table(
        Attribute("len", u32, "{0}->len", _SKB, "Bytes of the packet, from the network header on."),
        Attribute("protocol", be16, "{0}->protocol", _SKB, "ETH_P_IP and others."),
        Attribute("mark", u32, "{0}->mark", _SKB, "The packet's mark."),
        Attribute("ifindex", s32, "{0}->skb_iif", _SKB, "Interface it arrived on; 0 for packets made here."),
    ),
}
"""By class and attribute."""
