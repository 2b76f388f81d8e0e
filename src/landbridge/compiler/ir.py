"""The typed tree that handlers become: the only form that is analysed, and the source of all targets.

The front end (``frontend/``) checks the Python and lowers it to this form; the targets (``emit_c``,
``sim``) translate it and decide nothing. What a target may rely on:

- **Expressions are total**: they cannot fail, have no side effect, and may be evaluated in any order.
  Whatever may fail in the Python (an index, a division, a missing key, a call) was turned into a
  statement (:class:`Check`, :class:`MapFind`, :class:`Call` ...) before the statement that uses it, in the order
  in which Python evaluates; ``and``, ``or`` and ``x if c else y`` whose parts may fail became :class:`If`.
- **Every expression has a type**, every node a span. Operands of :class:`Binary` and :class:`Compare` have one type.
  Integer arithmetic wraps at its width; ``//`` and ``%`` round towards minus infinity; shifts are in range.
- **Failure** ends the handler with an errno: a command, Param or table answers with it; a netfilter hook
  gives ``NF_ACCEPT`` and a rate-limited warning; a timer warns likewise and goes on.
- **Locks** are not in the tree: :attr:`Function.guarded` says that the function must run under the interface's lock
  (:attr:`Program.lock`), taken once by the outermost function.
- **Values are copied** by assignment; there are no references but :class:`Slot` and :class:`Element`-like places.
- **Locals** are declared per function with a type and start zeroed.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass

from landbridge.compiler.span import Span
from landbridge.spec import (
    CommandSpec,
    CounterSpec,
    EventSpec,
    InterfaceSpec,
    MapSpec,
    MethodSpec,
    NetfilterSpec,
    ParamSpec,
    StateSpec,
    TableSpec,
    TimerSpec,
)
from landbridge.types import StructType, Type

# --- types that only handlers see -----------------------------------------------------------


@dataclass(frozen=True, repr=False)
class OpaqueType(Type):
    """A kernel object that handlers hold but cannot copy out: ``skb``, a task, a device.

    Attributes:
        name: ``Skb``, ``Task`` or ``NetDevice``.
    """

    name: str
    size: int = 0
    align: int = 1
    code: str = ""

    def to_raw(self, value: object) -> object:
        raise TypeError(f"{self.name} stays in the kernel")

    def from_raw(self, raw: object) -> object:
        raise TypeError(f"{self.name} stays in the kernel")


@dataclass(frozen=True, repr=False)
class SlotType(OpaqueType):
    """A reference to one entry of a Map, or to none. Never outlives the lock.

    Attributes:
        map: Name of the Map.
    """

    map: str = ""


@dataclass(frozen=True, repr=False)
class HeaderType(OpaqueType):
    """A packet header that was copied out of an skb and checked.

    One of ``ip``, ``ipv6``, ``tcp``, ``udp``, ``icmp``, ``icmpv6``.
    Its fields and their types are in :mod:`landbridge.compiler.headers`.
    """


# --- expressions --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """Anything in the tree."""

    span: Span


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

    Chars compare as text (up to the NUL); structs field by field.
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


# --- statements -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Stmt(Node):
    """Something done."""


Block = tuple[Stmt, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Set(Stmt):
    """Store a value in a place: Local, Member, SlotValue, FieldOf or Element over those. Types are equal."""

    place: Expr
    value: Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class Clear(Stmt):
    """Make all bytes of a place zero, padding included."""

    place: Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class Check(Stmt):
    """Fail with ``errno`` unless the condition holds.

    Attributes:
        reason: What it guards, for the comment in C: ``index``, ``division``, ``key``, ``capacity``, ``assert`` ...
    """

    condition: Expr
    errno: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fail(Stmt):
    """``raise``: end the handler with this errno (positive)."""

    errno: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Return(Stmt):
    """End the handler or method with its result. None where it has no result, and in a table."""

    value: Expr | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class If(Stmt):
    condition: Expr
    then: Block
    other: Block = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ForRange(Stmt):
    """``for variable in range(start, stop, step)``: the bounds are evaluated once.

    ``variable`` is a declared local of an integer type; start and stop have its type; it never overflows in the end
    condition (``range(250, 256)`` of u8 is refused before; steps that would pass the type's maximum end the loop).
    After the loop the variable keeps the last value, and is unchanged if there was none, as in Python.
    """

    variable: str
    start: Expr
    stop: Expr
    step: int
    body: Block


@dataclass(frozen=True, slots=True, kw_only=True)
class While(Stmt):
    """Repeat: run ``prelude``, leave unless ``condition``, run ``body``.

    The prelude computes what the condition needs and cannot compute in a total expression.
    """

    prelude: Block
    condition: Expr
    body: Block


@dataclass(frozen=True, slots=True, kw_only=True)
class Spend(Stmt):
    """Take one from the handler's loop budget (:data:`LOOP_BUDGET`); fail with ELOOP when it is used up.

    The front end puts it first in the body of each loop whose number of turns is not a small constant.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class ForProcess(Stmt):
    """Each thread group leader, under RCU: ``variable`` is a local of OpaqueType ``Task``. The body does not sleep."""

    variable: str
    body: Block


@dataclass(frozen=True, slots=True, kw_only=True)
class ForNetdev(Stmt):
    """Each network device of the initial namespace, under RCU: a local of OpaqueType ``NetDevice``."""

    variable: str
    body: Block


@dataclass(frozen=True, slots=True, kw_only=True)
class ForMap(Stmt):
    """Each entry of a Map in order of insertion; the body does not insert or remove.

    Attributes:
        key: Local that gets a copy of the key, or None.
        slot: Local of SlotType for the entry.
    """

    map: MapSpec
    key: str | None
    slot: str
    body: Block


@dataclass(frozen=True, slots=True, kw_only=True)
class Break(Stmt):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Continue(Stmt):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class MapFind(Stmt):
    """Look a key up: ``slot`` refers to its entry, or to none."""

    map: MapSpec
    key: Expr
    slot: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MapInsert(Stmt):
    """As MapFind; a missing key gets a new zeroed entry, at the end of the order. None if the Map is full."""

    map: MapSpec
    key: Expr
    slot: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MapRemove(Stmt):
    """Take a key out; ``found`` (a local bool) says whether it was there."""

    map: MapSpec
    key: Expr
    found: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MapClear(Stmt):
    map: MapSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class CounterAdd(Stmt):
    """Add a u64 to a Counter on this CPU."""

    counter: CounterSpec
    value: Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadHeader(Stmt):
    """Copy a packet header out of an skb into ``header`` (a local of HeaderType).

    It is checked against the packet's length and protocol.
    Fails with EBADMSG where the packet has no such header, or it is cut.
    """

    skb: str
    header: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Emit(Stmt):
    """Send an event; ``record`` is a place of the event's struct.

    Never fails; what could not be sent is counted as lost.
    """

    event: EventSpec
    record: Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class Yield(Stmt):
    """Give a row of a table; ``row`` is a place of the table's struct."""

    row: Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Stmt):
    """Call a method or another handler of the class; its failure is the caller's.

    Attributes:
        result: Local that gets the result, or None.
    """

    function: str
    arguments: tuple[Expr, ...]
    result: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Print(Stmt):
    """Write a line to the kernel log.

    Attributes:
        level: ``emerg``, ``alert``, ``crit``, ``err``, ``warn``, ``notice``, ``info`` or ``debug``.
        format: Text with %-conversions that match the arguments: ``%d %u %x %s %c %%`` and widths, as in Python;
            the target writes the kernel's own conversion for each argument's type (``%pI4`` for ipv4 and so on)
            and escapes text from users.
        arguments: One per conversion.
    """

    level: str
    format: str
    arguments: tuple[Expr, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Do(Stmt):
    """A kernel function called for its effect, such as ``msleep``; see :mod:`landbridge.compiler.intrinsics`."""

    name: str
    arguments: tuple[Expr, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class InlineC(Stmt):
    """``lb.c("...")``: the rest of the handler in C, which sees the arguments by name (structs and Chars by pointer),
    ``reply`` (pointer to the zeroed reply struct) where there is a result, and returns 0 or a negative errno."""

    text: str


# --- functions and programs -----------------------------------------------------------------

LOOP_BUDGET = 1_000_000
"""Turns that all counted loops of one handler call may take together."""

Handler = CommandSpec | TableSpec | NetfilterSpec | TimerSpec | MethodSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Function(Node):
    """One handler or method.

    Attributes:
        name: Name in the class.
        member: What it is.
        parameters: Names and types, without self. A netfilter hook has one of OpaqueType ``Skb``.
        result: Type of the result; None: none. A netfilter hook: the Verdict enum.
        locals: Every local variable but the parameters, with its type, in order of first use.
        body: What it does.
        atomic: Whether it may run where the kernel cannot sleep (it, or something that calls it, is a hook or timer).
        guarded: Whether it needs the interface's lock: it, or what it calls, uses a Map, or State or Param beyond
            a lone read or write of a word that no other handler combines.
        spends: Whether it, or what it calls, has a :class:`Spend`.
        sleeps: Whether it, or what it calls, may sleep.
    """

    name: str
    member: Handler
    parameters: tuple[tuple[str, Type], ...]
    result: Type | None
    locals: Mapping[str, Type] = field(hash=False)
    body: Block
    atomic: bool
    guarded: bool
    spends: bool
    sleeps: bool


class Lock(enum.Enum):
    """What guards the state of an interface."""

    NONE = "none"
    MUTEX = "mutex"
    SPINLOCK = "spinlock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """All handlers of an interface, compiled.

    Attributes:
        spec: The interface.
        functions: Handlers and the methods they call, each after those that it calls.
        lock: MUTEX where every guarded function may sleep, SPINLOCK where one is atomic, NONE where none is
            guarded. Params that are not plain words (Chars, Array) and are used by a handler count as guarded.
        structs: Structs that handlers build or hold and that do not cross, in order of dependence.
    """

    spec: InterfaceSpec
    functions: tuple[Function, ...]
    lock: Lock
    structs: tuple[StructType, ...] = ()

    def function(self, name: str) -> Function:
        """The function of that name.

        Raises:
            KeyError: There is none.
        """
        for each in self.functions:
            if each.name == name:
                return each
        raise KeyError(name)


def walk(node: Node | Block) -> Iterator[Node]:
    """A node and all nodes in it, outermost first, in source order."""
    if isinstance(node, tuple):
        for each in node:
            yield from walk(each)
        return
    yield node
    if is_dataclass(node):
        for part in fields(node):
            value = getattr(node, part.name)
            if isinstance(value, Node):
                yield from walk(value)
            elif isinstance(value, tuple):
                for inner in value:
                    if isinstance(inner, Node):
                        yield from walk(inner)
