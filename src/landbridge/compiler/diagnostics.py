"""What is wrong in kernel Python, shown at its place."""

from __future__ import annotations

import linecache
from dataclasses import dataclass

from landbridge.compiler.span import Span


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One error in a handler.

    Attributes:
        code: Stable code, such as ``LB203``; ``landbridge explain LB203`` says more.
        message: What is wrong.
        span: Where.
        hint: What would be right.
    """

    code: str
    message: str
    span: Span
    hint: str | None = None

    def __str__(self) -> str:
        """The error as ``file:line:column: code: message``, the line, a caret under the place, the hint."""
        lines = [f"{self.span.where}: {self.code}: {self.message}"]
        source = linecache.getline(self.span.file, self.span.line).rstrip("\n")
        if source:
            one_line = self.span.end_line == self.span.line
            width = max(1, self.span.end_column - self.span.column) if one_line else 1
            pad = "".join("\t" if char == "\t" else " " for char in source[: self.span.column - 1])
            lines += [f"    {source}", f"    {pad}{'^' * width}"]
        if self.hint:
            lines.append(f"    hint: {self.hint}")
        return "\n".join(lines)
