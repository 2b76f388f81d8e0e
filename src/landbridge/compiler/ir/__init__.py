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

from landbridge.compiler.ir.expressions import (
    Binary,
    BinaryOp,
    Choose,
    Compare,
    CompareOp,
    Const,
    Convert,
    CounterSum,
    Element,
    Expr,
    FieldOf,
    Intrinsic,
    Local,
    Logic,
    MapLength,
    Member,
    Not,
    SkbLength,
    SlotFound,
    SlotValue,
    Unary,
    UnaryOp,
)
from landbridge.compiler.ir.node import (
    Node,
    walk,
)
from landbridge.compiler.ir.opaque import (
    HeaderType,
    OpaqueType,
    SlotType,
)
from landbridge.compiler.ir.program import (
    LOOP_BUDGET,
    Function,
    Handler,
    Lock,
    Program,
)
from landbridge.compiler.ir.statements import (
    Block,
    Break,
    Call,
    Check,
    Clear,
    Continue,
    CounterAdd,
    Do,
    Emit,
    Fail,
    ForMap,
    ForNetdev,
    ForProcess,
    ForRange,
    If,
    InlineC,
    MapClear,
    MapFind,
    MapInsert,
    MapRemove,
    Print,
    ReadHeader,
    Return,
    Set,
    Spend,
    Stmt,
    While,
    Yield,
)

__all__ = [
    "LOOP_BUDGET",
    "Binary",
    "BinaryOp",
    "Block",
    "Break",
    "Call",
    "Check",
    "Choose",
    "Clear",
    "Compare",
    "CompareOp",
    "Const",
    "Continue",
    "Convert",
    "CounterAdd",
    "CounterSum",
    "Do",
    "Element",
    "Emit",
    "Expr",
    "Fail",
    "FieldOf",
    "ForMap",
    "ForNetdev",
    "ForProcess",
    "ForRange",
    "Function",
    "Handler",
    "HeaderType",
    "If",
    "InlineC",
    "Intrinsic",
    "Local",
    "Lock",
    "Logic",
    "MapClear",
    "MapFind",
    "MapInsert",
    "MapLength",
    "MapRemove",
    "Member",
    "Node",
    "Not",
    "OpaqueType",
    "Print",
    "Program",
    "ReadHeader",
    "Return",
    "Set",
    "SkbLength",
    "SlotFound",
    "SlotType",
    "SlotValue",
    "Spend",
    "Stmt",
    "Unary",
    "UnaryOp",
    "While",
    "Yield",
    "walk",
]
