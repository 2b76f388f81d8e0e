"""The netlink channel without a kernel: numbers, names, bytes, and what it emits."""

from __future__ import annotations

import random
import re
import struct
import sys
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address
from typing import Annotated, Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import landbridge as lb
from landbridge.channels.netlink import netlink
from landbridge.channels.netlink.codec import compile_decoder, compile_encoder
from landbridge.channels.netlink.codec import plan_request as plan_generic
from landbridge.channels.netlink.emit_generic import GenericEmitter
from landbridge.channels.netlink.operations import generic_operations, group_name, raw_operations
from landbridge.channels.netlink.payloads import plan_request as plan_raw
from landbridge.channels.netlink.sets import Attribute, AttributeSet
from landbridge.errors import DeclarationError, DecodeError, UnsupportedError
from landbridge.types import MacAddress

MODERN = frozenset({"genl_mcast_cap", "nl_set_err_attr_miss"})


class Level(lb.Enum, base=lb.u8):
    LOW = 1
    HIGH = 5


class Rights(lb.Flags):
    READ = 1
    WRITE = 4


class Point(lb.Struct):
    x: lb.s32
    name: Annotated[str, lb.Chars(8)]


class Pair(lb.Struct):
    left: lb.be16
    right: lb.u64


class Thing(lb.Struct):
    """All kinds of fields."""

    small: lb.u8
    port: lb.be16
    wide: lb.s64
    flag: bool
    v4: lb.ipv4
    v6: lb.ipv6
    mac: lb.mac
    text: Annotated[str, lb.Chars(16)]
    words: Annotated[list[int], lb.Array(lb.u16, 3)]
    level: Level
    rights: Rights
    point: Point
    pair: Pair


class Many(lb.Interface):
    """One of each."""

    seen = lb.Event(Thing, doc="It was seen.")
    a_rather_long_name = lb.Event(Pair, capability=None)
    limit = lb.Param(lb.u32, default=5, minimum=1, maximum=100)
    wide = lb.Param(lb.u64, default=1 << 40, minimum=70000)
    below = lb.Param(lb.s32, minimum=-7)
    open = lb.Param(lb.u8, mode=0o666)
    fixed = lb.Param(lb.u8, mode=0o444)

    @lb.command
    def tell(self, thing: Thing) -> None: ...

    @lb.command(capability=None)
    def ask(self) -> Thing:
        return self.ask()

    @lb.command(capability=lb.CAP_SYS_ADMIN)
    def add(self, left: lb.u32, right: lb.u32) -> lb.u64:
        return lb.u64(left) + lb.u64(right)

    @lb.table
    def rows(self) -> Iterator[Pair]:
        yield Pair(left=1, right=2)


SPEC = Many.__lb_spec__
PLAN = GenericEmitter(SPEC, SPEC.crossing, "many")


def things() -> st.SearchStrategy[Thing]:
    def text(most: int) -> st.SearchStrategy[str]:
        letters = st.characters(exclude_characters="\0", exclude_categories=["Cs"])
        return st.text(letters, max_size=most).filter(lambda each: len(each.encode()) <= most)

    return st.builds(
        Thing,
        small=st.integers(0, 255),
        port=st.integers(0, 65535),
        wide=st.integers(-(1 << 63), (1 << 63) - 1),
        flag=st.booleans(),
        v4=st.integers(0, (1 << 32) - 1).map(IPv4Address),
        v6=st.integers(0, (1 << 128) - 1).map(IPv6Address),
        mac=st.binary(min_size=6, max_size=6).map(MacAddress),
        text=text(15),
        words=st.lists(st.integers(0, 65535), min_size=3, max_size=3),
        level=st.sampled_from(Level),
        rights=st.sampled_from([Rights(0), Rights.READ, Rights.WRITE, Rights.READ | Rights.WRITE]),
        point=st.builds(Point, x=st.integers(-(1 << 31), (1 << 31) - 1), name=text(7)),
        pair=st.builds(Pair, left=st.integers(0, 65535), right=st.integers(0, (1 << 64) - 1)),
    )


