"""Runs in a guest: what is a raw unit's own, with good and bad input."""

from __future__ import annotations

import errno
import os
import random
import signal
import socket
import struct
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from netlink_kit import Crossing, Wire, everything, in_child

import landbridge as lb
from landbridge.channels.netlink import netlink
from landbridge.channels.netlink.operations import raw_operations
from landbridge.errors import BusyError, ChannelTimeout, DeclarationError, GoneError, LoadError

UNIT = 26
OVER = netlink(unit=UNIT)
OPERATIONS = {each.name: each.number for each in raw_operations(Crossing.__lb_spec__.crossing)}
REQUEST, ACK, DUMP = 1, 4, 0x300


@pytest.fixture(scope="module")
def crossing() -> Iterator[Crossing]:
    with lb.load(Crossing, over=OVER) as loaded:
        yield loaded


@pytest.fixture
def wire(crossing: Crossing) -> Iterator[Wire]:
    opened = Wire(UNIT)
    yield opened
    opened.close()


def reader(name: str) -> bytes:
    return struct.pack("=I", OPERATIONS[name])


def test_a_second_reader_is_refused(crossing: Crossing) -> None:
    with lb.attach(Crossing, over=OVER) as first, lb.attach(Crossing, over=OVER) as second:
        first.ticked.open()
        with pytest.raises(BusyError, match="EBUSY"):
            second.ticked.open()
        second.noted.open()  # another event has readers of its own
        first.ticked.close()  # says goodbye
        second.ticked.open()
        crossing.tick(1)
        assert second.ticked.next(timeout=5).number == 0  # type: ignore[union-attr]


def test_a_reader_that_was_killed_makes_room(crossing: Crossing) -> None:
    log = os.popen("dmesg").read()
    for _ in range(20):
        read, write = os.pipe()

        def listen(ready: int = write) -> None:
            with lb.attach(Crossing, over=OVER) as end:
                end.ticked.open()
                os.write(ready, b"x")
                time.sleep(60)

        child = in_child(listen)
        assert os.read(read, 1) == b"x"
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        crossing.tick(3)
        os.close(read)
        os.close(write)
    with lb.attach(Crossing, over=OVER) as end:
        end.ticked.open()
        with pytest.raises(ChannelTimeout):
            end.ticked.next(timeout=0.1)
    assert os.popen("dmesg").read() == log


def test_registering_by_hand(wire: Wire) -> None:
    register, unregister = OPERATIONS["register"], OPERATIONS["unregister"]
    assert wire.error(register, reader("ticked")) == 0
    assert wire.error(register, reader("ticked")) == errno.EALREADY
    other = Wire(UNIT)
    # Who it is does not depend on what a message claims: nlmsg_pid is not looked at.
    claim = struct.pack("=IHHII", 20, unregister, REQUEST | ACK, 1, wire.socket.getsockname()[0]) + reader("ticked")
    other.socket.send(claim)
    assert struct.unpack_from("=i", other.socket.recv(4096), 16)[0] == 0
    assert other.error(register, reader("ticked")) == errno.EBUSY
    assert wire.error(unregister, reader("ticked")) == 0
    assert other.error(register, reader("ticked")) == 0
    other.close()
    for payload in (b"", b"\1", reader("ticked")[:3], reader("ticked") + b"\0"):
        assert wire.error(register, payload) == errno.EINVAL
    assert wire.error(register, reader("tell")) == errno.ENOENT
    assert wire.error(register, b"\xff" * 4) == errno.ENOENT


def test_lengths_are_exact(crossing: Crossing, wire: Wire) -> None:
    spec = Crossing.__lb_spec__
    for command in spec.commands:
        size = command.request.size if command.request else 0
        for length in {0, 1, size - 1, size + 1, size + 4, 65536} - {size, -1}:
            assert wire.error(OPERATIONS[command.name], b"x" * length) == errno.EINVAL, (command.name, length)
    for param in spec.params:
        if param.is_writable:
            for length in {0, 1, param.value.size - 1, param.value.size + 1, 65536}:
                assert wire.error(OPERATIONS[f"{param.name}_set"], b"x" * length) == errno.EINVAL
        if param.is_readable:
            assert wire.error(OPERATIONS[f"{param.name}_get"], b"x") == errno.EINVAL
    for table in spec.tables:
        assert wire.error(OPERATIONS[table.name], b"x", REQUEST | ACK | DUMP) == errno.EINVAL
        assert wire.error(OPERATIONS[table.name], b"") == errno.EOPNOTSUPP
    assert wire.error(OPERATIONS["interface_info"], b"x") == errno.EINVAL


