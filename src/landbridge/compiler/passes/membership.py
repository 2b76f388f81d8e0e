"""No loop over a Map gives it entries or takes them away."""

from __future__ import annotations

from collections.abc import Sequence

from landbridge.compiler import ir
from landbridge.compiler.codes import Code
from landbridge.compiler.draft import Draft
from landbridge.compiler.reporter import Reporter


def run(ordered: Sequence[Draft], reporter: Reporter) -> None:
    """Report changes of a Map inside a loop over it, made there or by what is called.

    Args:
        ordered: Callees before callers.
    """
    changed: dict[str, set[str]] = {}
    for draft in ordered:
        changed[draft.name] = set()
        for each in ir.walk(draft.body):
            changed[draft.name] |= _changes(each, changed)
    for draft in ordered:
        for loop in ir.walk(draft.body):
            if isinstance(loop, ir.ForMap):
                for each in ir.walk(loop.body):
                    if loop.map.name in _changes(each, changed):
                        _report(each, loop.map.name, reporter)


def _changes(node: ir.Node, changed: dict[str, set[str]]) -> set[str]:
    match node:
        case ir.MapInsert() | ir.MapRemove() | ir.MapClear():
            return {node.map.name}
        case ir.Call():
            return changed.get(node.function, set())
    return set()


def _report(node: ir.Node, map_: str, reporter: Reporter) -> None:
    what = f"self.{node.function}" if isinstance(node, ir.Call) else "this"
    hint = "in the loop, only the entry at hand may be assigned: self.map[key] = v, with the loop's own key"
    if not isinstance(node, ir.MapInsert):
        hint = "note the key in a variable, and delete after the loop"
    reporter.report(Code.MAP_CHANGED_IN_LOOP, f"{what} changes {map_} while a loop walks it", node.span, hint)
