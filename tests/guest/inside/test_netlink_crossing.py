"""Runs in a guest: what both forms of netlink carry, generic netlink and a raw unit."""

from __future__ import annotations

import asyncio
import errno
import os
import select
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from netlink_kit import Crossing, Entry, Large, Level, Note, Tick, as_nobody, everything, in_child

import landbridge as lb
from landbridge.channels.netlink import netlink
from landbridge.errors import ChannelTimeout, ClosedError, DumpInterrupted, KernelError

FORMS = {"generic": netlink, "unit": netlink(unit=25, readers=4)}


@pytest.fixture(scope="module", params=FORMS)
def over(request: pytest.FixtureRequest) -> Any:
    return FORMS[request.param]


@pytest.fixture(scope="module")
def crossing(over: Any) -> Iterator[Crossing]:
    with lb.load(Crossing, over=over) as loaded:
        yield loaded


@pytest.fixture
def other(crossing: Crossing, over: Any) -> Iterator[Crossing]:
    """A second user end."""
    with lb.attach(Crossing, over=over) as attached:
        yield attached


def test_commands(crossing: Crossing) -> None:
    crossing.tell("over netlink\n")
    assert "umsg: over netlink" in os.popen("dmesg").read()
    assert crossing.ask() == "a message from kernel\n"
    assert crossing.add(1 << 31, 1 << 31) == 1 << 32
    assert crossing.add(right=2, left=1) == 3
    assert crossing.nothing() is None  # type: ignore[func-returns-value]  # that it gives nothing is the test
    thing = everything()
    assert crossing.echo(thing) == thing


def test_errors_of_handlers_arrive(crossing: Crossing) -> None:
    with pytest.raises(PermissionError):
        crossing.refuse(1)
    with pytest.raises(FileNotFoundError):
        crossing.refuse(2)
    with pytest.raises(KernelError) as caught:
        crossing.refuse(0)
    assert caught.value.errno == errno.EDOM
    assert "crossing.refuse" in str(caught.value)
    assert crossing.refuse(5) == 20


def test_values_that_do_not_fit_do_not_cross(crossing: Crossing) -> None:
    with pytest.raises(ValueError, match="left: 4294967296 does not fit u32"):
        crossing.add(1 << 32, 0)
    with pytest.raises(ValueError, match="64 bytes does not fit"):
        crossing.tell("x" * 64)
    with pytest.raises(TypeError):
        crossing.echo(7)  # type: ignore[arg-type]  # wrong on purpose
    with pytest.raises(TypeError):
        crossing.add(1)  # type: ignore[call-arg]  # wrong on purpose


def test_params(crossing: Crossing) -> None:
    assert (crossing.limit, crossing.wide, crossing.label, crossing.fixed) == (10, 1 << 41, "first", 3)
    crossing.limit, crossing.wide, crossing.label, crossing.offset = 100, (1 << 64) - 1, "ä" * 199, -(1 << 62)
    assert (crossing.limit, crossing.wide, crossing.label) == (100, (1 << 64) - 1, "ä" * 199)
    assert crossing.offset == -(1 << 62)
    for name, value in (("limit", 0), ("limit", 101), ("wide", 0), ("offset", 6), ("offset", -(1 << 63))):
        with pytest.raises(KernelError) as caught:
            setattr(crossing, name, value)
        assert caught.value.errno == errno.ERANGE
    assert (crossing.limit, crossing.offset) == (100, -(1 << 62))
    crossing.limit = 10


def test_modes(crossing: Crossing) -> None:
    crossing.blind = 1
    with pytest.raises(PermissionError, match="lets nobody read"):
        crossing.blind  # noqa: B018  (reading is what is tried)
    with pytest.raises(PermissionError, match="lets nobody write"):
        crossing.fixed = 1


def test_tables(crossing: Crossing) -> None:
    rows = list(crossing.rows)
    assert [each.number for each in rows] == list(range(3000))
    assert {each.name for each in rows} == {"row"}
    assert list(crossing.larges) == [Large(i, [0] * 5000) for i in range(5)]
    crossing.fill(0, 0)
    assert list(crossing.entries) == []
    crossing.fill(100, 2)
    assert list(crossing.entries) == [Entry(100, 0), Entry(101, 1)]
    with pytest.raises(FileNotFoundError):
        crossing.drop(1)


def test_a_table_that_changes_is_never_given_as_good(crossing: Crossing, over: Any) -> None:
    count = 3000
    crossing.fill(0, count)

    def churn() -> None:
        with lb.attach(Crossing, over=over) as mine:
            key = 0
            while True:
                mine.put(key + count, 0)
                mine.drop(key)
                key += 1
                time.sleep(0.0005)

    child = in_child(churn)
    try:
        statistics = crossing.__lb_end__._ends["entries"]._socket.statistics  # type: ignore[attr-defined]
        before, whole, refused = statistics.interrupted, 0, 0
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and whole + refused < 30:
            try:
                keys = [each.key for each in crossing.entries]
            except DumpInterrupted:
                refused += 1
                continue
            whole += 1
            # The map holds a run of keys at any moment, and so must each dump.
            assert keys == list(range(keys[0], keys[0] + len(keys)))
            assert len(keys) in (count, count + 1)
        assert whole + refused > 5
        assert statistics.interrupted > before
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    assert len(list(crossing.entries)) in (count, count + 1)


