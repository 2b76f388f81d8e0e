"""All channels there are, in order of preference for a member whose channel is not chosen."""

from __future__ import annotations

import functools

from landbridge.channels.base import Channel


@functools.cache
def all_channels() -> tuple[Channel, ...]:
    """Every channel in its default configuration."""
    from landbridge.channels.netlink import netlink  # noqa: PLC0415  (a channel may itself use the placement)
    from landbridge.channels.sockopt import sockopt  # noqa: PLC0415

    return (netlink, sockopt)
