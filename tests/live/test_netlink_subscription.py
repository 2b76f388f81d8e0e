"""Events of this machine's kernel: nothing is lost without being counted, and the stream goes on."""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from landbridge.errors import BusyError, ChannelTimeout, ClosedError, DecodeError, KernelError
from landbridge.events import Lost
from landbridge.netlink import constants as nl
from landbridge.netlink import wire
from landbridge.netlink.socket import NetlinkSocket
from landbridge.netlink.subscription import Subscription
from landbridge.netlink.wire import Message
from tests.live.netlink_world import (
    RTM_NEWLINK,
    RTNLGRP_LINK,
    flap,
    is_up,
    isolated,
    link_payload,
    links,
    wait_until,
)

pytestmark = pytest.mark.live


# Forgery -----------------------------------------------------------------------------------------


@isolated
def test_forged_events_are_dropped_and_counted() -> None:
    forged = wire.build(RTM_NEWLINK, 0, 0, link_payload(1, flags=1))
    with NetlinkSocket(nl.NETLINK_ROUTE) as route, links() as events:
        child = os.fork()
        if not child:
            with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, nl.NETLINK_ROUTE) as forger:
                for _ in range(1000):
                    # The kernel reads it as a request too, from the port that sent it.
                    forger.sendto(forged, (0, RTNLGRP_LINK))
                try:
                    forger.sendto(forged, (events._port.portid, 0))
                except ConnectionRefusedError:
                    os._exit(7)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == 7, "the kernel refuses unicast from others"
        flap(route, False)
        flap(route, True)
        items = [each for each in events.available() if isinstance(each, bool)]
        assert items[-1] is True
        # At most the events of the kernel itself: the link went up once or twice, never 1,000 times.
        assert len(items) <= 3
        assert events.statistics.forged == 1000


def test_usersock_events_of_other_processes_do_not_count() -> None:
    # NETLINK_USERSOCK has no kernel end that sends: all that comes there is from other processes.
    with Subscription(nl.NETLINK_USERSOCK, lambda message: message, groups=[3] if not os.geteuid() else []) as events:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, nl.NETLINK_USERSOCK) as forger:
            forger.bind((0, 0))
            with pytest.raises(ConnectionRefusedError):
                forger.sendto(wire.build(16, 0, 0, b"evil"), (events.portid, 0))
            if not os.geteuid():
                for _ in range(10):
                    # The group gets it; then the kernel, to which it also goes, refuses it.
                    with contextlib.suppress(ConnectionRefusedError):
                        forger.sendto(wire.build(16, 0, 0, b"evil"), (0, 1 << 2))
        assert list(events.available()) == []
        assert events.statistics.forged == (0 if os.geteuid() else 10)


# Reading -----------------------------------------------------------------------------------------


@isolated
def test_readiness_and_timeouts() -> None:
    with NetlinkSocket(nl.NETLINK_ROUTE) as route, links(timeout=0.05) as events:
        assert select.select([events], [], [], 0)[0] == []
        began = time.monotonic()
        with pytest.raises(ChannelTimeout, match=r"no event in 0\.05 s"):
            next(events)
        assert 0.045 < time.monotonic() - began < 2
        with pytest.raises(TimeoutError):
            events.receive(timeout=0)
        flap(route, True)
        flap(route, False)
        assert select.select([events], [], [], 5)[0] == [events]
        assert list(events.available()) == [True, False]
        flap(route, True)
        assert next(events) is True


@isolated
def test_a_message_that_cannot_be_decoded_raises_and_the_next_one_comes() -> None:
    calls = 0

    def picky(message: Message) -> bool:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise DecodeError("not liked", path="newlink", offset=3)
        return is_up(message)

    with (
        NetlinkSocket(nl.NETLINK_ROUTE) as route,
        Subscription(nl.NETLINK_ROUTE, picky, groups=[RTNLGRP_LINK], timeout=5) as events,
    ):
        for number in range(3):
            flap(route, number % 2 == 0)
        assert next(events) is True
        with pytest.raises(DecodeError, match="not liked"):
            next(events)
        assert next(events) is True


@isolated
def test_requests_from_the_port_of_a_subscription_stand_between_its_events() -> None:
    with links() as events:
        for number in range(100):
            events.execute(RTM_NEWLINK, link_payload(1, flags=number % 2 == 0, change=1))
        assert list(events.available()) == [number % 2 == 0 for number in range(100)]
        with pytest.raises(KernelError) as caught:
            events.execute(RTM_NEWLINK, link_payload(999))
        assert caught.value.errno == 19
        assert events.statistics.stale == 0


