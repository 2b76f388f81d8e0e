"""setsockopt and getsockopt in a number range of one's own: both ends."""

from landbridge.channels.sockopt.channel import Sockopt, sockopt

__all__ = ["Sockopt", "sockopt"]