def test_events_in_order(crossing: Crossing, other: Crossing, over: Any) -> None:
    with lb.attach(Crossing, over=over) as third:
        for end in (other, third):
            end.ticked.open()
        other.noted.open()
        crossing.tick(5)
        crossing.note("tick")
        _hear_five(other)
        _hear_five(third)
    assert other.noted.next(timeout=5) == Note("tick")
    with pytest.raises(lb.LandbridgeError, match="only the kernel end sends"):
        other.noted(Note("x"))


def _hear_five(end: Crossing) -> None:
    assert [end.ticked.next(timeout=5) for _ in range(5)] == [Tick(i, Level.HIGH) for i in range(5)]
    with pytest.raises(ChannelTimeout):
        end.ticked.next(timeout=0)


def test_three_ways_to_wait(other: Crossing) -> None:
    other.ticked.open()
    other.tick(2)
    assert select.select([other.ticked.fileno()], [], [], 5)[0]
    for number, item in zip(range(2), other.ticked, strict=False):
        assert item == Tick(number, Level.HIGH)

    async def wait() -> list[Any]:
        found = []
        async for item in other.ticked:
            found.append(item)
            if len(found) == 3:
                break
        return found

    threading.Timer(0.2, other.tick, (3,)).start()
    assert [each.number for each in asyncio.run(asyncio.wait_for(wait(), 10))] == [0, 1, 2]
    threading.Timer(0.2, other.close).start()
    with pytest.raises(ClosedError):
        other.ticked.next(timeout=10)


def test_a_loss_is_counted_exactly_and_the_stream_goes_on(crossing: Crossing, other: Crossing) -> None:
    stream: Any = other.ticked
    stream.open()
    before = stream.statistics
    sent = 30_000
    crossing.tick(sent)
    crossing.tick(0)
    received, lost, items = 0, 0, 0
    while received + lost < sent:
        item = stream.next(timeout=5)
        items += 1
        if isinstance(item, lb.Lost):
            assert item.count is not None
            lost += item.count
        else:
            assert item.number == received + lost
            received += 1
    assert received + lost == sent
    assert lost > 0
    assert items == received + 1
    # The kernel end counted the same, and so did the socket.
    after = stream.statistics
    assert after.sent - before.sent == sent
    assert after.lost - before.lost == lost
    assert stream.subscription.ledger.drops == lost
    assert stream.subscription.ledger.disagreements == 0
    crossing.tick(10)
    assert [stream.next(timeout=5).number for _ in range(10)] == list(range(10))


def test_a_listener_that_dies_is_forgotten(crossing: Crossing, other: Crossing, over: Any) -> None:
    other.noted.open()
    log = os.popen("dmesg").read()
    for _ in range(20):
        read, write = os.pipe()

        def listen(ready: int = write) -> None:
            end = lb.attach(Crossing, over=over)
            end.noted.open()
            os.write(ready, b"x")
            time.sleep(60)

        child = in_child(listen)
        os.read(read, 1)
        crossing.note("before")
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        crossing.note("after")
        os.close(read)
        os.close(write)
    assert [other.noted.next(timeout=5).text for _ in range(40)] == ["before", "after"] * 20  # type: ignore[union-attr]
    assert os.popen("dmesg").read() == log


def test_without_the_capability(crossing: Crossing, over: Any) -> None:
    def nobody(call: str) -> str:
        return as_nobody(over, Crossing, call)

    refused = "PermissionError True"
    assert nobody("end.tell('x')") == refused
    assert nobody("end.add(1, 2)") == refused
    assert nobody("set(end, 'limit', 7)") == refused
    assert nobody("end.secret") == refused
    assert nobody("list(end.rows)") == refused
    assert nobody("list(end.larges)") == refused
    assert nobody("end.ticked.open()") == refused
    assert nobody("end.noted.open()") == "None"
    assert nobody("end.ask()") == repr(crossing.ask())
    assert nobody("end.limit") == str(crossing.limit)
    assert nobody("set(end, 'offset', 1)") == "None"
    assert nobody("[each.key for each in end.entries]") == repr([each.key for each in crossing.entries])


def test_threads_and_children_share_an_end(crossing: Crossing) -> None:
    wrong: list[tuple[int, int]] = []

    def work(left: int) -> None:
        wrong.extend((left, right) for right in range(300) if crossing.add(left, right) != left + right)

    threads = [threading.Thread(target=work, args=(1000 * i,)) for i in range(8)]
    for each in threads:
        each.start()

    def child() -> None:
        assert all(crossing.add(i, i) == 2 * i for i in range(300))

    children = [in_child(child) for _ in range(3)]
    for each in threads:
        each.join()
    assert wrong == []
    assert [os.waitstatus_to_exitcode(os.waitpid(each, 0)[1]) for each in children] == [0, 0, 0]


def test_closed(over: Any, crossing: Crossing) -> None:
    end = lb.attach(Crossing, over=over)
    events = end.noted
    events.open()
    end.close()
    for use in (end.ask, lambda: end.limit, lambda: list(end.rows), lambda: events.next(timeout=0)):
        with pytest.raises(ClosedError):
            use()
    assert "crossing" in Path("/proc/modules").read_text()
