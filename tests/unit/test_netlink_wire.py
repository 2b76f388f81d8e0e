"""The walker and the builder of messages: everything ends in messages or in a DecodeError."""

from __future__ import annotations

import random
import struct
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from landbridge.errors import DecodeError
from landbridge.netlink import attributes, wire
from landbridge.netlink.generic import parse_family
from landbridge.netlink.writer import AttributeWriter


def captured() -> list[bytes]:
    """Messages as this kernel's controller and rtnetlink send them, with nests and arrays."""
    family = AttributeWriter(b"\x01\x02\0\0")
    family.string(2, "nlctrl")
    family.u16(1, 16)
    family.u32(3, 2)
    with family.nest(6):
        for index, (operation, flags) in enumerate(((3, 14), (10, 12)), 1):
            with family.nest(index):
                family.u32(1, operation)
                family.u32(2, flags)
    with family.nest(7), family.nest(1):
        family.u32(2, 16)
        family.string(1, "notify")
    link = AttributeWriter(struct.pack("=BxHiII", 0, 772, 1, 0x49, 0))
    link.string(3, "lo")
    link.u32(13, 1000)
    link.put(1, b"\0" * 6)
    with link.nest(18):
        link.string(1, "dummy")
    return [
        wire.build(16, 0, 7, bytes(family)),
        wire.build(16, 2, 8, bytes(link)),
        wire.build(2, 0x100, 9, struct.pack("=i", -22) + wire.build(16, 5, 9)),
    ]


def walk_all(datagram: bytes) -> None:
    """Walk everything that a datagram holds, as far down as it claims to go."""
    for message in wire.walk(datagram):
        header = {16: 4}.get(message.type, 16)
        if message.end - message.start < header:
            raise DecodeError("family header cut", offset=message.start)
        for one in attributes.walk(datagram, message.start + header, message.end):
            if one.type in (6, 7, 18):
                for two in attributes.walk(datagram, one.start, one.end, str(one.type)):
                    list(attributes.walk(datagram, two.start, two.end, "nest"))
    for message in wire.messages(datagram):
        if message.type == 16:
            parse_family(message.payload)


@given(
    st.lists(
        st.tuples(st.integers(0, 0xFFFF), st.integers(0, 0xFFFF), st.integers(0, 0xFFFFFFFF), st.binary(max_size=200)),
        max_size=8,
    )
)
def test_what_is_built_is_walked(entries: list[tuple[int, int, int, bytes]]) -> None:
    datagram = b""
    for kind, flags, sequence, payload in entries:
        message = wire.build(kind, flags, sequence, payload)
        datagram += message + bytes(-len(message) % 4)
    found = [(each.type, each.flags, each.sequence, each.payload) for each in wire.messages(datagram)]
    assert found == entries


def test_a_buffer_is_walked_up_to_its_size() -> None:
    buffer = bytearray(4096)
    message = wire.build(16, 1, 2, b"abcd")
    buffer[: len(message)] = message
    assert [each.payload for each in wire.messages(buffer, len(message))] == [b"abcd"]


@pytest.mark.parametrize("length", [0, 1, 15, 21, 0xFFFFFFFF])
def test_a_lying_message_length_names_itself_and_its_place(length: int) -> None:
    good = wire.build(16, 0, 1, b"abcd")
    bad = struct.pack("=IHHII", length, 16, 0, 2, 0) + b"abcd"
    walker = wire.walk(good + bad)
    assert next(walker).sequence == 1
    with pytest.raises(DecodeError, match=f"nlmsg_len is {length}") as caught:
        next(walker)
    assert caught.value.offset == len(good)


def test_every_cut_is_refused() -> None:
    cuts = 0
    for message in captured():
        assert list(wire.walk(message))
        for size in range(1, len(message)):
            with pytest.raises(DecodeError):
                walk_all(message[:size])
            cuts += 1
    assert cuts > 200


def test_every_cut_with_a_matching_length_is_refused_or_whole() -> None:
    # The message now claims to be as short as it is: what is cut is an attribute.
    accepted = refused = 0
    for message in captured()[:2]:
        header = 20 if message[16:18] == b"\x01\x02" else 32
        whole = {header}
        offset = header
        while offset < len(message):
            length = struct.unpack_from("=H", message, offset)[0]
            whole.update((offset + length, (offset + length + 3) & ~3))
            whole.update(range(offset + length, ((offset + length + 3) & ~3) + 1))
            offset += (length + 3) & ~3
        for size in range(17, len(message)):
            cut = bytearray(message[:size])
            struct.pack_into("=I", cut, 0, size)
            try:
                for extent in wire.walk(bytes(cut)):
                    if extent.end - extent.start < header - 16:
                        raise DecodeError("family header cut")
                    list(attributes.walk(bytes(cut), header, extent.end))
            except DecodeError:
                refused += 1
                assert size not in whole
            else:
                accepted += 1
                assert size in whole
    assert accepted > 10
    assert refused > 100


def test_a_hundred_thousand_mutants_end_in_values_or_in_decode_errors() -> None:
    chance = random.Random(20240607)
    seeds = captured()
    refused = 0
    slowest = 0.0
    beyond = -1
    for _ in range(100_000):
        mutant = bytearray(chance.choice(seeds))
        for _ in range(chance.randint(1, 4)):
            position = chance.randrange(len(mutant))
            match chance.randrange(5):
                case 0:
                    mutant[position] = chance.randrange(256)
                case 1:
                    mutant[position] ^= 1 << chance.randrange(8)
                case 2:
                    del mutant[position : position + chance.randint(1, 8)]
                case 3:
                    mutant[position:position] = chance.randbytes(chance.randint(1, 8))
                case _:
                    lie = chance.choice((0, 1, 3, 4, 5, 0x7FFF, 0xFFFF))
                    mutant[position & ~3 : (position & ~3) + 2] = lie.to_bytes(2, "little")
            if len(mutant) < 4:
                break
        began = time.perf_counter()
        try:
            walk_all(bytes(mutant))
        except DecodeError as error:
            refused += 1
            beyond = max(beyond, error.offset - len(mutant))
        slowest = max(slowest, time.perf_counter() - began)
    assert beyond <= 0
    assert refused > 50_000
    assert slowest < 0.5
