"""Numbers of linux/netlink.h and asm-generic/socket.h that Python's socket module does not have."""

from __future__ import annotations

from typing import Final

# Protocols (units).
NETLINK_ROUTE: Final = 0
NETLINK_USERSOCK: Final = 2
NETLINK_GENERIC: Final = 16

# Message types that netlink keeps for itself; a protocol's own begin at NLMSG_MIN_TYPE.
NLMSG_NOOP: Final = 1
NLMSG_ERROR: Final = 2
NLMSG_DONE: Final = 3
NLMSG_OVERRUN: Final = 4
NLMSG_MIN_TYPE: Final = 0x10

# Flags of any message.
NLM_F_REQUEST: Final = 0x01
NLM_F_MULTI: Final = 0x02
NLM_F_ACK: Final = 0x04
NLM_F_ECHO: Final = 0x08
NLM_F_DUMP_INTR: Final = 0x10

# Flags of a GET request.
NLM_F_ROOT: Final = 0x100
NLM_F_MATCH: Final = 0x200
NLM_F_DUMP: Final = NLM_F_ROOT | NLM_F_MATCH

# Flags of a NEW request.
NLM_F_REPLACE: Final = 0x100
NLM_F_EXCL: Final = 0x200
NLM_F_CREATE: Final = 0x400
NLM_F_APPEND: Final = 0x800

# Flags of an NLMSG_ERROR (and, for the second, an NLMSG_DONE).
NLM_F_CAPPED: Final = 0x100
NLM_F_ACK_TLVS: Final = 0x200

# Attribute types.
NLA_F_NESTED: Final = 0x8000
NLA_F_NET_BYTEORDER: Final = 0x4000
NLA_TYPE_MASK: Final = 0x3FFF

# Socket options.
SOL_NETLINK: Final = 270
NETLINK_ADD_MEMBERSHIP: Final = 1
NETLINK_BROADCAST_ERROR: Final = 4
NETLINK_CAP_ACK: Final = 10
NETLINK_EXT_ACK: Final = 11
NETLINK_GET_STRICT_CHK: Final = 12
SO_SNDBUFFORCE: Final = 32
SO_RCVBUFFORCE: Final = 33
SO_MEMINFO: Final = 55
SK_MEMINFO_RMEM_ALLOC: Final = 0
SK_MEMINFO_RCVBUF: Final = 1
SK_MEMINFO_DROPS: Final = 8

# Attributes of an extended ACK, and of the policy inside it.
NLMSGERR_ATTR_MSG: Final = 1
NLMSGERR_ATTR_OFFS: Final = 2
NLMSGERR_ATTR_COOKIE: Final = 3
NLMSGERR_ATTR_POLICY: Final = 4
NLMSGERR_ATTR_MISS_TYPE: Final = 5
NLMSGERR_ATTR_MISS_NEST: Final = 6
NL_POLICY_TYPE_ATTR_TYPE: Final = 1
NL_POLICY_TYPE_ATTR_MIN_VALUE_S: Final = 2
NL_POLICY_TYPE_ATTR_MAX_VALUE_S: Final = 3
NL_POLICY_TYPE_ATTR_MIN_VALUE_U: Final = 4
NL_POLICY_TYPE_ATTR_MAX_VALUE_U: Final = 5
NL_POLICY_TYPE_ATTR_MIN_LENGTH: Final = 6
NL_POLICY_TYPE_ATTR_MAX_LENGTH: Final = 7
NL_POLICY_TYPE_ATTR_POLICY_IDX: Final = 8
NL_POLICY_TYPE_ATTR_POLICY_MAXTYPE: Final = 9
NL_POLICY_TYPE_ATTR_BITFIELD32_MASK: Final = 10
NL_POLICY_TYPE_ATTR_MASK: Final = 12
