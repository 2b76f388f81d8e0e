"""Where the front end and the passes put what they find."""

from __future__ import annotations

from landbridge.compiler.codes import Code
from landbridge.compiler.diagnostics import Diagnostic
from landbridge.compiler.span import Span


class Reported(Exception):
    """Unwinds to the statement; what is wrong was reported, or is a consequence of what was."""


class Reporter:
    """Collects the diagnostics of one class."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, Span], Diagnostic] = {}

    def report(self, code: Code, message: str, span: Span, hint: str | None = None) -> None:
        """Record one; the same code at the same place is recorded once."""
        self._found.setdefault((code.value, span), Diagnostic(code.value, message, span, hint))

    @property
    def count(self) -> int:
        """How many were recorded."""
        return len(self._found)

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """All of them, in the order of the source."""
        return tuple(sorted(self._found.values(), key=lambda each: (each.span.file, each.span.line, each.span.column)))