def plainly(raw: bytes) -> list[tuple[int, bytes]]:
    """Attributes as a C programmer would read them: (type, value), each."""
    found, at = [], 0
    while at < len(raw):
        length, kind = struct.unpack_from("=HH", raw, at)
        assert length >= 4
        assert at + length <= len(raw)
        found.append((kind, raw[at + 4 : at + length]))
        padding = raw[at + length : at + (length + 3 & ~3)]
        assert padding == bytes(len(padding))
        at += length + 3 & ~3
    return found


ENCODE = compile_encoder(PLAN.sets["tell"].request, b"\1\2\3\4")
DECODE = compile_decoder(PLAN.sets["tell"].request, None, "many.tell")


@given(things())
def test_attributes_are_what_c_expects(thing: Thing) -> None:
    raw = ENCODE(thing)
    assert raw[:4] == b"\1\2\3\4"
    ((kind, inside),) = plainly(raw[4:])
    assert kind == 1 | 0x8000
    values = plainly(inside)
    assert [each & 0x7FFF for each, _ in values] == list(range(1, 14))
    by_number = {each & 0x7FFF: value for each, value in values}
    assert by_number[1] == bytes([thing.small])
    assert by_number[2] == thing.port.to_bytes(2, "big")
    assert by_number[3] == thing.wide.to_bytes(8, sys.byteorder, signed=True)
    assert by_number[4] == bytes([thing.flag])
    assert (by_number[5], by_number[6], by_number[7]) == (thing.v4.packed, thing.v6.packed, thing.mac)
    assert by_number[8] == thing.text.encode().ljust(16, b"\0")
    assert by_number[9] == b"".join(each.to_bytes(2, sys.byteorder) for each in thing.words)
    assert by_number[10] == bytes([thing.level])
    assert [each for each, _ in plainly(by_number[12])] == [1, 2]
    assert plainly(by_number[13])[1][1] == thing.pair.right.to_bytes(8, sys.byteorder)


@given(things(), st.randoms())
def test_decoding_gives_the_values_back_in_any_order(thing: Thing, chance: random.Random) -> None:
    raw = ENCODE(thing)
    assert DECODE(raw, 4, len(raw)) == thing
    shuffled = plainly(plainly(raw[4:])[0][1])
    chance.shuffle(shuffled)
    inside = b"".join(
        struct.pack("=HH", 4 + len(value), kind) + value + bytes(-len(value) % 4) for kind, value in shuffled
    )
    again = b"head" + struct.pack("=HH", 4 + len(inside), 1 | 0x8000) + inside
    assert DECODE(again, 4, len(again)) == thing
    # Inside a larger buffer, which is what receiving gives.
    padded = bytearray(b"\xff" * 50 + again + b"\xff" * 50)
    assert DECODE(padded, 54, 50 + len(again)) == thing


@given(things(), st.data())
def test_what_is_cut_or_changed_is_refused_or_complete(thing: Thing, data: st.DataObject) -> None:
    raw = bytearray(ENCODE(thing))
    cut = data.draw(st.integers(4, len(raw) - 1))
    with pytest.raises(DecodeError):
        DECODE(raw, 4, cut)
    place = data.draw(st.integers(4, len(raw) - 1))
    raw[place] ^= data.draw(st.integers(1, 255))
    try:
        assert isinstance(DECODE(raw, 4, len(raw)), Thing)
    except DecodeError as error:
        assert "many.tell" in str(error)  # noqa: PT017  (that nothing else is raised is the test)


def test_operations_are_numbered_densely() -> None:
    generic, raw = generic_operations(SPEC.crossing), raw_operations(SPEC.crossing)
    assert [each.number for each in generic] == list(range(1, len(generic) + 1))
    assert [each.number for each in raw] == list(range(0x10, 0x10 + len(raw)))
    assert [each.name for each in generic][:6] == [
        "interface_info", "seen", "a_rather_long_name", "limit_get", "limit_set", "wide_get",
    ]  # fmt: skip
    by_name = {each.name: each for each in generic}
    assert by_name["limit_set"].capability == lb.CAP_NET_ADMIN
    assert by_name["limit_get"].capability is None
    assert by_name["open_set"].capability is None
    assert [group_name(each) for each in SPEC.events] == ["seen", "a-rather-lo-2"]


