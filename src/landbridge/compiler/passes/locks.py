"""Which functions need the interface's lock, and what kind of lock it is.

Handlers run as if one after the other. One that touches what others change needs the lock for that, unless all it
does is a single read or write of a word, which the machine does in one piece anyway.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from landbridge.compiler import ir
from landbridge.compiler.codes import Code
from landbridge.compiler.draft import Draft
from landbridge.compiler.effects import root
from landbridge.compiler.intrinsics import INTRINSICS
from landbridge.compiler.passes.trips import LOOPS
from landbridge.compiler.reporter import Reporter
from landbridge.spec import ParamSpec, StateSpec
from landbridge.types import Address, Bool, EnumType, Integer, Type

_MANY = 2
_WORD = 4  # bytes that every supported machine reads and writes in one piece


@dataclass(slots=True)
class _Use:
    """What a function, with all it calls, does to the members of the interface; loops count as many times."""

    reads: Counter[str] = field(default_factory=Counter)
    writes: Counter[str] = field(default_factory=Counter)
    members: dict[str, StateSpec | ParamSpec] = field(default_factory=dict)
    uses_map: bool = False

    def add(self, other: _Use, times: int) -> None:
        for mine, its in ((self.reads, other.reads), (self.writes, other.writes)):
            for member, count in its.items():
                mine[member] = min(_MANY, mine[member] + count * times)
        self.members |= other.members
        self.uses_map |= other.uses_map


def run(ordered: Sequence[Draft], reporter: Reporter) -> ir.Lock:
    """Fill in ``guarded``, choose the lock, and report what sleeps under a spinlock.

    Args:
        ordered: Callees before callers.
    """
    uses: dict[str, _Use] = {}
    for draft in ordered:
        uses[draft.name] = use = _Use()
        _collect(draft.body, use, uses, 1)
    _infer(ordered, uses)
    guarded = [each for each in ordered if each.guarded]
    if not guarded:
        return ir.Lock.NONE
    atomic = next((each for each in guarded if each.atomic), None)
    if atomic is None:
        return ir.Lock.MUTEX
    _check_sleep(ordered, atomic, reporter)
    return ir.Lock.SPINLOCK


def _collect(block: ir.Block, use: _Use, uses: dict[str, _Use], times: int) -> None:
    for statement in block:
        inner = _MANY if isinstance(statement, LOOPS) else times
        if isinstance(statement, (ir.MapFind, ir.MapInsert, ir.MapRemove, ir.MapClear, ir.ForMap)):
            use.uses_map = True
        if isinstance(statement, (ir.Set, ir.Clear)):
            base = root(statement.place)
            if isinstance(base, ir.Member):
                name = base.member.name
                use.writes[name] = min(_MANY, use.writes[name] + times)
                use.reads[name] -= times  # the walk below counts the place as read
        if isinstance(statement, ir.Call) and statement.function in uses:
            use.add(uses[statement.function], times)
        for each_field in statement.__dataclass_fields__:
            value = getattr(statement, each_field)
            if isinstance(value, ir.Expr):
                # A loop's bounds are read once, its condition at every turn.
                again = _MANY if isinstance(statement, ir.While) else times
                _read(value, use, again)
            elif isinstance(value, tuple) and value and isinstance(value[0], ir.Stmt):
                _collect(value, use, uses, inner)
            elif isinstance(value, tuple):
                for each in value:
                    if isinstance(each, ir.Expr):
                        _read(each, use, times)


def _read(value: ir.Expr, use: _Use, times: int) -> None:
    for each in ir.walk(value):
        if isinstance(each, ir.Member):
            use.reads[each.member.name] = min(_MANY, use.reads[each.member.name] + times)
            use.members[each.member.name] = each.member
        elif isinstance(each, ir.MapLength):
            use.uses_map = True


def _is_word(type_: Type) -> bool:
    return isinstance(type_, (Integer, Bool, EnumType, Address)) and type_.size <= _WORD


def _infer(ordered: Sequence[Draft], uses: dict[str, _Use]) -> None:
    written = {member for use in uses.values() for member in +use.writes}
    writes_often = {member for use in uses.values() for member, count in use.writes.items() if count > 1}
    alone: dict[str, tuple[str, bool]] = {}
    for draft in ordered:
        use = uses[draft.name]
        # A State that no handler writes is a constant; a Param may change under our feet.
        shared = {each for each in use.members if isinstance(use.members[each], ParamSpec) or each in written}
        count = sum((+use.reads)[each] + (+use.writes)[each] for each in shared)
        lone = next(iter(shared), None)
        if use.uses_map or count > 1 or any(not _is_word(use.members[each].type) for each in shared):
            draft.guarded = True
        elif lone is not None:
            is_write = use.writes[lone] > 0
            alone[draft.name] = (lone, is_write)
            draft.guarded = not is_write and lone in writes_often
    combined = {each for draft in ordered if draft.guarded for each in uses[draft.name].members}
    for draft in ordered:
        member, is_write = alone.get(draft.name, ("", False))
        if is_write and member in combined:
            draft.guarded = True
    by_name = {each.name: each for each in ordered}
    for draft in ordered:
        draft.guarded |= any(by_name[each.function].guarded for each in draft.calls() if each.function in by_name)


def _check_sleep(ordered: Sequence[Draft], atomic: Draft, reporter: Reporter) -> None:
    held: set[str] = set()
    for draft in reversed(ordered):
        if draft.guarded or draft.name in held:
            held.add(draft.name)
            held.update(each.function for each in draft.calls())
    for draft in ordered:
        if draft.name not in held or draft.atomic:
            continue
        for each in ir.walk(draft.body):
            if isinstance(each, (ir.Do, ir.Intrinsic)) and INTRINSICS[each.name].sleeps:
                reporter.report(
                    Code.SLEEPS_UNDER_SPINLOCK,
                    f"{each.name} sleeps, but {draft.name} runs under the interface's lock, a spinlock since "
                    f"{atomic.name} takes it where it cannot sleep",
                    each.span,
                    "sleep in a command that does not touch the state that the hook uses",
                )
