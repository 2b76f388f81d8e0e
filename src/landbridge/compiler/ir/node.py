"""What all of the tree has, and how to walk it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass

from landbridge.compiler.span import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """Anything in the tree."""

    span: Span


def walk(node: Node | tuple[Node, ...]) -> Iterator[Node]:
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
