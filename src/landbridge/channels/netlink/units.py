"""Netlink protocol units and who has them.

Kernel: include/uapi/linux/netlink.h; net/netlink/af_netlink.c: MAX_LINKS is 32. 5.10 to 7.3.
"""

from __future__ import annotations

FIRST_FREE, LAST = 23, 31

_OWNERS = {
    0: "rtnetlink (NETLINK_ROUTE)",
    1: "reserved (NETLINK_UNUSED)",
    2: "user-space protocols (NETLINK_USERSOCK)",
    3: "reserved (NETLINK_FIREWALL)",
    4: "socket monitoring (NETLINK_SOCK_DIAG)",
    5: "netfilter's log (NETLINK_NFLOG)",
    6: "IPsec (NETLINK_XFRM)",
    7: "SELinux (NETLINK_SELINUX)",
    8: "open-iSCSI (NETLINK_ISCSI)",
    9: "audit (NETLINK_AUDIT)",
    10: "route lookup (NETLINK_FIB_LOOKUP)",
    11: "the kernel connector (NETLINK_CONNECTOR)",
    12: "netfilter (NETLINK_NETFILTER)",
    13: "reserved (NETLINK_IP6_FW)",
    14: "DECnet routing (NETLINK_DNRTMSG)",
    15: "uevents (NETLINK_KOBJECT_UEVENT)",
    16: "generic netlink (NETLINK_GENERIC)",
    17: "reserved (NETLINK_DM)",
    18: "SCSI transports (NETLINK_SCSITRANSPORT)",
    19: "eCryptfs (NETLINK_ECRYPTFS)",
    20: "RDMA (NETLINK_RDMA)",
    21: "the crypto layer (NETLINK_CRYPTO)",
    22: "SMC monitoring (NETLINK_SMC)",
}


def problem_with(unit: object) -> str | None:
    """Say why a unit cannot be had, or None."""
    if isinstance(unit, bool) or not isinstance(unit, int) or not 0 <= unit <= LAST:
        return f"is not a netlink unit: they are {FIRST_FREE} to {LAST}"
    owner = _OWNERS.get(unit)
    return f"belongs to {owner}" if owner else None
