"""Dumps of this machine's kernel: whole, consistent, several at once, and left early."""

from __future__ import annotations

import itertools
import os
import signal
import socket
import struct
import threading
import time

import pytest

from landbridge.errors import DumpInterrupted, KernelError
from landbridge.netlink import attributes, wire
from landbridge.netlink import constants as nl
from landbridge.netlink.request import Operation
from landbridge.netlink.socket import NetlinkSocket
from landbridge.netlink.wire import Message
from tests.live.netlink_world import (
    IFLA_IFNAME,
    RTM_GETLINK,
    add_link,
    delete_link,
    isolated,
    link_payload,
    wait_until,
)

pytestmark = pytest.mark.live

LINKS = 150


def name_of(message: Message) -> str:
    return attributes.read_string(message.payload, attributes.parse(message.payload, 16)[IFLA_IFNAME])


def churn(pause: float) -> int:
    """Start a process that makes and removes a link again and again; returns its id."""
    child = os.fork()
    if not child:
        try:
            signal.alarm(60)
            with NetlinkSocket(nl.NETLINK_ROUTE) as route:
                while True:
                    add_link(route, "churn0")
                    delete_link(route, "churn0")
                    time.sleep(pause)
        finally:
            os._exit(0)
    return child


def end(child: int) -> None:
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


@isolated
def test_no_inconsistent_dump_is_given_out_under_churn() -> None:
    with NetlinkSocket(nl.NETLINK_ROUTE) as route:
        for number in range(LINKS):
            add_link(route, f"steady{number}")
        # With a raw socket, to show that dumps are interrupted here at all.
        child = churn(0.002)
        try:
            fixed = {f"steady{number}" for number in range(LINKS)} | {"lo"}
            whole = interrupted = 0
            deadline = time.monotonic() + 20
            while (whole < 30 or not route.statistics.interrupted) and time.monotonic() < deadline:
                try:
                    messages = list(route.dump(RTM_GETLINK, link_payload(), retries=20))
                except DumpInterrupted:
                    interrupted += 1
                    continue
                whole += 1
                assert not any(each.flags & nl.NLM_F_DUMP_INTR for each in messages)
                names = [name_of(each) for each in messages]
                assert len(names) == len(set(names))
                assert set(names) - {"churn0"} == fixed
            assert route.statistics.interrupted > 0, "the churn never met a dump"
            assert whole >= 10
        finally:
            end(child)


@isolated
def test_dumps_that_never_stay_whole_end_in_dump_interrupted() -> None:
    with NetlinkSocket(nl.NETLINK_ROUTE) as route:
        for number in range(LINKS):
            add_link(route, f"steady{number}")
        child = churn(0)
        try:
            raised: list[DumpInterrupted] = []

            def one_more() -> bool:
                try:
                    list(route.dump(RTM_GETLINK, link_payload(), retries=0, operation=Operation("getlink", 16)))
                except DumpInterrupted as error:
                    raised.append(error)
                return bool(raised)

            assert wait_until(one_more, 30)
            assert "getlink: the table changed under each of 1 dumps" in str(raised[0])
            assert route.statistics.interrupted >= 1
        finally:
            end(child)
        assert len(list(route.dump(RTM_GETLINK, link_payload()))) >= LINKS + 1


@isolated
def test_a_stream_says_that_it_was_interrupted() -> None:
    with NetlinkSocket(nl.NETLINK_ROUTE) as route:
        for number in range(LINKS):
            add_link(route, f"steady{number}")
        stream = route.stream(RTM_GETLINK, link_payload())
        first = list(itertools.islice(stream, 5))
        # What is sent next was not yet made when the table changes.
        delete_link(route, "steady100")
        with pytest.raises(DumpInterrupted):
            list(stream)
        assert len(first) == 5
        whole = list(route.stream(RTM_GETLINK, link_payload()))
        assert len(whole) == LINKS


@isolated
def test_dumps_on_one_socket_nest_and_may_be_left_early() -> None:
    with NetlinkSocket(nl.NETLINK_ROUTE) as route:
        for number in range(LINKS):
            add_link(route, f"steady{number}")
        # The kernel runs one dump at a time on a socket, and answers EBUSY to a second.
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, nl.NETLINK_ROUTE) as raw:
            raw.bind((0, 0))
            raw.settimeout(5)
            for number in (1, 2):
                raw.send(wire.build(RTM_GETLINK, nl.NLM_F_REQUEST | nl.NLM_F_DUMP, number, link_payload()))
            codes = []
            while 2 not in [sequence for sequence, _ in codes]:
                for each in wire.messages(raw.recv(65536)):
                    if each.type == nl.NLMSG_ERROR:
                        codes.append((each.sequence, struct.unpack_from("=i", each.payload)[0]))
            assert codes == [(2, -16)]
        outer = route.stream(RTM_GETLINK, link_payload())
        for _ in range(3):
            next(outer)
            inner = list(route.dump(RTM_GETLINK, link_payload()))
            assert len(inner) == LINKS + 1
            assert name_of(route.request(RTM_GETLINK, link_payload(1))) == "lo"
        del outer
        left = route.stream(RTM_GETLINK, link_payload())
        next(left)
        assert len(list(route.dump(RTM_GETLINK, link_payload()))) == LINKS + 1
        assert route.statistics.stale == 0
        results: list[int] = []
        threads = [
            threading.Thread(
                target=lambda: results.extend(len(list(route.dump(RTM_GETLINK, link_payload()))) for _ in range(20))
            )
            for _ in range(4)
        ]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        assert results == [LINKS + 1] * 80


def test_a_refused_dump_raises_at_the_call() -> None:
    with NetlinkSocket(nl.NETLINK_ROUTE) as route:
        # Strict checking: a dump of links may not ask for one index in the header.
        with pytest.raises(KernelError) as caught:
            route.dump(RTM_GETLINK, link_payload(0, flags=1), operation=Operation("getlink", 16))
        assert caught.value.errno == 22
        assert caught.value.extack.message
        with NetlinkSocket(nl.NETLINK_ROUTE, strict=False) as lenient:
            assert list(lenient.dump(RTM_GETLINK, link_payload(0, flags=1)))


def test_every_part_is_whole_messages() -> None:
    with NetlinkSocket(nl.NETLINK_ROUTE) as route:
        parts = route.dump_parts(RTM_GETLINK, link_payload())
        names = [name_of(each) for part in parts for each in wire.messages(part)]
        assert "lo" in names
        assert names == [name_of(each) for each in route.stream(RTM_GETLINK, link_payload())]