def test_values_are_checked(wire: Wire) -> None:
    good = bytes(everything())
    assert wire.error(OPERATIONS["echo"], good) == 0
    layout = type(everything()).__lb_layout__
    for name, value in (("flag", 2), ("level", 2), ("level", 0), ("mode", 3), ("rights", 2)):
        field = layout.field(name)
        assert field is not None
        bad = bytearray(good)
        bad[field.offset] = value
        assert wire.error(OPERATIONS["echo"], bytes(bad)) == errno.EINVAL, name
    assert wire.error(OPERATIONS["tell"], b"x" * 64) == errno.EINVAL
    assert wire.error(OPERATIONS["limit_set"], struct.pack("=I", 101)) == errno.ERANGE


def test_unknown_types_and_short_headers(crossing: Crossing, wire: Wire) -> None:
    for kind in (max(OPERATIONS.values()) + 1, 0xFFFF, OPERATIONS["ticked"], OPERATIONS["blind_get"]):
        assert wire.error(kind, b"") == errno.EOPNOTSUPP
    assert wire.error(2, b"") == 0  # control messages end in netlink itself
    for length in (0, 1, 15, 17, 1 << 20):
        wire.send(OPERATIONS["ask"], b"", length=length)
    for size in range(1, 16):
        wire.socket.send(struct.pack("=IHHII", 16, OPERATIONS["ask"], 5, 1, 0)[:size])
    wire.drain()
    assert crossing.ask() == "a message from kernel\n"


def test_ten_thousand_random_messages(crossing: Crossing, wire: Wire) -> None:
    chance = random.Random(11)
    sizes = {OPERATIONS[each.name]: each.request.size if each.request else 0 for each in Crossing.__lb_spec__.commands}
    for _ in range(10_000):
        kind = chance.choice([*OPERATIONS.values(), chance.randrange(1 << 16)])
        size = sizes.get(kind, 4) if chance.random() < 0.7 else chance.randrange(400)
        if kind in (OPERATIONS["tick"], OPERATIONS["fill"]):
            size = 0  # four billion events would take too long
        length = None if chance.random() < 0.9 else chance.randrange(200)
        flags = chance.choice((1, 5, 0x305, chance.randrange(1 << 16)))
        wire.send(kind, chance.randbytes(size), flags, length)
        if chance.random() < 0.05:
            wire.drain()
    wire.drain()
    thing = everything()
    assert crossing.echo(thing) == thing
    assert 1 <= crossing.limit <= 100


def test_it_stays_while_a_socket_is_open() -> None:
    class Brief(lb.Interface):
        @lb.command
        def go(self) -> lb.u32:
            return 1

    over = netlink(unit=27)
    first = lb.load(Brief, over=over)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 27), pytest.raises(BusyError, match="in use"):
        first.close()
    assert "brief" in Path("/proc/modules").read_text()
    assert os.system("rmmod brief") == 0
    with pytest.raises(GoneError, match="netlink unit 27"):
        lb.attach(Brief, over=over)


def test_units_that_are_taken(crossing: Crossing) -> None:
    class Thief(lb.Interface):
        @lb.command
        def go(self) -> None: ...

    with pytest.raises(LoadError, match=f"unit {UNIT} is taken") as caught:
        lb.load(Thief, over=OVER)
    assert caught.value.errno == errno.EBUSY
    for unit, owner in ((16, "generic netlink"), (0, "rtnetlink"), (21, "crypto")):
        with pytest.raises(DeclarationError, match=owner):
            lb.load(Thief, over=netlink(unit=unit))
    with pytest.raises(DeclarationError, match="23 to 31"):
        lb.load(Thief, over=netlink(unit=32))
