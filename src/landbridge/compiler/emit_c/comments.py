"""Comments that quote the Python."""

from __future__ import annotations

import linecache
import textwrap

from landbridge.compiler.emit_c.code import Comment
from landbridge.compiler.span import Span

_WIDTH = 90


def source_comment(span: Span) -> Comment | None:
    """The Python of a function, or None where the source cannot be read."""
    lines = [linecache.getline(span.file, number).rstrip("\n") for number in range(span.line, span.end_line + 1)]
    if not any(lines):
        return None
    dedented = textwrap.dedent("\n".join(lines)).expandtabs(4).splitlines()
    folded = [piece for line in dedented for piece in _fold(safe(line.rstrip()))]
    return Comment(tuple(folded), span)


def line_comment(span: Span) -> str:
    """The line of Python of a statement."""
    return safe(span.text)


def safe(text: str) -> str:
    """Text that cannot end the comment it is in."""
    return text.replace("*/", "* /").replace("/*", "/ *")


def has_gap(before: Span, after: Span) -> bool:
    """Whether the author left a line empty between two statements."""
    if before.file != after.file:
        return False
    lines = range(before.end_line + 1, after.line)
    return any(not linecache.getline(after.file, number).strip() for number in lines)


def _fold(line: str) -> list[str]:
    """A line as several that are short enough; tools of the kernel count bytes."""
    size = len(line.encode())
    if size <= _WIDTH:
        return [line]
    indent = " " * min(len(line) - len(line.lstrip()) + 8, _WIDTH // 2)
    width = _WIDTH * len(line) // size
    return textwrap.wrap(line, max(width, len(indent) + 20), subsequent_indent=indent) or [line]
