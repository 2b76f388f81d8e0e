"""A network namespace to do as one likes in, and the rtnetlink requests that the live tests need."""

from __future__ import annotations

import contextlib
import ctypes
import functools
import os
import pickle
import signal
import struct
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec

import pytest

from landbridge.netlink import attributes
from landbridge.netlink import constants as nl
from landbridge.netlink.port import Port
from landbridge.netlink.socket import NetlinkSocket
from landbridge.netlink.subscription import Subscription
from landbridge.netlink.wire import Message
from landbridge.netlink.writer import AttributeWriter

P = ParamSpec("P")

RTM_NEWLINK, RTM_DELLINK, RTM_GETLINK = 16, 17, 18
RTNLGRP_LINK = 1
IFINFOMSG = struct.Struct("=BxHiII")
IFLA_IFNAME, IFLA_LINKINFO, IFLA_INFO_KIND = 3, 18, 1
GETFAMILY = struct.pack("=BBH", 3, 1, 0) + struct.pack("=HH", 11, 2) + b"nlctrl\0\0"
SETNS_FLAG = 0x40000000


def unshare_network() -> None:
    """Put this process into a network namespace of its own."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(SETNS_FLAG):
        raise OSError(ctypes.get_errno(), "unshare(CLONE_NEWNET)")


def current_namespace() -> int:
    """Inode of the network namespace that this thread is in."""
    return Path("/proc/thread-self/ns/net").stat().st_ino


def isolated(test: Callable[P, None]) -> Callable[P, None]:
    """Run a test in a child process that has a network namespace of its own."""

    @functools.wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        if os.geteuid():
            pytest.skip("needs root, to make a network namespace")
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            report = ""
            try:
                os.close(reading)
                signal.alarm(100)
                unshare_network()
                test(*args, **kwargs)
            except BaseException:
                report = traceback.format_exc()
            with os.fdopen(writing, "wb") as pipe:
                pickle.dump(report, pipe)
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            told = pipe.read()
        _, status = os.waitpid(child, 0)
        assert told, f"the test's process died: {os.waitstatus_to_exitcode(status)}"
        report = pickle.loads(told)
        if report:
            pytest.fail(report, pytrace=False)

    return run


def link_payload(index: int = 0, *, flags: int = 0, change: int = 0) -> bytes:
    """An ifinfomsg."""
    return IFINFOMSG.pack(0, 0, index, flags, change)


def flap(route: NetlinkSocket, up: bool, index: int = 1) -> None:
    """Set a link up or down; each change makes one event."""
    route.execute(RTM_NEWLINK, link_payload(index, flags=int(up), change=1))


def add_link(route: NetlinkSocket, name: str, kind: str = "ifb") -> None:
    """Make a link."""
    writer = AttributeWriter(link_payload())
    writer.string(IFLA_IFNAME, name)
    with writer.nest(IFLA_LINKINFO):
        writer.string(IFLA_INFO_KIND, kind)
    route.execute(RTM_NEWLINK, bytes(writer), nl.NLM_F_CREATE | nl.NLM_F_EXCL)


def delete_link(route: NetlinkSocket, name: str) -> None:
    """Remove a link."""
    writer = AttributeWriter(link_payload())
    writer.string(IFLA_IFNAME, name)
    route.execute(RTM_DELLINK, bytes(writer))


def wait_until(condition: Callable[[], bool], seconds: float = 10.0) -> bool:
    """Wait for a condition; whether it came."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.005)
    return False


def ask_for(name: str) -> bytes:
    """Payload of a CTRL_CMD_GETFAMILY by name."""
    writer = AttributeWriter(struct.pack("=BBH", 3, 1, 0))
    writer.string(2, name)
    return bytes(writer)


def family_name(payload: bytes) -> str:
    """The name in the answer to :func:`ask_for`."""
    return attributes.read_string(payload, attributes.parse(payload, 4)[2])


def present(generic: NetlinkSocket) -> list[str]:
    """Names of the families that this kernel has."""
    return [family_name(each.payload) for each in generic.dump(16, struct.pack("=BBH", 3, 1, 0))]


def port_of(opened: NetlinkSocket) -> Port:
    """The port behind a socket, to disturb it."""
    port = opened._port
    assert port is not None
    return port


def open_inodes() -> list[int]:
    """Inodes of this process's open descriptors."""
    found = []
    for each in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            found.append(each.stat().st_ino)
    return found


def is_up(message: Message) -> bool:
    """Whether the link of an RTM_NEWLINK is up."""
    return bool(struct.unpack_from("=I", message.payload, 8)[0] & 1)


def links(receive_buffer: int = 4 << 20, timeout: float = 5.0) -> Subscription[bool]:
    """Whether a link is up, each time that it changes."""
    return Subscription(nl.NETLINK_ROUTE, is_up, groups=[RTNLGRP_LINK], receive_buffer=receive_buffer, timeout=timeout)
