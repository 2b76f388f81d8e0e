"""Things done."""

from __future__ import annotations

from dataclasses import dataclass

from landbridge.compiler.ir.expressions import Expr
from landbridge.compiler.ir.node import Node
from landbridge.spec import CounterSpec, EventSpec, MapSpec


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
        reason: What it guards, for the comment in C: ``index``, ``division``, ``shift``, ``key``, ``capacity``,
            ``enum``, ``bounds``, ``assert``.
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
