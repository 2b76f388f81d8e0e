"""Which function uses what: facts about a program that the emitter asks for again and again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

from landbridge.compiler import ir
from landbridge.spec import NetfilterSpec, ParamSpec, StateSpec

_FAILING = (ir.Check, ir.Fail, ir.ReadHeader, ir.Spend, ir.Yield, ir.InlineC)


class Usage:
    """Facts about the functions of a program.

    Args:
        program: The program.
    """

    def __init__(self, program: ir.Program) -> None:
        self.program = program
        self.called = {
            node.function for each in program.functions for node in ir.walk(each.body) if isinstance(node, ir.Call)
        }
        self._fails: dict[str, frozenset[int] | None] = {}

    def failures(self, function: ir.Function) -> frozenset[int] | None:
        """The errnos that a function may fail with; None: any."""
        if function.name not in self._fails:
            self._fails[function.name] = self._failures(function)
        return self._fails[function.name]

    def fails(self, function: ir.Function) -> bool:
        """Whether a function can fail."""
        return self.failures(function) != frozenset()

    def _failures(self, function: ir.Function) -> frozenset[int] | None:
        found: set[int] = set()
        for node in ir.walk(function.body):
            if isinstance(node, (ir.Check, ir.Fail)):
                found.add(node.errno)
            elif isinstance(node, ir.ReadHeader):
                found.add(EBADMSG)
            elif isinstance(node, ir.Call):
                inner = self.failures(self.program.function(node.function))
                if inner is None:
                    return None
                found |= inner
            elif isinstance(node, _FAILING):
                return None
        return frozenset(found)

    def families(self) -> frozenset[int]:
        """The families of the netfilter hooks."""
        return frozenset(each.family for each in self.program.spec.of(NetfilterSpec))

    def is_shared(self, member: StateSpec | ParamSpec) -> bool:
        """Whether some function uses a State or Param without the lock."""
        return any(not each.guarded and _mentions(each, member) for each in self.program.functions)

    def is_combined(self, member: StateSpec | ParamSpec) -> bool:
        """Whether some function that holds the lock uses a State or Param."""
        return any(each.guarded and _mentions(each, member) for each in self.program.functions)

    def uses(self, *kinds: type[ir.Node]) -> Iterator[ir.Node]:
        """The nodes of some kinds in all functions."""
        for each in self.program.functions:
            for node in ir.walk(each.body):
                if isinstance(node, kinds):
                    yield node


EBADMSG = 74


def _mentions(function: ir.Function, member: StateSpec | ParamSpec) -> bool:
    return any(isinstance(node, ir.Member) and node.member.name == member.name for node in ir.walk(function.body))


def assigned(block: ir.Block) -> set[str]:
    """Names of the locals that some statements change, wholly or in part."""
    found = set()
    for node in ir.walk(block):
        if isinstance(node, (ir.Set, ir.Clear)):
            place = node.place
            while isinstance(place, (ir.FieldOf, ir.Element)):
                place = place.base
            if isinstance(place, ir.Local):
                found.add(place.name)
        found.update(defined(node))
    return found


def defined(node: ir.Node) -> set[str]:
    """Names of the locals that a statement, not being a Set, gives a value by itself."""
    if isinstance(node, (ir.ForRange, ir.ForProcess, ir.ForNetdev)):
        return {node.variable}
    if isinstance(node, ir.ForMap):
        return {node.slot, node.key} if node.key else {node.slot}
    if isinstance(node, (ir.MapFind, ir.MapInsert)):
        return {node.slot}
    if isinstance(node, ir.MapRemove):
        return {node.found}
    if isinstance(node, ir.ReadHeader):
        return {node.header}
    if isinstance(node, ir.Call) and node.result:
        return {node.result}
    return set()


def read(node: ir.Node | ir.Block) -> set[str]:
    """Names of the locals that a piece of the tree mentions in an expression."""
    found = set()
    for each in ir.walk(node):
        if isinstance(each, ir.Local):
            found.add(each.name)
        elif isinstance(each, (ir.SlotFound, ir.SlotValue)):
            found.add(each.slot)
        elif isinstance(each, ir.SkbLength):
            found.add(each.skb)
    return found


def children(node: ir.Node) -> Iterator[ir.Node]:
    """The nodes directly in a node."""
    for each in fields(node):
        value = getattr(node, each.name)
        for inner in value if isinstance(value, tuple) else (value,):
            if isinstance(inner, ir.Node):
                yield inner


def is_part(place: ir.Expr, expr: ir.Expr) -> bool:
    """Whether an expression reads a place."""
    return any(is_same(place, each) for each in ir.walk(expr))


def is_same(left: object, right: object) -> bool:
    """Whether two pieces of the tree are the same but for their place in the source."""
    if isinstance(left, ir.Node) and isinstance(right, ir.Node):
        if type(left) is not type(right):
            return False
        names = [each for each in left.__dataclass_fields__ if each != "span"]
        return all(is_same(getattr(left, each), getattr(right, each)) for each in names)
    return left == right
