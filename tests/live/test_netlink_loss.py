"""Events that were lost: none without being counted, each count at its place."""

from __future__ import annotations

import os
import struct
import time
from pathlib import Path

import pytest

from landbridge.errors import ChannelTimeout
from landbridge.events import Lost
from landbridge.netlink import constants as nl
from landbridge.netlink import wire
from landbridge.netlink.socket import NetlinkSocket
from landbridge.netlink.subscription import Subscription
from landbridge.netlink.wire import Message
from tests.live.netlink_world import (
    RTM_NEWLINK,
    flap,
    isolated,
    link_payload,
    links,
)

pytestmark = pytest.mark.live


def lost_in(items: list[bool | Lost]) -> int:
    counts = [each.count for each in items if isinstance(each, Lost)]
    assert None not in counts
    return sum(count for count in counts if count is not None)


# Loss --------------------------------------------------------------------------------------------


@isolated
def test_an_overrun_is_one_item_with_the_exact_number_and_the_stream_goes_on() -> None:
    with NetlinkSocket(nl.NETLINK_ROUTE) as route, links(receive_buffer=1) as tiny, links() as roomy:
        for number in range(200):
            flap(route, number % 2 == 0)
        assert len(list(roomy.available())) == 200
        items = list(tiny.available())
        kept = [each for each in items if not isinstance(each, Lost)]
        # First what was queued before the loss, then the loss.
        assert items == [*kept, Lost(200 - len(kept))]
        assert 1 <= len(kept) < 10
        assert tiny.memory.drops == 200 - len(kept)
        assert _proc_drops(tiny) == 200 - len(kept)
        assert tiny.statistics.overruns == 1
        for number in range(20):
            flap(route, number % 2 == 0)
            assert tiny.receive() is (number % 2 == 0)
        assert tiny.ledger.reported == tiny.ledger.drops == 200 - len(kept)


def _proc_drops(subscription: Subscription[bool]) -> int:
    inode = str(os.fstat(subscription.fileno()).st_ino)
    for line in Path("/proc/self/net/netlink").read_text().splitlines():
        fields = line.split()
        if fields[-1] == inode:
            return int(fields[8])
    raise AssertionError("the socket is not in /proc/net/netlink")


@isolated
@pytest.mark.parametrize("receive_buffer", [1, 4096, 16384, 65536])
def test_a_flood_while_reading_leaves_nothing_unaccounted(receive_buffer: int) -> None:
    sent = 4000
    with links(receive_buffer=receive_buffer) as reader, links(receive_buffer=32 << 20) as witness:
        child = os.fork()
        if not child:
            try:
                with NetlinkSocket(nl.NETLINK_ROUTE) as route:
                    for number in range(sent):
                        flap(route, number % 2 == 0)
            finally:
                os._exit(0)
        items: list[bool | Lost] = []
        while sum(1 for each in items if not isinstance(each, Lost)) + lost_in(items) < sent:
            items.append(reader.receive(timeout=20))
            if len(items) % 50 == 0:
                # A reader that is busy now and then.
                time.sleep(0.002)
        os.waitpid(child, 0)
        with pytest.raises(ChannelTimeout):
            reader.receive(timeout=0.05)
        seen = list(witness.available())
        assert len(seen) == sent
        assert lost_in(seen) == 0
        events = [each for each in items if not isinstance(each, Lost)]
        assert len(events) + lost_in(items) == sent
        assert reader.memory.drops == lost_in(items)
        # Up and down take turns; where nothing was lost, all of them came in their order.
        if lost_in(items) == 0:
            assert events == [number % 2 == 0 for number in range(sent)]


@isolated
def test_a_loss_after_the_last_event_is_told_without_another_event() -> None:
    with NetlinkSocket(nl.NETLINK_ROUTE) as route, links(receive_buffer=1) as tiny:
        for number in range(50):
            flap(route, number % 2 == 0)
        first = tiny.receive()
        assert not isinstance(first, Lost)
        # The queue held some; whatever is left, the next item that is no event is the whole loss.
        rest = list(tiny.available())
        assert isinstance(rest[-1], Lost)
        assert rest[-1].count == 50 - len(rest)
        assert list(tiny.available()) == []


