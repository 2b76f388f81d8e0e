"""One pointer for several Map entries, where their uses do not overlap."""

from __future__ import annotations

from dataclasses import dataclass, field

from landbridge.compiler import ir
from landbridge.compiler.emit_c.liveness import starts_unset
from landbridge.compiler.emit_c.usage import children, defined, read

_LOOPS = (ir.ForRange, ir.While, ir.ForProcess, ir.ForNetdev, ir.ForMap)


def share(function: ir.Function) -> dict[str, str]:
    """For each local that refers to a Map entry, the local whose C variable it can use."""
    uses = _Uses()
    uses.visit(function.body)
    walked = {each.slot for each in ir.walk(function.body) if isinstance(each, ir.ForMap)}
    shared: dict[str, str] = {}
    free_at: dict[str, int] = {}
    for name, (first, last) in sorted(uses.spans().items(), key=lambda item: item[1]):
        type_ = function.locals.get(name)
        if not isinstance(type_, ir.SlotType) or name in walked or not starts_unset(function.body, name):
            continue
        for owner, end in free_at.items():
            if end <= first and function.locals[owner] == type_:
                shared[name], free_at[owner] = owner, last
                break
        else:
            free_at[name] = last
    return shared


@dataclass
class _Uses:
    """Where each local is used, counted in statements, and which loops are around."""

    at: int = 0
    places: dict[str, list[int]] = field(default_factory=dict)
    loops: list[tuple[int, int]] = field(default_factory=list)

    def visit(self, block: ir.Block) -> None:
        for each in block:
            self.at += 1
            start = self.at
            for name in defined(each) | _read_here(each):
                self.places.setdefault(name, []).append(start)
            for child in children(each):
                if isinstance(child, ir.Stmt):
                    self.visit((child,))
            if isinstance(each, _LOOPS):
                self.at += 1
                # The head of a loop is computed again after its body.
                for name in _read_here(each):
                    self.places[name].append(self.at)
                self.loops.append((start, self.at))

    def spans(self) -> dict[str, tuple[int, int]]:
        """First and last use; what reaches into a loop from outside is in use in all of it."""
        found = {}
        for name, places in self.places.items():
            first, last = places[0], places[-1]
            for start, end in self.loops:
                if first < start <= last <= end:
                    last = end
                elif start <= first <= end < last:
                    first = start
            found[name] = (first, last)
        return found


def _read_here(node: ir.Stmt) -> set[str]:
    """What a statement reads by itself, not in the statements inside."""
    return {name for child in children(node) if not isinstance(child, ir.Stmt) for name in read(child)}
