"""Types: bytes as the C compiler lays them out, and errors that name the limit."""

from __future__ import annotations

import ctypes
import ipaddress
from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st

import landbridge as lb
from landbridge.errors import DeclarationError
from landbridge.types import MacAddress, check_name, layout, snake_case, type_of
from landbridge.types import integer as integers


class Level(lb.Enum, base=lb.u8):
    LOW = 1
    HIGH = 2


class Bits(lb.Flags, base=lb.u16):
    A = 1
    B = 2


class Inner(lb.Struct):
    x: lb.u8
    y: lb.u64


class Everything(lb.Struct):
    a: lb.u8
    ip: lb.ipv4
    name: Annotated[str, lb.Chars(16)]
    numbers: Annotated[list[int], lb.Array(lb.s32, 3)]
    level: Level
    bits: Bits
    inner: Inner
    port: lb.be16
    ok: bool
    link: lb.mac
    six: lb.ipv6


C_TYPES = {
    "u8": ctypes.c_uint8,
    "u16": ctypes.c_uint16,
    "u32": ctypes.c_uint32,
    "u64": ctypes.c_uint64,
    "s8": ctypes.c_int8,
    "s16": ctypes.c_int16,
    "s32": ctypes.c_int32,
    "s64": ctypes.c_int64,
}
INTEGERS = [getattr(integers, name) for name in C_TYPES]
value_of = {each.name: st.integers(each.minimum, each.maximum) for each in INTEGERS}


@given(
    st.lists(st.sampled_from(sorted(C_TYPES)), min_size=1, max_size=12).flatmap(
        lambda names: st.tuples(st.just(names), st.tuples(*(value_of[name] for name in names)))
    )
)
def test_layout_is_that_of_the_c_compiler(case: tuple[list[str], tuple[int, ...]]) -> None:
    names, values = case
    ours = layout("s", [(f"f{i}", getattr(integers, name)) for i, name in enumerate(names)])
    fields = [(f"f{i}", C_TYPES[name]) for i, name in enumerate(names)]
    theirs = type("S", (ctypes.Structure,), {"_fields_": fields})
    assert ours.size == ctypes.sizeof(theirs)
    assert ours.align == ctypes.alignment(theirs)
    assert [each.offset for each in ours.fields] == [getattr(theirs, name).offset for name, _ in fields]
    in_c = theirs()
    ctypes.memset(ctypes.byref(in_c), 0, ours.size)
    for (name, _), value in zip(fields, values, strict=True):
        setattr(in_c, name, value)
    assert ours.pack_values(values) == bytes(in_c)
    assert tuple(ours.unpack_values(bytes(in_c))) == values


def test_a_struct_of_everything_comes_back() -> None:
    one = Everything(
        1,
        ipaddress.IPv4Address("1.2.3.4"),
        "hé",
        [1, 2, -3],
        Level.HIGH,
        Bits.A | Bits.B,
        Inner(1, 2),
        80,
        True,
        MacAddress("52:54:00:12:34:56"),
        ipaddress.IPv6Address("::1"),
    )
    raw = bytes(one)
    assert Everything.from_bytes(raw) == one
    assert len(raw) == Everything.__lb_layout__.size == 88
    assert raw[4:8] == bytes([1, 2, 3, 4])
    assert raw[56:58] == b"\0P"
    covered = sum(each.type.size for each in Everything.__lb_layout__.fields)
    assert covered + sum(size for _, size in Everything.__lb_layout__.padding) == 88
    for start, size in Everything.__lb_layout__.padding:
        assert raw[start : start + size] == bytes(size)


@pytest.mark.parametrize(
    ("values", "error", "message"),
    [
        ((300, 1), ValueError, "x: 300 does not fit u8 (0 to 255)"),
        ((1, -1), ValueError, "y: -1 does not fit u64 (0 to 18446744073709551615)"),
        (("1", 1), TypeError, "x: u8 takes an int, not str ('1')"),
    ],
)
def test_a_wrong_value_names_field_and_limit(
    values: tuple[object, object], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match="^" + message.replace("(", r"\(").replace(")", r"\)") + "$"):
        bytes(Inner(*values))  # type: ignore[arg-type]  # wrong on purpose


def test_text_keeps_its_nul_and_its_bytes() -> None:
    chars = lb.Chars(8)
    assert chars.to_raw("1234567") == b"1234567"
    with pytest.raises(ValueError, match="8 bytes does not fit"):
        chars.to_raw("12345678")
    with pytest.raises(ValueError, match="NUL"):
        chars.to_raw("a\0b")
    assert chars.from_raw(b"\xff\0junk\0\0") == "\udcff"
    assert chars.to_raw("\udcff") == b"\xff"


def test_enums_refuse_what_they_do_not_name_and_keep_what_is_newer() -> None:
    level, bits = type_of(Level), type_of(Bits)
    with pytest.raises(ValueError, match="5 is not one of Level: LOW, HIGH"):
        level.to_raw(5)
    with pytest.raises(ValueError, match="4 is not made of Bits"):
        bits.to_raw(4)
    assert level.from_raw(2) is Level.HIGH
    assert level.from_raw(9) == 9


@pytest.mark.parametrize("wrong", [int, str, bytes, float, list[int], "u32"])
def test_what_has_no_fixed_size_is_refused(wrong: object) -> None:
    with pytest.raises(TypeError, match="has no fixed size"):
        type_of(wrong)


def test_a_wrong_struct_fails_at_its_line() -> None:
    with pytest.raises(DeclarationError, match="field 'x': int has no fixed size; say how wide") as caught:

        class Wrong(lb.Struct):
            x: int

    assert caught.value.where is not None
    assert caught.value.where.file == __file__
    with pytest.raises(DeclarationError, match="'current' is a macro in the kernel's headers"):

        class Macro(lb.Struct):
            current: lb.u8

    with pytest.raises(DeclarationError, match="without a default follows one with"):

        class Order(lb.Struct):
            a: lb.u8 = 1
            b: lb.u8


def test_names() -> None:
    assert check_name("count") is None
    assert "word of C" in (check_name("int") or "")
    assert "ASCII" in (check_name("größe") or "")
    assert "at most 31" in (check_name("x" * 32) or "")
    assert snake_case("TopTalkers") == "top_talkers"
    assert snake_case("HTTPServer2") == "http_server2"
