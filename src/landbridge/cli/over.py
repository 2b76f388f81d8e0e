"""``--over``: channels as words.

::

    sockopt                                  one channel for all members
    sockopt:base=0x4c00,pf=PF_INET6          configured; a value is a number, a name that lb has, or text
    netlink:unit=24
    limit=sockopt:base=0x4c10,...=netlink    by member; ... stands for the rest
"""

from __future__ import annotations

from types import EllipsisType
from typing import Any

import click

import landbridge
from landbridge.channels.base import Channel
from landbridge.channels.placement import Over
from landbridge.channels.registry import all_channels


def parse(text: str) -> Over:
    """The channels that a text means.

    Raises:
        click.BadParameter: It means none; says what would.
    """
    channels = {each.name: each for each in all_channels()}
    by_member: dict[str | EllipsisType, str] = {}
    for item in text.split(","):
        member, assigned, channel = item.partition("=")
        if assigned and ":" not in member and channel.partition(":")[0] in channels:
            by_member[... if member == "..." else member] = channel
        elif by_member:
            # A further setting of the channel before it: no setting has a channel's name as its value.
            last = list(by_member)[-1]
            by_member[last] += f",{item}"
        else:
            return _channel(text, channels)
    return {member: _channel(value, channels) for member, value in by_member.items()}


def _channel(text: str, channels: dict[str, Channel]) -> Channel:
    name, _, settings = text.partition(":")
    if name not in channels:
        raise click.BadParameter(f"there is no channel {name!r}; there are: {', '.join(channels)}")
    if not settings:
        return channels[name]
    values = dict(_setting(each) for each in settings.split(","))
    make: Any = channels[name]
    try:
        made: Channel = make(**values)
    except TypeError:
        known = ", ".join(make.__call__.__kwdefaults__ or ())
        raise click.BadParameter(f"{name} does not take {', '.join(values)}; it takes: {known}") from None
    return made


def _setting(text: str) -> tuple[str, int | str]:
    name, assigned, value = text.partition("=")
    if not assigned:
        raise click.BadParameter(f"{text!r} is no setting; say name=value")
    try:
        return name, int(value, 0)
    except ValueError:
        named = getattr(landbridge, value, None)
        return name, int(named) if isinstance(named, int) else value
