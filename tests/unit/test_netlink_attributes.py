"""Attributes: what is written is read, and what is wrong says where."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from landbridge.errors import DecodeError, EncodeError
from landbridge.netlink import attributes
from landbridge.netlink.attributes import MAX_VALUE
from landbridge.netlink.writer import AttributeWriter


@given(st.lists(st.tuples(st.integers(0, 0x3FFF), st.binary(max_size=100)), max_size=10))
def test_what_is_written_is_walked(entries: list[tuple[int, bytes]]) -> None:
    writer = AttributeWriter(b"head")
    for kind, value in entries:
        writer.put(kind, value)
    data = bytes(writer)
    assert len(data) % 4 == 0
    assert [(a.type, attributes.read_bytes(data, a)) for a in attributes.walk(data, 4)] == entries


def test_scalars_come_back() -> None:
    writer = AttributeWriter()
    writer.u8(1, 255)
    writer.u16(2, 65535)
    writer.u32(3, 0xDEADBEEF)
    writer.u64(4, (1 << 64) - 1)
    writer.s32(5, -(1 << 31))
    writer.s64(6, -1)
    writer.string(7, "größe")
    writer.flag(8)
    data = bytes(writer)
    found = attributes.parse(data)
    assert attributes.read_u8(data, found[1]) == 255
    assert attributes.read_u16(data, found[2]) == 65535
    assert attributes.read_u32(data, found[3]) == 0xDEADBEEF
    assert attributes.read_u64(data, found[4]) == (1 << 64) - 1
    assert attributes.read_s32(data, found[5]) == -(1 << 31)
    assert attributes.read_s64(data, found[6]) == -1
    assert attributes.read_string(data, found[7]) == "größe"
    assert attributes.read_bytes(data, found[8]) == b""


def test_nests_carry_the_flag_and_their_length() -> None:
    writer = AttributeWriter()
    with writer.nest(18, "linkinfo"):
        writer.string(1, "veth", "kind")
        with writer.nest(2, "data"):
            writer.u32(1, 5)
    data = bytes(writer)
    assert struct.unpack_from("=HH", data) == (len(data), 18 | 0x8000)
    (outer,) = attributes.walk(data)
    inner = attributes.parse(data, outer.start, outer.end)
    assert attributes.read_string(data, inner[1]) == "veth"
    (leaf,) = attributes.walk(data, inner[2].start, inner[2].end)
    assert attributes.read_u32(data, leaf) == 5


@pytest.mark.parametrize(
    ("length", "says"), [(0, "nla_len is 0"), (3, "nla_len is 3"), (9, "nla_len is 9"), (65535, "65535")]
)
def test_a_lying_length_names_the_attribute(length: int, says: str) -> None:
    data = struct.pack("=HHI", 8, 1, 7) + struct.pack("=HHI", length, 0x8000 | 5, 7)
    walker = attributes.walk(data, path="newlink")
    assert next(walker).type == 1
    with pytest.raises(DecodeError, match=says) as caught:
        next(walker)
    assert caught.value.path == "newlink.5"
    assert caught.value.offset == 8


@pytest.mark.parametrize("rest", [1, 2, 3])
def test_stray_bytes_are_refused(rest: int) -> None:
    data = struct.pack("=HHI", 8, 1, 7) + bytes(rest)
    with pytest.raises(DecodeError, match=f"{rest} bytes are left") as caught:
        attributes.parse(data)
    assert caught.value.offset == 8


def test_a_value_of_another_size_is_refused() -> None:
    writer = AttributeWriter()
    writer.u16(3, 1)
    data = bytes(writer)
    with pytest.raises(DecodeError, match="2 bytes, 4 are declared") as caught:
        attributes.read_u32(data, attributes.parse(data)[3], "newlink.mtu")
    assert (caught.value.path, caught.value.offset) == ("newlink.mtu", 4)


def test_a_nul_inside_a_string_is_refused_both_ways() -> None:
    writer = AttributeWriter()
    with pytest.raises(EncodeError, match="ifname: a NUL"):
        writer.string(3, "a\0b", "ifname")
    writer.put(3, b"a\0b\0")
    data = bytes(writer)
    with pytest.raises(DecodeError, match="NUL") as caught:
        attributes.read_string(data, attributes.parse(data)[3], "ifname")
    assert caught.value.offset == 5


def test_the_largest_attribute_passes_and_one_byte_more_is_refused_by_name() -> None:
    assert MAX_VALUE == 65_531
    writer = AttributeWriter()
    with writer.nest(1, "outer"), pytest.raises(EncodeError, match="65532 bytes, an attribute holds 65531") as caught:
        writer.put(2, bytes(MAX_VALUE + 1), "blob")
    assert caught.value.path == "outer.blob"
    writer = AttributeWriter()
    writer.put(2, bytes(MAX_VALUE), "blob")
    (only,) = attributes.walk(bytes(writer))
    assert only.end - only.start == MAX_VALUE


def test_a_nest_that_grew_too_large_is_refused_by_name() -> None:
    writer = AttributeWriter()
    writer.begin(1, "outer")
    writer.put(2, bytes(65_000))
    writer.put(2, bytes(600))
    with pytest.raises(EncodeError, match="outer: the nest has 65608 bytes"):
        writer.end()


@pytest.mark.parametrize(
    ("method", "value", "limits"),
    [
        ("u8", 256, r"0\.\.255"),
        ("u16", -1, r"0\.\.65535"),
        ("s8", 128, r"-128\.\.127"),
        ("u64", 1 << 64, "0.."),
        ("u32", "7", "0.."),
    ],
)
def test_a_value_out_of_range_is_refused_with_the_range(method: str, value: object, limits: str) -> None:
    writer = AttributeWriter()
    with pytest.raises(EncodeError, match=f"size: .* is not an integer in {limits}"):
        getattr(writer, method)(1, value, "size")
    assert bytes(writer) == b""


@pytest.mark.parametrize("kind", [-1, 0x8001, 0x10000])
def test_a_type_out_of_range_is_refused(kind: int) -> None:
    with pytest.raises(EncodeError, match="attribute type"):
        AttributeWriter().put(kind, b"")


def test_an_open_nest_is_noticed() -> None:
    writer = AttributeWriter()
    writer.begin(1, "outer")
    with pytest.raises(EncodeError, match="outer: the nest was not closed"):
        bytes(writer)
    writer.end()
    with pytest.raises(EncodeError, match=r"end\(\) without begin"):
        writer.end()
