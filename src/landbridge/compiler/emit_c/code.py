"""C statements as a small tree, and how they are laid out on lines."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from landbridge.compiler.emit_c.wrap import LIMIT, TAB, wrap
from landbridge.compiler.span import Span


class Line(NamedTuple):
    """One line of C, and the Python that it came from."""

    text: str
    span: Span | None


@dataclass(slots=True)
class Text:
    """A statement, a declaration, or a head without a body, such as a label.

    Attributes:
        outdent: Tabs less than its surroundings; 1 for a label.
    """

    text: str
    span: Span | None = None
    outdent: int = 0


@dataclass(slots=True)
class Comment:
    """A comment of one or more lines."""

    lines: tuple[str, ...]
    span: Span | None = None


@dataclass(slots=True)
class Blank:
    """An empty line."""


@dataclass(slots=True)
class Arm:
    """A head with the statements it governs: ``for (...)``, ``if (...)``, ``else``."""

    head: str
    body: list[Node] = field(default_factory=list)
    span: Span | None = None


@dataclass(slots=True)
class Compound:
    """One arm, or the arms of an if."""

    arms: list[Arm]


@dataclass(slots=True)
class Braces:
    """Something with braces of its own: a function (brace on its own line), a struct (``tail`` is ``;``)."""

    head: str
    body: list[Node]
    tail: str = ""
    is_function: bool = False
    span: Span | None = None


Node = Text | Comment | Blank | Compound | Braces


def block(head: str, body: Iterable[Node], span: Span | None = None) -> Compound:
    """A loop or an if without else."""
    return Compound([Arm(head, list(body) or [Text(";")], span)])


def lay_out(nodes: Sequence[Node], depth: int = 0) -> list[Line]:
    """The lines of some statements, without two empty lines in a row or one at either end."""
    lines: list[Line] = []
    for node in nodes:
        if isinstance(node, Blank):
            if lines and lines[-1].text:
                lines.append(Line("", None))
        else:
            lines += _lines_of(node, depth)
    while lines and not lines[-1].text:
        lines.pop()
    return lines


def _lines_of(node: Text | Comment | Compound | Braces, depth: int) -> list[Line]:
    tabs = "\t" * depth
    if isinstance(node, Text):
        return [Line(each, node.span) for each in wrap(node.text, depth - node.outdent)]
    if isinstance(node, Comment):
        if len(node.lines) == 1:
            text = node.lines[0]
            # Tools of the kernel count bytes.
            room = max(30, LIMIT - depth * TAB - len("/*  */") - len(text.encode()) + len(text))
            return [Line(f"{tabs}/* {textwrap.shorten(text, room, placeholder=' ...')} */", node.span)]
        inner = [Line(f"{tabs} * {each}".rstrip(), node.span) for each in node.lines]
        return [Line(f"{tabs}/*", node.span), *inner, Line(f"{tabs} */", node.span)]
    if isinstance(node, Braces):
        body = lay_out(node.body, depth + 1)
        end = Line(f"{tabs}}}{node.tail}", node.span)
        if node.is_function:
            head = [Line(each, node.span) for each in wrap(node.head, depth)]
            return [*head, Line(f"{tabs}{{", node.span), *body, end]
        return [*_head(f"{node.head} {{", depth, node.span), *body, end]
    return _arms(node.arms, depth)


def _arms(arms: list[Arm], depth: int) -> list[Line]:
    bodies = [lay_out(arm.body, depth + 1) for arm in arms]
    braced = any(len(body) > 1 or not _is_simple(arm) for arm, body in zip(arms, bodies, strict=True))
    lines: list[Line] = []
    for arm, body in zip(arms, bodies, strict=True):
        head = f"{arm.head} {{" if braced else arm.head
        if lines and braced:
            lines[-1] = Line(lines[-1].text + " ", None)
            closing = lines.pop().text.lstrip("\t")
            head = closing + head
        lines += _head(head, depth, arm.span)
        lines += body
        if braced:
            lines.append(Line("\t" * depth + "}", arm.span))
    return lines


def _is_simple(arm: Arm) -> bool:
    return len(arm.body) == 1 and isinstance(arm.body[0], Text)


def _head(text: str, depth: int, span: Span | None) -> list[Line]:
    return [Line(each, span) for each in wrap(text, depth)]
