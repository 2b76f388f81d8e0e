"""One netlink socket among signal handlers, threads, forked processes and network namespaces."""

from __future__ import annotations

import os
import random
import signal
import struct
import threading
import time

import pytest

from landbridge.errors import (
    ChannelTimeout,
)
from landbridge.netlink import attributes
from landbridge.netlink import constants as nl
from landbridge.netlink.socket import NetlinkSocket
from tests.live.netlink_world import (
    GETFAMILY,
    IFLA_IFNAME,
    RTM_GETLINK,
    RTM_NEWLINK,
    add_link,
    ask_for,
    current_namespace,
    family_name,
    isolated,
    link_payload,
    open_inodes,
    port_of,
    present,
    unshare_network,
)

pytestmark = pytest.mark.live

FAMILIES = ("nlctrl", "ethtool", "TASKSTATS")


# Signal handlers --------------------------------------------------------------------------------


class Alarm(Exception):
    """Raised by the signal handler."""


def test_a_signal_handler_that_raises_never_mixes_answers(generic: NetlinkSocket) -> None:
    names = [each for each in FAMILIES if each in present(generic)]
    assert len(names) >= 2
    asks = [(name, ask_for(name)) for name in names]

    def handler(number: int, frame: object) -> None:
        raise Alarm

    wrong = right = raised = 0
    before = signal.signal(signal.SIGALRM, handler)
    chance = random.Random(5)
    deadline = time.monotonic() + 60
    try:
        while (raised < 500 or right < 5000) and time.monotonic() < deadline:
            name, ask = asks[(right + raised) % len(asks)]
            try:
                signal.setitimer(signal.ITIMER_REAL, chance.uniform(2e-6, 6e-5))
                for _ in range(8):
                    answer = generic.request(16, ask)
                    if family_name(answer.payload) == name:
                        right += 1
                    else:
                        wrong += 1
                    name, ask = asks[(right + raised) % len(asks)]
            except Alarm:
                raised += 1
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert wrong == 0
    assert raised >= 500
    assert right >= 5000
    assert generic.statistics.stale > 0, "no handler ran between a request and its answer"


def test_a_signal_handler_that_asks_itself_gets_its_own_answer(generic: NetlinkSocket) -> None:
    names = [each for each in FAMILIES if each in present(generic)]
    inner: list[str] = []

    def handler(number: int, frame: object) -> None:
        inner.append(family_name(generic.request(16, ask_for(names[1])).payload))

    before = signal.signal(signal.SIGALRM, handler)
    try:
        chance = random.Random(6)
        outer = []
        deadline = time.monotonic() + 30
        while len(inner) < 1000 and time.monotonic() < deadline:
            signal.setitimer(signal.ITIMER_REAL, chance.uniform(2e-6, 3e-5))
            outer.append(family_name(generic.request(16, ask_for(names[0])).payload))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert set(outer) == {names[0]}
    assert set(inner) == {names[1]}
    assert len(inner) >= 1000
    assert len(generic._pool._idle) == 1, "no handler asked within another request"


def test_plain_signals_do_not_end_a_wait(route: NetlinkSocket) -> None:
    if os.geteuid():
        pytest.skip("needs root, for a request without an answer")
    before = signal.signal(signal.SIGALRM, lambda number, frame: None)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
        began = time.monotonic()
        with pytest.raises(ChannelTimeout):
            route.request(RTM_NEWLINK, link_payload(1), timeout=0.3)
        assert 0.29 <= time.monotonic() - began < 2
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


# Threads and forks -------------------------------------------------------------------------------


def test_eight_threads_share_a_socket_and_none_gets_a_wrong_answer(generic: NetlinkSocket) -> None:
    names = present(generic)
    wrong: list[tuple[str, str]] = []
    counts = [0] * 8

    def work(thread: int) -> None:
        chance = random.Random(thread)
        for _ in range(3000):
            name = chance.choice(names)
            got = family_name(generic.request(16, ask_for(name)).payload)
            counts[thread] += 1
            if got != name:
                wrong.append((name, got))
        for _ in range(20):
            if [family_name(each.payload) for each in generic.dump(16, struct.pack("=BBH", 3, 1, 0))] != names:
                wrong.append(("dump", "differs"))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(120)
    assert counts == [3000] * 8
    assert wrong == []
    assert generic.statistics.stale == 0


def test_parent_and_child_use_a_socket_at_once_and_none_gets_a_wrong_answer(generic: NetlinkSocket) -> None:
    names = present(generic)
    parents_port = generic.portid
    inode = os.fstat(port_of(generic).socket.fileno()).st_ino

    def work(seed: int) -> int:
        chance = random.Random(seed)
        wrong = 0
        for _ in range(3000):
            name = chance.choice(names)
            wrong += family_name(generic.request(16, ask_for(name)).payload) != name
        return wrong

    child = os.fork()
    if not child:
        status = 99
        try:
            status = 2 if inode in open_inodes() else min(work(2), 50) + 10 * (generic.portid == parents_port)
        finally:
            os._exit(status)
    assert work(1) == 0
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert generic.portid == parents_port


def test_a_child_of_a_process_whose_other_thread_holds_the_lock_can_ask(generic: NetlinkSocket) -> None:
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            generic.request(16, GETFAMILY)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        for _ in range(20):
            child = os.fork()
            if not child:
                signal.alarm(20)
                try:
                    os._exit(family_name(generic.request(16, GETFAMILY).payload) != "nlctrl")
                finally:
                    os._exit(9)
            _, status = os.waitpid(child, 0)
            assert os.waitstatus_to_exitcode(status) == 0
    finally:
        stop.set()
        thread.join()


# Namespaces --------------------------------------------------------------------------------------


@isolated
def test_a_socket_stays_in_the_namespace_where_it_was_opened() -> None:
    with NetlinkSocket(nl.NETLINK_ROUTE) as route:
        add_link(route, "here0")
        inode = route.netns_inode
        assert inode == current_namespace()
        handle = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        unshare_network()
        assert current_namespace() != inode

        def names(opened: NetlinkSocket) -> set[str]:
            return {
                attributes.read_string(each.payload, attributes.parse(each.payload, 16)[IFLA_IFNAME])
                for each in opened.dump(RTM_GETLINK, link_payload())
            }

        # A dump opens a second socket, and a forked child a third: in the old namespace, both.
        assert "here0" in names(route)
        child = os.fork()
        if not child:
            try:
                os._exit(0 if "here0" in names(route) else 1)
            finally:
                os._exit(9)
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == 0
        with NetlinkSocket(nl.NETLINK_ROUTE) as other, NetlinkSocket(0, netns=f"/proc/self/fd/{handle}") as again:
            assert "here0" not in names(other)
            assert "here0" in names(again)
            assert again.netns_inode == inode != other.netns_inode
        # The thread that asks is still where it was.
        assert current_namespace() != inode


def test_a_namespace_that_is_not_there_is_told() -> None:
    with pytest.raises(FileNotFoundError, match="/run/netns/nosuch"):
        NetlinkSocket(nl.NETLINK_ROUTE, netns="/run/netns/nosuch")