def test_policies_are_as_narrow_as_the_types() -> None:
    source = PLAN.source(MODERN)
    for index, value in {
        "MANY_A_LIMIT_VALUE": "NLA_POLICY_RANGE(NLA_U32, 1, 100)",
        "MANY_A_WIDE_VALUE": "NLA_POLICY_FULL_RANGE(NLA_U64, &many_netlink_range_wide_value)",
        "MANY_A_BELOW_VALUE": "NLA_POLICY_MIN(NLA_S32, -7)",
        "MANY_A_STRUCT_THING_PORT": "{ .type = NLA_U16 }",
        "MANY_A_STRUCT_THING_FLAG": "NLA_POLICY_MAX(NLA_U8, 1)",
        "MANY_A_STRUCT_THING_TEXT": "{ .type = NLA_NUL_STRING, .len = 15 }",
        "MANY_A_STRUCT_THING_WORDS": "NLA_POLICY_EXACT_LEN(6)",
        "MANY_A_STRUCT_THING_LEVEL": "NLA_POLICY_RANGE(NLA_U8, 1, 5)",
        "MANY_A_STRUCT_THING_RIGHTS": "NLA_POLICY_MASK(NLA_U32, 0x5)",
        "MANY_A_STRUCT_THING_POINT": "NLA_POLICY_NESTED(many_netlink_policy_struct_point)",
        "MANY_A_TELL_THING": "NLA_POLICY_NESTED(many_netlink_policy_struct_thing)",
    }.items():
        assert f"[{index}] = {value}," in source
    # Kernels warn when they have to describe a function for an integer.
    assert "NLA_POLICY_VALIDATE_FN" not in source


def test_emission_is_the_same_each_time_and_fits_the_line() -> None:
    for channel in (netlink, netlink(unit=24, readers=3)):
        first = channel.kernel_part(SPEC, SPEC.crossing, MODERN)
        assert channel.kernel_part(SPEC, SPEC.crossing, MODERN) == first
        for line in (first.source + first.uapi).splitlines():
            assert len(line.expandtabs(8)) <= 100, line
            assert line == line.rstrip()


def test_older_forms_of_the_kernels_api() -> None:
    assert "NL_SET_ERR_ATTR_MISS" in PLAN.source(MODERN)
    assert "NL_SET_ERR_ATTR_MISS" not in PLAN.source(MODERN - {"nl_set_err_attr_miss"})
    assert ".flags = GENL_MCAST_CAP_NET_ADMIN," in PLAN.source(MODERN)
    assert ".flags = GENL_UNS_ADMIN_PERM," in PLAN.source(frozenset({"genl_mcast_cap_sys_admin"}))
    with pytest.raises(UnsupportedError, match="lets anyone listen") as caught:
        netlink.kernel_part(SPEC, SPEC.crossing, frozenset())
    assert "6.7" in str(caught.value.minimum_version)


def attributes_of(sets: dict[str, Any], operation: dict[str, Any]) -> set[str]:
    inside = sets[operation["attribute-set"]]
    return {each["name"] for each in inside["attributes"]}


def test_the_ynl_spec_holds_together() -> None:
    text = netlink.kernel_part(SPEC, SPEC.crossing, MODERN).extra["many.yaml"]
    spec = yaml.safe_load(text)
    assert (spec["name"], spec["protocol"]) == ("many", "genetlink")
    sets = {each["name"]: each for each in spec["attribute-sets"]}
    assert len(sets) == len(spec["attribute-sets"])
    word = re.compile("[0-9a-z-]+")
    definitions = {each["name"] for each in spec["definitions"]}
    for each in sets.values():
        assert word.fullmatch(each["name"])
        for attribute in each["attributes"]:
            assert word.fullmatch(attribute["name"])
            assert attribute.get("nested-attributes", each["name"]) in sets
            assert attribute["type"] != "nest" or "nested-attributes" in attribute
            assert attribute.get("enum", "level") in definitions
    operations = {each["name"]: each for each in spec["operations"]["list"]}
    assert {each.name.replace("_", "-") for each in PLAN.operations} - set(operations) == {"fixed-set"}
    groups = {each["name"] for each in spec["mcast-groups"]["list"]}
    for each in operations.values():
        known = attributes_of(sets, each)
        modes = [each.get("do", {}), each.get("dump", {}), {"event": each.get("event", {})}]
        used = {name for mode in modes for part in mode.values() for name in part.get("attributes", [])}
        assert used <= known
        assert each.get("mcgrp", "seen") in groups
    limit = sets["limit"]["attributes"][0]
    assert limit == {"name": "value", "value": 1, "type": "u32", "checks": {"min": 1, "max": 100}}
    assert operations["tell"]["flags"] == ["admin-perm"]
    assert "flags" not in operations["ask"]
    assert operations["rows"]["dump"]["reply"]["attributes"] == ["left", "right"]