@pytest.mark.parametrize("way", ["for", "receive"])
def test_close_wakes_a_reader_in_another_thread(way: str) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    events = links(timeout=30)
    told: list[object] = []

    def read() -> None:
        if way == "for":
            told.extend(events)
            told.append("end")
        else:
            try:
                events.receive()
            except ClosedError as error:
                told.append(error)

    thread = threading.Thread(target=read)
    thread.start()
    assert wait_until(lambda: events._waiting == 1)
    time.sleep(0.05)
    began = time.monotonic()
    events.close()
    thread.join(5)
    assert time.monotonic() - began < 1
    assert told == ["end"] if way == "for" else isinstance(told[0], ClosedError)
    assert events.closed
    events.close()
    assert list(events) == []
    with pytest.raises(ClosedError):
        events.fileno()
    with pytest.raises(ClosedError):
        events.execute(RTM_NEWLINK)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_signal_handler_may_close_while_its_thread_reads() -> None:
    events = links(timeout=30)
    before = signal.signal(signal.SIGALRM, lambda number, frame: events.close())
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        began = time.monotonic()
        assert list(events) == []
        assert time.monotonic() - began < 5
    finally:
        signal.signal(signal.SIGALRM, before)


def test_a_signal_handler_that_raises_leaves_the_subscription_usable() -> None:
    class Alarm(Exception):
        pass

    def handler(number: int, frame: object) -> None:
        raise Alarm

    before = signal.signal(signal.SIGALRM, handler)
    try:
        with links(timeout=30) as events:
            for _ in range(20):
                signal.setitimer(signal.ITIMER_REAL, 0.003)
                with pytest.raises(Alarm):
                    events.receive()
            assert events._waiting == 0
    finally:
        signal.signal(signal.SIGALRM, before)


@isolated
def test_async_for() -> None:
    async def main() -> None:
        with NetlinkSocket(nl.NETLINK_ROUTE) as route:
            events = links()
            got: list[bool | Lost] = []

            async def read() -> None:
                async for each in events:
                    got.append(each)

            async def tick() -> int:
                ticks = 0
                while len(got) < 100:
                    ticks += 1
                    await asyncio.sleep(0.001)
                return ticks

            async with asyncio.timeout(20):
                reader = asyncio.create_task(read())
                ticker = asyncio.create_task(tick())
                for number in range(100):
                    flap(route, number % 2 == 0)
                    if number % 10 == 0:
                        await asyncio.sleep(0.001)
                assert await ticker > 3, "the loop ran on meanwhile"
                # Another task may not read at the same time.
                with pytest.raises(BusyError):
                    await anext(events)
                # From another thread, as close() may be called.
                await asyncio.to_thread(events.close)
                await reader
            assert got == [number % 2 == 0 for number in range(100)]

    asyncio.run(main())


def test_async_timeouts_and_cancellation_leave_it_usable() -> None:
    async def main() -> None:
        with links(timeout=0.02) as events:
            for _ in range(3):
                with pytest.raises(ChannelTimeout):
                    await anext(events)
            task = asyncio.create_task(events.__anext__())
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert events._waiting == 0
            with pytest.raises(ChannelTimeout):
                await anext(events)

    asyncio.run(main())


@isolated
def test_a_forked_child_leaves_the_parents_events_alone() -> None:
    with NetlinkSocket(nl.NETLINK_ROUTE) as route, links() as events:
        inode = os.fstat(events.fileno()).st_ino
        flap(route, True)
        child = os.fork()
        if not child:
            try:
                inodes = [Path(f"/proc/self/fd/{number}") for number in range(64)]
                held = any(each.exists() and each.stat().st_ino == inode for each in inodes)
                status = 1 if held or list(events) else 0
                try:
                    events.receive()
                except ClosedError as error:
                    os._exit(status if "parent" in str(error) else 3)
            finally:
                os._exit(9)
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == 0
        flap(route, False)
        assert list(events.available()) == [True, False]


def test_the_receive_buffer_is_forced_where_that_is_permitted() -> None:
    limit = int(Path("/proc/sys/net/core/rmem_max").read_text())
    script = (
        "import os\n"
        "from landbridge.netlink.subscription import Subscription\n"
        "os.setuid(65534)\n"
        f"print(Subscription(0, bytes, groups=[1], receive_buffer={4 * limit}).memory.limit)\n"
    )
    if os.geteuid():
        pytest.skip("needs root, to become somebody else")
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert int(told.stdout) == 2 * limit
    with links(receive_buffer=4 * limit) as events:
        assert events.memory.limit == 8 * limit


def test_a_group_that_is_not_there_is_told() -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    with pytest.raises(KernelError, match="join netlink multicast group 30000"):
        Subscription(nl.NETLINK_ROUTE, bytes, groups=[30000])
    assert len(list(Path("/proc/self/fd").iterdir())) == before
