"""Sockets for the live tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from landbridge.netlink import constants as nl
from landbridge.netlink.socket import NetlinkSocket


@pytest.fixture
def generic() -> Iterator[NetlinkSocket]:
    """A generic netlink socket."""
    with NetlinkSocket(nl.NETLINK_GENERIC) as opened:
        yield opened


@pytest.fixture
def route() -> Iterator[NetlinkSocket]:
    """An rtnetlink socket."""
    with NetlinkSocket(nl.NETLINK_ROUTE) as opened:
        yield opened
