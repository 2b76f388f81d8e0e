"""Runs in a guest: what is generic netlink's own, with good and bad input."""

from __future__ import annotations

import errno
import os
import random
import struct
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from netlink_kit import Crossing, Everything, Wire, attribute, everything

import landbridge as lb
from landbridge.channels.netlink import netlink
from landbridge.channels.netlink.codec import compile_encoder
from landbridge.channels.netlink.emit_generic import GenericEmitter
from landbridge.errors import GoneError, KernelError, LoadError, MismatchError
from landbridge.netlink.generic import GenericNetlink

PLAN = GenericEmitter(Crossing.__lb_spec__, Crossing.__lb_spec__.crossing, "crossing")
OPERATIONS = {each.name: each.number for each in PLAN.operations}
NESTED = 0x8000


@pytest.fixture(scope="module")
def crossing() -> Iterator[Crossing]:
    with lb.load(Crossing, over=netlink) as loaded:
        yield loaded


@pytest.fixture(scope="module")
def family(crossing: Crossing) -> int:
    with GenericNetlink() as generic:
        return generic.family("crossing").id


@pytest.fixture
def wire() -> Iterator[Wire]:
    opened = Wire(16)
    yield opened
    opened.close()


def header(name: str) -> bytes:
    return struct.pack("=BBH", OPERATIONS[name], 1, 0)


def echo_request(thing: Everything) -> bytes:
    return compile_encoder(PLAN.sets["echo"].request, header("echo"))(thing)


def test_the_family_is_described(crossing: Crossing) -> None:
    with GenericNetlink() as generic:
        family = generic.family("crossing")
    assert set(family.groups) == {"ticked", "noted"}
    assert set(family.operations) == {OPERATIONS[name] for name in OPERATIONS} - {
        OPERATIONS[name] for name in ("ticked", "noted", "blind_get", "fixed_set")
    }
    assert family.operations[OPERATIONS["tell"]] & 1  # GENL_ADMIN_PERM
    assert not family.operations[OPERATIONS["ask"]] & 1


def test_extended_acks_name_field_and_limit(crossing: Crossing) -> None:
    with pytest.raises(KernelError) as caught:
        crossing.limit = 101
    assert caught.value.errno == errno.ERANGE
    assert caught.value.extack.attribute == "value"
    assert (caught.value.extack.policy.minimum, caught.value.extack.policy.maximum) == (1, 100)
    assert "crossing.limit" in str(caught.value)
    assert "1..100" in str(caught.value)


def test_a_missing_attribute_is_named(crossing: Crossing, family: int, wire: Wire) -> None:
    wire.send(family, header("add") + attribute(1, b"\1\0\0\0"))
    answer = wire.socket.recv(4096)
    assert struct.unpack_from("=i", answer, 16)[0] == -errno.EINVAL
    assert b"an attribute is missing\0" in answer
    assert attribute(5, struct.pack("=I", 2)) in answer  # NLMSGERR_ATTR_MISS_TYPE
    assert wire.error(family, header("add")) == errno.EINVAL


def test_attributes_are_checked(crossing: Crossing, family: int, wire: Wire) -> None:
    good = attribute(1, b"\1\0\0\0") + attribute(2, b"\2\0\0\0")
    wire.send(family, header("add") + good, flags=1)
    answer = wire.socket.recv(4096)
    assert attribute(3, struct.pack("=Q", 3)) in answer
    wrong = {
        "short": attribute(1, b"\1\0\0") + attribute(2, b"\2\0\0\0"),
        "long": attribute(1, b"\1\0\0\0\0") + attribute(2, b"\2\0\0\0"),
        "empty": attribute(1, b"") + attribute(2, b"\2\0\0\0"),
        "unknown": good + attribute(3, b"\1\0\0\0"),
        "far": good + attribute(0x3FFF, b""),
        "zero": good + attribute(0, b"\1\0\0\0"),
        "past the end": attribute(1, b"\1\0\0\0") + attribute(2, b"\2\0\0\0", length=60000),
        "shorter than its header": good + attribute(4, b"", length=3),
        "nested": attribute(1 | NESTED, b"\1\0\0\0") + attribute(2, b"\2\0\0\0"),
        "trailing": good + b"\1\2\3",
    }
    for name, attributes in wrong.items():
        number = wire.error(family, header("add") + attributes)
        assert number in (errno.EINVAL, errno.ERANGE), name
    for name in ("ask", "nothing", "limit_get", "interface_info"):
        assert wire.error(family, header(name) + attribute(1, b"\1\0\0\0")) == errno.EINVAL, name
    assert wire.error(family, header("tell") + attribute(1, b"x" * 64)) in (errno.EINVAL, errno.ERANGE)
    assert wire.error(family, header("tell") + attribute(1, b"x" * 64 + b"\0")) in (errno.EINVAL, errno.ERANGE)
    assert wire.error(family, header("tell") + attribute(1, b"")) in (errno.EINVAL, errno.ERANGE)
    assert wire.error(family, header("tell") + attribute(1, b"ok\0")) == 0
    assert crossing.add(1, 2) == 3


