"""Extended ACKs: which attribute of the request, what is allowed, what is missing."""

from __future__ import annotations

import random
import struct

import pytest

from landbridge.errors import DecodeError
from landbridge.netlink import constants as nl
from landbridge.netlink import extack, wire
from landbridge.netlink.extack import Extack, Policy
from landbridge.netlink.writer import AttributeWriter

NAMES: extack.AttributeNames = {3: "ifname", 18: ("linkinfo", {1: "kind", 2: ("data", {5: "mode"})})}


def request() -> bytes:
    writer = AttributeWriter(bytes(16))
    writer.string(3, "lo", "ifname")
    with writer.nest(18):
        writer.string(1, "dummy")
        with writer.nest(2):
            writer.u32(5, 7)
    return wire.build(16, 5, 1, bytes(writer))


def answer(asked: bytes, writer: AttributeWriter, *, capped: bool = True, code: int = -22) -> tuple[bytes, int]:
    echoed = asked[:16] if capped else asked
    payload = struct.pack("=i", code) + echoed + bytes(-len(echoed) % 4) + bytes(writer)
    return payload, nl.NLM_F_ACK_TLVS | (nl.NLM_F_CAPPED if capped else 0)


def parse(writer: AttributeWriter, *, capped: bool = True) -> Extack | None:
    asked = request()
    payload, flags = answer(asked, writer, capped=capped)
    return extack.parse(payload, flags=flags, done=False, request=asked, header_size=16, names=NAMES)


@pytest.mark.parametrize("capped", [True, False])
@pytest.mark.parametrize(
    ("offset", "path"),
    [
        (32, "ifname"),
        (40, "linkinfo"),
        (44, "linkinfo.kind"),
        (56, "linkinfo.data"),
        (60, "linkinfo.data.mode"),
        (64, "linkinfo.data.mode"),
        (16, ""),
        (4000, ""),
    ],
)
def test_the_offset_becomes_a_path(offset: int, path: str, capped: bool) -> None:
    writer = AttributeWriter()
    writer.string(nl.NLMSGERR_ATTR_MSG, "no such mode")
    writer.u32(nl.NLMSGERR_ATTR_OFFS, offset)
    said = parse(writer, capped=capped)
    assert said is not None
    assert (said.message, said.offset, said.attribute) == ("no such mode", offset, path)
    assert str(said) == f"no such mode; {'attribute ' + path if path else f'byte {offset} of the request'}"


def test_without_names_the_path_is_numbers() -> None:
    writer = AttributeWriter()
    writer.u32(nl.NLMSGERR_ATTR_OFFS, 60)
    payload, flags = answer(request(), writer)
    said = extack.parse(payload, flags=flags, done=False, request=request(), header_size=16)
    assert said is not None
    assert said.attribute == "18.2.5"


def test_the_policy_is_told() -> None:
    writer = AttributeWriter()
    with writer.nest(nl.NLMSGERR_ATTR_POLICY):
        writer.u32(nl.NL_POLICY_TYPE_ATTR_TYPE, 4)
        writer.u64(nl.NL_POLICY_TYPE_ATTR_MIN_VALUE_U, 1)
        writer.u64(nl.NL_POLICY_TYPE_ATTR_MAX_VALUE_U, 100)
    said = parse(writer)
    assert said is not None
    assert said.policy == Policy("u32", minimum=1, maximum=100)
    assert str(said) == "allowed: u32, in 1..100"
    writer = AttributeWriter()
    with writer.nest(nl.NLMSGERR_ATTR_POLICY):
        writer.u32(nl.NL_POLICY_TYPE_ATTR_TYPE, 8)
        writer.s64(nl.NL_POLICY_TYPE_ATTR_MIN_VALUE_S, -5)
        writer.u32(nl.NL_POLICY_TYPE_ATTR_MIN_LENGTH, 2)
        writer.u32(nl.NL_POLICY_TYPE_ATTR_MAX_LENGTH, 15)
        writer.u64(nl.NL_POLICY_TYPE_ATTR_MASK, 0xFF)
    said = parse(writer)
    assert said is not None
    assert str(said) == "allowed: s32, in -5.., at least 2 bytes, at most 15 bytes, within mask 0xff"


def test_what_is_missing_is_named_in_its_nest() -> None:
    writer = AttributeWriter()
    writer.u32(nl.NLMSGERR_ATTR_MISS_TYPE, 5)
    writer.u32(nl.NLMSGERR_ATTR_MISS_NEST, 56)
    said = parse(writer)
    assert said is not None
    assert (said.missing_type, said.missing) == (5, "linkinfo.data.mode")
    writer = AttributeWriter()
    writer.u32(nl.NLMSGERR_ATTR_MISS_TYPE, 3)
    said = parse(writer)
    assert said is not None
    assert str(said) == "missing: ifname"


def test_a_done_message_has_no_echo() -> None:
    writer = AttributeWriter()
    writer.string(nl.NLMSGERR_ATTR_MSG, "bad header")
    payload = struct.pack("=i", -22) + bytes(writer)
    said = extack.parse(payload, flags=nl.NLM_F_ACK_TLVS, done=True, request=request())
    assert said is not None
    assert said.message == "bad header"


def test_without_the_flag_there_is_none() -> None:
    assert extack.parse(struct.pack("=i", -22) + request(), flags=0, done=False, request=request()) is None


@pytest.mark.parametrize(("payload", "number"), [(-22, 22), (0, 0), (300, 0), (-4095, 4095)])
def test_error_numbers(payload: int, number: int) -> None:
    assert extack.error_number(struct.pack("=i", payload)) == number


@pytest.mark.parametrize("payload", [b"", b"\0\0\0", struct.pack("=i", -4096), struct.pack("=i", -(1 << 31))])
def test_what_is_no_error_number_is_refused(payload: bytes) -> None:
    with pytest.raises(DecodeError):
        extack.error_number(payload)


def test_every_cut_and_many_mutants_end_in_an_extack_or_a_decode_error() -> None:
    chance = random.Random(7)
    writer = AttributeWriter()
    writer.string(nl.NLMSGERR_ATTR_MSG, "Attribute failed policy validation")
    writer.u32(nl.NLMSGERR_ATTR_OFFS, 44)
    with writer.nest(nl.NLMSGERR_ATTR_POLICY):
        writer.u32(nl.NL_POLICY_TYPE_ATTR_TYPE, 4)
        writer.u64(nl.NL_POLICY_TYPE_ATTR_MAX_VALUE_U, 100)
    asked = request()
    refused = 0
    for capped in (True, False):
        payload, flags = answer(asked, writer, capped=capped)
        inputs = [payload[:size] for size in range(len(payload))]
        for _ in range(5000):
            mutant = bytearray(payload)
            for _ in range(chance.randint(1, 3)):
                mutant[chance.randrange(len(mutant))] = chance.randrange(256)
            inputs.append(bytes(mutant))
        for each in inputs:
            try:
                extack.parse(each, flags=flags, done=False, request=asked, header_size=16, names=NAMES)
            except DecodeError:
                refused += 1
    assert refused > 500
