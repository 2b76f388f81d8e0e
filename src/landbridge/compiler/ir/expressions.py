"""Values: total, and without side effects."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from landbridge.compiler.ir.node import Node
from landbridge.spec import CounterSpec, MapSpec, ParamSpec, StateSpec
from landbridge.types import Type


@dataclass(frozen=True, slots=True, kw_only=True)
class Expr(Node):
    """A value. Total and without side effects."""

    type: Type


@dataclass(frozen=True, slots=True, kw_only=True)
class Const(Expr):
    """A constant.

    Attributes:
        value: int for integers and enums, bool, str for Chars, bytes (network order) for addresses.
        symbol: The kernel's own name for it (``IPPROTO_ICMP``, ``NF_ACCEPT``), to be written in C; else None.
    """

    value: int | bool | str | bytes
    symbol: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Local(Expr):
    """A local variable or argument (a place)."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Member(Expr):
    """A State or Param of the interface (a place)."""

    member: StateSpec | ParamSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotValue(Expr):
    """The value in a Map entry that a slot refers to; the slot was checked (a place)."""

    slot: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotFound(Expr):
    """Whether a slot refers to an entry: bool."""

    slot: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldOf(Expr):
    """A field of a struct (a place), or of a packet header, task or device (not a place)."""

    base: Expr
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Element(Expr):
    """An element of an Array (a place). ``index`` is known to be in range; never negative."""

    base: Expr
    index: Expr


class BinaryOp(enum.Enum):
    ADD = "+"
    SUB = "-"
    MUL = "*"
    FLOORDIV = "//"
    MOD = "%"
    AND = "&"
    OR = "|"
    XOR = "^"
    LSHIFT = "<<"
    RSHIFT = ">>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Binary(Expr):
    """Integer arithmetic at the width of ``type``, which both operands have.

    A divisor is known not to be zero, a shift count to be below the width. ``>>`` of a signed value keeps the sign.
    ``s32.minimum // -1`` wraps.
    """

    op: BinaryOp
    left: Expr
    right: Expr


class UnaryOp(enum.Enum):
    NEGATE = "-"
    INVERT = "~"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unary(Expr):
    """``-x`` or ``~x``, wrapped."""

    op: UnaryOp
    operand: Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class Not(Expr):
    """``not x`` of a bool."""

    operand: Expr


class CompareOp(enum.Enum):
    EQ = "=="
    NE = "!="
    LT = "<"
    LE = "<="
    GT = ">"
    GE = ">="


@dataclass(frozen=True, slots=True, kw_only=True)
class Compare(Expr):
    """A comparison: bool. Integers: all six; bool, enums, addresses, Chars, structs: EQ and NE.

    Chars compare as text (up to the NUL), and may differ in length; structs field by field.
    """

    op: CompareOp
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class Logic(Expr):
    """``left and right`` or ``left or right`` of bools."""

    is_and: bool
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class Choose(Expr):
    """``then if condition else other``."""

    condition: Expr
    then: Expr
    other: Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class Convert(Expr):
    """An integer, bool or enum at another width: cut or extended, then reinterpreted; byte order is converted.

    From integer to bool: ``x != 0``. Between ipv4 and be32 or u32 (host order): the number of the address.
    """

    operand: Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class Intrinsic(Expr):
    """What the kernel says without failing: see :mod:`landbridge.compiler.intrinsics`.

    The front end puts one that is not constant during a handler (``ktime_get_ns``, ``get_random_u32``) in a
    :class:`Set` of its own.
    """

    name: str
    arguments: tuple[Expr, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MapLength(Expr):
    """How many entries a Map holds: u32."""

    map: MapSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class CounterSum(Expr):
    """The sum of a Counter over the CPUs: u64."""

    counter: CounterSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class SkbLength(Expr):
    """``skb.len``: bytes of the packet from the network header on: u32."""

    skb: str