def test_a_name_with_an_underscore_needs_the_older_schema() -> None:
    text = netlink(family="a_b").kernel_part(SPEC, SPEC.crossing, MODERN).extra["many.yaml"]
    assert yaml.safe_load(text)["protocol"] == "genetlink-legacy"


@pytest.mark.parametrize(
    ("channel", "words"),
    [
        (netlink(unit=16), "unit 16 belongs to generic netlink"),
        (netlink(unit=0), "unit 0 belongs to rtnetlink"),
        (netlink(unit=22), "unit 22 belongs to SMC"),
        (netlink(unit=32), "they are 23 to 31"),
        (netlink(unit=True), "is not a netlink unit"),
        (netlink(unit=24, family="x"), "a raw unit has no family="),
        (netlink(unit=24, readers=0), "readers=0 is not a number from 1 to 64"),
        (netlink(unit=24, readers=65), "readers=65"),
        (netlink(family="sixteen_letters_"), "it has 16 characters"),
        (netlink(family="größe"), "cannot be the name"),
    ],
)
def test_configurations_that_cannot_be(channel: Any, words: str) -> None:
    with pytest.raises(DeclarationError, match=re.escape(words)):
        channel.check(SPEC, SPEC.crossing)


def test_a_group_knows_two_capabilities() -> None:
    class Guarded(lb.Interface):
        told = lb.Event(Pair, capability=lb.CAP_NET_RAW)

    spec = Guarded.__lb_spec__
    with pytest.raises(DeclarationError, match="cannot ask for"):
        netlink.check(spec, spec.crossing)
    netlink(unit=24).check(spec, spec.crossing)


def test_two_things_with_one_name_in_c() -> None:
    class Twice(lb.Interface):
        @lb.command
        def interface_info(self) -> None: ...

    spec = Twice.__lb_spec__
    for channel in (netlink, netlink(unit=24)):
        with pytest.raises(DeclarationError, match=r"TWICE_(CMD|MSG)_INTERFACE_INFO"):
            channel.check(spec, spec.crossing)


def test_names_of_sets() -> None:
    def names(set_: AttributeSet) -> list[str]:
        return [each.c_name for each in set_.attributes]

    assert names(PLAN.sets["add"]) == ["MANY_A_ADD_LEFT", "MANY_A_ADD_RIGHT", "MANY_A_ADD_REPLY"]
    assert names(PLAN.sets["seen"])[-1] == "MANY_A_SEEN_SEQUENCE"
    assert names(PLAN.info) == [
        "MANY_A_INTERFACE_INFO_DIGEST",
        "MANY_A_INTERFACE_INFO_SEEN",
        "MANY_A_INTERFACE_INFO_A_RATHER_LONG_NAME",
    ]
    attribute = PLAN.sets["limit"].request[0]
    assert isinstance(attribute, Attribute)
    assert (attribute.minimum, attribute.maximum) == (1, 100)


@pytest.mark.parametrize("over", [netlink, netlink(unit=24)])
def test_a_bool_is_true_or_false_and_nothing_else(over: Any) -> None:
    class Lamp(lb.Interface):
        @lb.command
        def turn(self, on: bool) -> None: ...

    spec = Lamp.__lb_spec__
    command = spec.commands[0]
    plan = (
        plan_raw(command.request)
        if over.unit
        else plan_generic(GenericEmitter(spec, spec.crossing, spec.c_name).sets["turn"].request, b"\1\1\0\0")
    )
    for value in ("no", 2, None, []):
        with pytest.raises(TypeError, match="bool takes True or False"):
            eval(f"[{', '.join(plan.items)}]", {**plan.names, "on": value})
