"""Definite assignment: no local is read on a path that has not assigned it."""

from __future__ import annotations

from dataclasses import dataclass, field

from landbridge.compiler import ir
from landbridge.compiler.codes import Code
from landbridge.compiler.draft import Draft
from landbridge.compiler.passes.trips import trip_count
from landbridge.compiler.reporter import Reporter

State = frozenset[str] | None
"""Locals that surely have a value; None: this place is not reached."""


def run(draft: Draft, reporter: Reporter) -> None:
    """Report reads of locals that may have no value."""
    _Analysis(draft, reporter).block(draft.body, frozenset(name for name, _ in draft.parameters))


def _merge(*states: State) -> State:
    reached = [each for each in states if each is not None]
    return frozenset.intersection(*reached) if reached else None


@dataclass(slots=True)
class _Loop:
    breaks: list[State] = field(default_factory=list)
    continues: list[State] = field(default_factory=list)


class _Analysis:
    def __init__(self, draft: Draft, reporter: Reporter) -> None:
        self.draft = draft
        self.reporter = reporter
        self.loops: list[_Loop] = []

    def block(self, block: ir.Block, state: State) -> State:
        for each in block:
            if state is None:
                return None
            state = self._statement(each, state)
        return state

    def _statement(self, node: ir.Stmt, state: frozenset[str]) -> State:
        match node:
            case ir.Set():
                self._read(node.value, state)
                return self._assign(node.place, state)
            case ir.Clear():
                return self._assign(node.place, state)
            case ir.If():
                self._read(node.condition, state)
                return _merge(self.block(node.then, state), self.block(node.other, state))
            case ir.ForRange():
                self._read(node.start, state)
                self._read(node.stop, state)
                end = self._loop(node.body, state | {node.variable})
                turns = trip_count(node)
                return end if turns is not None and turns > 0 else _merge(state, end)
            case ir.While():
                return self._while(node, state)
            case ir.ForProcess() | ir.ForNetdev():
                end = self._loop(node.body, state | {node.variable})
                return _merge(state, None if end is None else end - {node.variable})
            case ir.ForMap():
                own = {each for each in (node.key, node.slot) if each is not None}
                return _merge(state, self._loop(node.body, state | own))
            case ir.Break():
                self.loops[-1].breaks.append(state)
                return None
            case ir.Continue():
                self.loops[-1].continues.append(state)
                return None
            case ir.Return() | ir.Fail() | ir.InlineC():
                self._children(node, state)
                return None
        self._children(node, state)
        return state | self._made(node)

    def _loop(self, body: ir.Block, state: frozenset[str]) -> State:
        """The state after a loop that ran at least once."""
        loop = _Loop()
        self.loops.append(loop)
        end = self.block(body, state)
        self.loops.pop()
        return _merge(end, *loop.continues, *loop.breaks)

    def _while(self, node: ir.While, state: frozenset[str]) -> State:
        before = self.block(node.prelude, state)
        if before is None:
            return None
        self._read(node.condition, before)
        loop = _Loop()
        self.loops.append(loop)
        self.block(node.body, before)
        self.loops.pop()
        endless = isinstance(node.condition, ir.Const) and node.condition.value is True
        return _merge(*loop.breaks) if endless else _merge(before, *loop.breaks)

    def _assign(self, place: ir.Expr, state: frozenset[str]) -> frozenset[str]:
        if isinstance(place, ir.Local):
            return state | {place.name}
        self._read(place, state)
        return state

    def _made(self, node: ir.Stmt) -> frozenset[str]:
        match node:
            case (
                ir.MapFind(slot=name) | ir.MapInsert(slot=name) | ir.MapRemove(found=name) | ir.ReadHeader(header=name)
            ):
                return frozenset({name})
            case ir.Call(result=str(name)):
                return frozenset({name})
        return frozenset()

    def _children(self, node: ir.Stmt, state: frozenset[str]) -> None:
        for each in ir.walk(node):
            if isinstance(each, ir.Local):
                self._check(each, state)

    def _read(self, value: ir.Expr, state: frozenset[str]) -> None:
        for each in ir.walk(value):
            if isinstance(each, ir.Local):
                self._check(each, state)

    def _check(self, local: ir.Local, state: frozenset[str]) -> None:
        if local.name in state:
            return
        name = self.draft.names.get(local.name, local.name)
        if isinstance(local.type, ir.OpaqueType) and not isinstance(local.type, ir.HeaderType):
            self.reporter.report(
                Code.KERNEL_OBJECT_ESCAPES,
                f"{name} is a {local.type.name}, which may be gone after its loop",
                local.span,
                "keep its attributes in variables, inside the loop",
            )
            return
        self.reporter.report(
            Code.UNASSIGNED,
            f"{name} may have no value here",
            local.span,
            "give it one on every path, such as before the if or the loop",
        )