def test_nests_are_checked(crossing: Crossing, family: int, wire: Wire) -> None:
    good = echo_request(everything())
    assert wire.error(family, good) == 0
    inside = good[8:]
    cases = {
        "not flagged": attribute(1, inside),
        "empty": attribute(1 | NESTED, b""),
        "one too many": attribute(1 | NESTED, inside + attribute(18, b"\1")),
        "one missing": attribute(1 | NESTED, inside[8:]),
        "a scalar": attribute(1, b"\1\0\0\0"),
        "cut": attribute(1 | NESTED, inside[:-20]),
        "deep": attribute(1 | NESTED, attribute(1 | NESTED, attribute(1 | NESTED, inside))),
    }
    for name, attributes in cases.items():
        assert wire.error(family, header("echo") + attributes) in (errno.EINVAL, errno.ERANGE), name


WRONG_VALUES = {
    "bool 2": (8, b"\2"),
    "enum in a hole": (14, b"\2"),
    "enum 0": (14, b"\0"),
    "enum too large": (15, b"\3\0"),
    "unknown flag": (16, b"\2\0\0\0"),
    "mac of 5": (11, b"12345"),
    "array of 3 bytes": (13, b"123"),
    "text without an end": (12, b"no end"),
}


@pytest.mark.parametrize("what", WRONG_VALUES)
def test_values_that_no_one_means(family: int, wire: Wire, what: str) -> None:
    number, value = WRONG_VALUES[what]
    parts, offset, inside = [], 0, echo_request(everything())[8:]
    while offset < len(inside):
        length, kind = struct.unpack_from("=HH", inside, offset)
        whole = inside[offset : offset + (length + 3 & ~3)]
        parts.append(attribute(number, value) if kind & 0x3FFF == number else whole)
        offset += len(whole)
    error = wire.error(family, header("echo") + attribute(1 | NESTED, b"".join(parts)))
    assert error in (errno.EINVAL, errno.ERANGE)


def test_the_kernel_can_describe_the_policies(crossing: Crossing) -> None:
    with GenericNetlink() as generic:
        # CTRL_CMD_GETPOLICY, by CTRL_ATTR_FAMILY_NAME: the kernel warns where a policy cannot be described.
        request = struct.pack("=BBH", 10, 1, 0) + attribute(2, b"crossing\0")
        described = list(generic.socket.dump(0x10, request))
    assert len(described) > len(OPERATIONS)


def test_unknown_operations_and_short_headers(crossing: Crossing, family: int, wire: Wire) -> None:
    for command in (0, len(OPERATIONS) + 1, 255, OPERATIONS["ticked"]):
        assert wire.error(family, struct.pack("=BBH", command, 1, 0)) == errno.EOPNOTSUPP
    assert wire.error(family, header("rows")) == errno.EOPNOTSUPP  # a table, but no dump
    assert wire.error(family, header("ask"), flags=0x305) == errno.EOPNOTSUPP  # a dump, but no table
    for size in range(4):
        assert wire.error(family, header("ask")[:size]) == errno.EINVAL
    assert wire.error(family, struct.pack("=BBH", OPERATIONS["ask"], 1, 7)) == errno.EINVAL  # reserved is not 0
    for length in (0, 1, 15, 17, 1 << 20):
        wire.send(family, header("ask"), length=length)
    wire.drain()
    assert crossing.ask() == "a message from kernel\n"


