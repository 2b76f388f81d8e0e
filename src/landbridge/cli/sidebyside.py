"""Which Python belongs beside which C: the functions of a tree, line by line."""

from __future__ import annotations

import linecache
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

from landbridge.compiler.ir import Function, Program
from landbridge.module.tree import Mapped, Tree


@dataclass(frozen=True, slots=True)
class Pair:
    """A function in both languages.

    Attributes:
        name: Its name in Python.
        python: Its lines of Python.
        c: Its lines of C.
        rows: The same as rows of a table with two columns.
    """

    name: str
    python: tuple[str, ...]
    c: tuple[str, ...]
    rows: tuple[tuple[str, str], ...]


def pairs(program: Program, tree: Tree) -> Iterator[Pair]:
    """The handlers and methods of a program beside their C."""
    for function in program.functions:
        mapped = [each for each in tree.line_map if _is_in(each, function)]
        if not mapped:
            continue
        file = tree.files[mapped[0].file].splitlines()
        numbers = {each.line: each.span.line for each in mapped if each.span != function.span}
        lines = [(number, file[number - 1]) for number in range(mapped[0].line, mapped[-1].line + 1)]
        # The comment that quotes the whole function says what the other column says.
        if lines[0][1].startswith("/*"):
            end = next(at for at, (_, text) in enumerate(lines) if text.endswith("*/"))
            lines = lines[end + 1 :]
        python = _python(function)
        rows = _rows(python, function.span.line, [(numbers.get(number), text) for number, text in lines])
        yield Pair(function.name, tuple(python), tuple(text for _, text in lines), tuple(rows))


def _is_in(line: Mapped, function: Function) -> bool:
    span = line.span
    return span.file == function.span.file and function.span.line <= span.line <= function.span.end_line


def _python(function: Function) -> list[str]:
    span = function.span
    lines = [linecache.getline(span.file, number).rstrip("\n") for number in range(span.line, span.end_line + 1)]
    return textwrap.dedent("\n".join(lines)).splitlines()


def _rows(python: list[str], first: int, c: list[tuple[int | None, str]]) -> list[tuple[str, str]]:
    """Put each line of Python beside the first line of C that came from it."""
    left: list[str | None] = []
    right: list[str] = []
    placed = 0  # lines of Python that have a row
    free = 0  # the first row whose left side may still be filled

    def place_before(count: int, row: int) -> None:
        nonlocal placed, free
        while placed < count:
            if free < row:
                left[free] = python[placed]
            else:
                left.append(python[placed])
                right.append("")
            free += 1
            placed += 1

    for line, text in c:
        wanted = None if line is None else line - first
        if text.lstrip("\t} ").startswith("else") and placed < len(python) and python[placed].strip() == "else:":
            # It has no place of its own in Python's tree; its C carries that of what follows.
            wanted = placed
        if wanted is not None and wanted >= placed:
            place_before(wanted, len(left))
            left.append(python[placed])
            placed += 1
            free = len(left)
        else:
            left.append(None)
        right.append(text)
    place_before(len(python), len(left))
    return [(each or "", other) for each, other in zip(left, right, strict=True)]
