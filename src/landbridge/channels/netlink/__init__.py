"""Generic netlink, or a raw protocol unit of one's own: both ends."""

from landbridge.channels.netlink.channel import Netlink, netlink

__all__ = ["Netlink", "netlink"]
