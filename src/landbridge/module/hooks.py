"""``P_hooks.c``: netfilter hooks and timers, registered last and taken down first."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass

from landbridge.module.templates import render
from landbridge.spec import InterfaceSpec, NetfilterSpec

_FAMILIES = {1: "NFPROTO_INET", 2: "NFPROTO_IPV4", 10: "NFPROTO_IPV6"}
_HOOKS = ("NF_INET_PRE_ROUTING", "NF_INET_LOCAL_IN", "NF_INET_FORWARD", "NF_INET_LOCAL_OUT", "NF_INET_POST_ROUTING")
_PRIORITIES = {
    -(1 << 31): "NF_IP_PRI_FIRST",
    -450: "NF_IP_PRI_RAW_BEFORE_DEFRAG",
    -400: "NF_IP_PRI_CONNTRACK_DEFRAG",
    -300: "NF_IP_PRI_RAW",
    -225: "NF_IP_PRI_SELINUX_FIRST",
    -200: "NF_IP_PRI_CONNTRACK",
    -150: "NF_IP_PRI_MANGLE",
    -100: "NF_IP_PRI_NAT_DST",
    0: "NF_IP_PRI_FILTER",
    50: "NF_IP_PRI_SECURITY",
    100: "NF_IP_PRI_NAT_SRC",
    225: "NF_IP_PRI_SELINUX_LAST",
    300: "NF_IP_PRI_CONNTRACK_HELPER",
    (1 << 31) - 1: "NF_IP_PRI_LAST",
}


@dataclass(frozen=True, slots=True)
class _Hook:
    name: str
    family: str
    hook: str
    priority: str


def has_hooks(spec: InterfaceSpec) -> bool:
    """Whether the kernel calls any handler by itself."""
    return bool(spec.netfilter_hooks or spec.timers)


def emit_hooks(spec: InterfaceSpec, features: Set[str]) -> str:
    """The text of ``P_hooks.c``."""
    return render(
        "hooks.c.j2",
        spec=spec,
        p=spec.c_name,
        hooks=[_hook(each) for each in spec.netfilter_hooks],
        timers=spec.timers,
        shutdown="timer_shutdown_sync" in features,
        old_delete="timer_delete_sync" not in features,
    )


def _hook(spec: NetfilterSpec) -> _Hook:
    priority = _PRIORITIES.get(spec.priority, str(spec.priority))
    return _Hook(spec.name, _FAMILIES[spec.family], _HOOKS[spec.hook], priority)
