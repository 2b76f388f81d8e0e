"""Break long lines of C as the kernel's style asks."""

from __future__ import annotations

from dataclasses import dataclass

PREFERRED = 80
"""Where a line that must be broken ends at the latest."""
SHORT = 90
"""What is left whole: a break would read worse than the few columns more."""
LIMIT = 100
TAB = 8


# Where a line may be broken, from the loosest operator on; after an assignment only if nothing else helps.
_ORDER = (",", ":", "?", "||", "&&", "|", "^", "&", "== !=", "< > <= >=", "<< >>", "+ -", "* / %", "=")
_RANKS = {operator: rank for rank, group in enumerate(_ORDER) for operator in group.split()}


@dataclass(frozen=True, slots=True)
class _Break:
    """A place where a line may end: ``end`` characters stay, the rest goes on at ``column``.

    ``depth`` counts the parentheses around it; ``rank`` is lowest for what binds least.
    """

    depth: int
    rank: int
    end: int
    column: int


def wrap(text: str, depth: int) -> list[str]:
    """One statement as lines, tabs included.

    A line that is too long is broken after a comma or a binary operator, as far outside as
    possible; what follows is aligned with the open parenthesis. Literals are never split.

    Args:
        text: The statement, on one line, without indentation.
        depth: Tabs before it.
    """
    lines = []
    column = depth * TAB
    outside = column + (len("return ") if text.startswith("return ") else TAB)
    opened: list[int] = []
    while True:
        breaks = _breaks(text, column, opened, outside)
        fits = [each for each in breaks if column + each.end <= PREFERRED]
        if column + len(text) <= SHORT or (column + len(text) <= LIMIT and not fits):
            lines.append(_indent(column) + text)
            return lines
        if not fits:
            fits = breaks[:1]
        if not fits:
            lines.append(_indent(column) + text)
            return lines
        fits = [each for each in fits if each.rank < _RANKS["="]] or fits
        loosest = min((each.depth, each.rank) for each in fits)
        best = [each for each in fits if (each.depth, each.rank) == loosest][-1]
        lines.append(_indent(column) + text[: best.end])
        opened = _opened(text[: best.end], column, opened)
        text, column = text[best.end :].lstrip(), best.column


def _indent(column: int) -> str:
    return "\t" * (column // TAB) + " " * (column % TAB)


def _tokens(text: str) -> list[tuple[int, str]]:
    """Positions and characters outside of literals."""
    found, quote, i = [], "", 0
    while i < len(text):
        char = text[i]
        if quote:
            if char == "\\":
                i += 1
            elif char == quote:
                quote = ""
        elif char in "\"'":
            quote = char
        else:
            found.append((i, char))
        i += 1
    return found


def _opened(text: str, column: int, opened: list[int]) -> list[int]:
    """Columns after the parentheses that are still open at the end of the text."""
    stack = list(opened)
    for i, char in _tokens(text):
        if char in "([{":
            stack.append(column + i + 1)
        elif char in ")]}" and stack:
            stack.pop()
    return stack


def _breaks(text: str, column: int, opened: list[int], outside: int) -> list[_Break]:
    stack = list(opened)
    found = []
    for i, char in _tokens(text):
        if char in "([{":
            stack.append(column + i + 1)
        elif char in ")]}" and stack:
            stack.pop()
        elif char == " " and i:
            before = text[:i].rsplit(" ", 1)[-1]
            operator = "," if before.endswith(",") else before
            if operator in _RANKS:
                found.append(_Break(len(stack), _RANKS[operator], i, stack[-1] if stack else outside))
    return found