@isolated
def test_drops_that_the_kernel_was_told_to_keep_silent_about_are_told() -> None:
    with NetlinkSocket(nl.NETLINK_ROUTE) as route, links(receive_buffer=1) as tiny:
        tiny._port.socket.setsockopt(nl.SOL_NETLINK, NETLINK_NO_ENOBUFS, 1)
        for number in range(60):
            flap(route, number % 2 == 0)
        items = list(tiny.available())
        assert tiny.statistics.overruns == 0
        assert items[-1] == Lost(60 - (len(items) - 1))


def test_an_overrun_message_is_an_unknown_loss() -> None:
    # No kernel sends it today, so the datagram is laid into the buffer by hand.
    with links() as events:
        datagram = wire.build(nl.NLMSG_OVERRUN, 0, 0) + wire.build(RTM_NEWLINK, 0, 0, link_payload(1, flags=1))
        events._port.buffer[: len(datagram)] = datagram
        events._queue._take(len(datagram))
        assert list(events.available()) == [Lost(None), True]


NETLINK_NO_ENOBUFS = 5
CN_MSG = struct.Struct("=IIIIHH")
PROC_EVENT = struct.Struct("=IIQ")
NETLINK_CONNECTOR, CN_IDX_PROC, PROC_CN_MCAST_LISTEN = 11, 1, 1


def process_event(message: Message) -> tuple[int, int]:
    """CPU and number of a process event; the kernel numbers them per CPU."""
    _, cpu, _ = PROC_EVENT.unpack_from(message.payload, CN_MSG.size)
    return cpu, CN_MSG.unpack_from(message.payload)[2]


def number_of(message: Message) -> tuple[int, int] | None:
    what = PROC_EVENT.unpack_from(message.payload, CN_MSG.size)[0]
    return process_event(message) if what else None


def processes(receive_buffer: int) -> Subscription[tuple[int, int]]:
    events = Subscription(
        NETLINK_CONNECTOR,
        process_event,
        groups=[CN_IDX_PROC],
        sequence=number_of,
        sources=dict.fromkeys(os.sched_getaffinity(0)),
        receive_buffer=receive_buffer,
        timeout=5,
    )
    listen = CN_MSG.pack(CN_IDX_PROC, 1, 1, 0, 4, 0) + struct.pack("=I", PROC_CN_MCAST_LISTEN)
    events.send(nl.NLMSG_DONE, listen)
    return events


@pytest.mark.parametrize("receive_buffer", [1, 8192, 32768])
def test_numbered_events_of_several_sources_agree_with_the_drop_counter(receive_buffer: int) -> None:
    if os.geteuid():
        pytest.skip("needs root, for process events")
    if "11" not in {line.split()[1] for line in Path("/proc/net/netlink").read_text().splitlines()[1:]}:
        pytest.skip("this kernel has no CONFIG_CONNECTOR")
    with processes(receive_buffer) as events:
        processors = sorted(os.sched_getaffinity(0))
        received = 0
        for turn in range(16):
            # One event is kept even in the smallest buffer: of each processor in its turn.
            first = processors[turn % len(processors)]
            for cpu in (first, *processors):
                _spawn(5, cpu)
            # Reads all now and then, and not while processes are made.
            received += sum(1 for each in events.available() if not isinstance(each, Lost))
        ledger = events.ledger
        assert ledger.disagreements == 0
        assert ledger.before_socket == 0
        assert ledger.reported == ledger.drops
        assert received >= 16
        if receive_buffer == 1:
            # Of the losses of a source that was not known yet nothing shows in its numbers.
            assert 100 < ledger.gaps <= ledger.drops


def _spawn(count: int, cpu: int) -> None:
    # fork() and exit() are two events each, on the processor where they happen.
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {cpu})
    try:
        for _ in range(count):
            child = os.fork()
            if not child:
                os._exit(0)
            os.waitpid(child, 0)
    finally:
        os.sched_setaffinity(0, before)


@isolated
def test_an_event_that_does_not_fit_is_one_lost_event() -> None:
    with NetlinkSocket(nl.NETLINK_ROUTE) as route, links() as events:
        events._port.buffer = bytearray(100)
        for number in range(3):
            flap(route, number % 2 == 0)
        assert list(events.available()) == [Lost(1), False, True]
        assert events.statistics.truncated == 1
        assert events.ledger.cut == 1
