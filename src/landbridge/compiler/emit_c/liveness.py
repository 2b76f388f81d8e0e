"""Which locals C must set to zero, because it cannot be seen that they are set before they are read."""

from __future__ import annotations

from landbridge.compiler import ir
from landbridge.compiler.emit_c.usage import children, defined, read

_LOOPS = (ir.ForRange, ir.ForProcess, ir.ForNetdev, ir.ForMap)


def starts_unset(block: ir.Block, name: str) -> bool:
    """Whether a local needs no initial value: what comes first gives it one.

    Only the simple case is seen: the first statement that mentions the local, in the innermost
    block that has all mentions, sets all of it.
    """
    mentioning = [each for each in block if _mentions(each, name)]
    if not mentioning:
        return True
    first = mentioning[0]
    if _sets(first, name):
        return True
    if isinstance(first, _LOOPS) and name in defined(first):
        # The loop's own variable, if only the loop uses it.
        return len(mentioning) == 1
    if len(mentioning) > 1 or _mentions_itself(first, name):
        return False
    inner = [each for each in _blocks(first) if any(_mentions(stmt, name) for stmt in each)]
    if isinstance(first, ir.While) and len(inner) > 1:
        # One turn: the prelude comes first in each.
        return starts_unset(first.prelude, name) and any(_mentions(each, name) for each in first.prelude)
    return all(starts_unset(each, name) for each in inner)


def _sets(node: ir.Stmt, name: str) -> bool:
    if isinstance(node, (ir.Set, ir.Clear)) and isinstance(node.place, ir.Local) and node.place.name == name:
        return isinstance(node, ir.Clear) or name not in read(node.value)
    if isinstance(node, _LOOPS):
        return False
    arguments = {each for child in children(node) for each in read(child)}
    return name in defined(node) and name not in arguments


def _mentions(node: ir.Node, name: str) -> bool:
    return any(name in read(each) or name in defined(each) for each in ir.walk(node))


def _mentions_itself(node: ir.Stmt, name: str) -> bool:
    """Whether the statement, its blocks left aside, mentions the local."""
    if isinstance(node, (ir.ForRange, ir.ForProcess, ir.ForNetdev, ir.ForMap)) and name in defined(node):
        return False
    inside = {id(stmt) for each in _blocks(node) for stmt in each}
    return any(name in read(each) for each in children(node) if id(each) not in inside)


def _blocks(node: ir.Stmt) -> list[ir.Block]:
    if isinstance(node, ir.If):
        return [node.then, node.other]
    if isinstance(node, ir.While):
        return [node.prelude, node.body]
    if isinstance(node, _LOOPS):
        return [node.body]
    return []