def test_ten_thousand_random_messages(crossing: Crossing, family: int, wire: Wire) -> None:
    chance = random.Random(7)
    seeds = [
        echo_request(everything()),
        header("add") + attribute(1, b"\1\0\0\0") + attribute(2, b"\2\0\0\0"),
        header("limit_set") + attribute(1, b"\5\0\0\0"),
        header("label_set") + attribute(1, b"text\0"),
        header("put") + attribute(1, b"\1\0\0\0") + attribute(2, b"\2\0\0\0"),
    ]
    for _ in range(10_000):
        data = bytearray(chance.choice(seeds))
        for _ in range(chance.randrange(1, 6)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        if chance.random() < 0.3:
            del data[chance.randrange(len(data)) :]
        if chance.random() < 0.1:
            data += chance.randbytes(chance.randrange(64))
        if data and data[0] == OPERATIONS["tick"]:
            data[0] = 0  # four billion events would take too long
        length = None if chance.random() < 0.9 else chance.randrange(200)
        wire.send(family, bytes(data), chance.choice((1, 5, 0x305, chance.randrange(1 << 16))), length)
        if chance.random() < 0.05:
            wire.drain()
    wire.drain()
    thing = everything()
    assert crossing.echo(thing) == thing
    assert 1 <= crossing.limit <= 100


def test_unloaded_while_sockets_are_open() -> None:
    class Brief(lb.Interface):
        heard = lb.Event(Everything)

        @lb.command
        def go(self) -> lb.u32:
            return 1

    first = lb.load(Brief, over=netlink)
    second = lb.attach(Brief, over=netlink)
    second.heard.open()
    assert second.go() == 1
    heard: list[BaseException] = []

    def listen() -> None:
        try:
            second.heard.next(timeout=30)
        except GoneError as error:
            heard.append(error)

    listener = threading.Thread(target=listen)
    listener.start()
    first.close()
    assert "brief" not in Path("/proc/modules").read_text()
    listener.join(timeout=30)
    assert len(heard) == 1
    with pytest.raises(GoneError):
        second.go()
    with pytest.raises(GoneError):
        lb.attach(Brief, over=netlink)
    # Loaded again it has another number; the old end finds it.
    with lb.load(Brief, over=netlink):
        assert second.go() == 1
    second.close()


def test_another_declaration_is_noticed() -> None:
    class Twin(lb.Interface):
        @lb.command
        def go(self) -> lb.u32:
            return 1

    first_class = Twin
    first = lb.load(first_class, over=netlink)
    stale = lb.attach(first_class, over=netlink)
    assert stale.go() == 1
    first.close()

    class Twin(lb.Interface):  # type: ignore[no-redef]  # another declaration of the same name is what is tried
        @lb.command
        def go(self) -> lb.u64:
            return 2

    with lb.load(Twin, over=netlink) as second:
        assert second.go() == 2
        with pytest.raises(MismatchError, match="another declaration"):
            stale.go()
        with pytest.raises(MismatchError, match="another declaration"):
            lb.attach(first_class, over=netlink)
    stale.close()


def test_a_family_name_that_is_taken() -> None:
    class Thief(lb.Interface):
        @lb.command
        def go(self) -> None: ...

    with pytest.raises(LoadError, match="'nlctrl' is there already") as caught:
        lb.load(Thief, over=netlink(family="nlctrl"))
    assert caught.value.errno == errno.EEXIST
    with lb.load(Thief, over=netlink(family="other_name")) as thief:
        thief.go()


def test_other_network_namespaces_do_not_see_it(crossing: Crossing) -> None:
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.unshare(0x40000000) if hasattr(os, "unshare") else _unshare()
        try:
            lb.attach(Crossing, over=netlink)
        except GoneError:
            os.write(write, b"gone")
        os._exit(0)
    os.close(write)
    os.waitpid(child, 0)
    assert os.read(read, 16) == b"gone"


def _unshare() -> None:
    import ctypes  # noqa: PLC0415  (only for Pythons without os.unshare)

    assert ctypes.CDLL(None).unshare(0x40000000) == 0
