"""Show an error of landbridge to a person, and end with the code that it has."""

from __future__ import annotations

import contextlib
import linecache
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from landbridge.cli import exits
from landbridge.errors import BuildError, CompileError, GuestPanic, LandbridgeError, Where

if TYPE_CHECKING:
    from landbridge.compiler.diagnostics import Diagnostic

COLOUR = "LANDBRIDGE_COLOUR"
"""Set in guests whose output goes to a terminal of the host."""
# Of a compiler's log: enough to see the first error, not so much that it hides.
_LOG_LINES = 40


@contextlib.contextmanager
def shown() -> Iterator[None]:
    """Turn a LandbridgeError into text on stderr and an exit code, and Ctrl-C into 130.

    With ``LANDBRIDGE_DEBUG=traceback`` errors pass, with all that Python tells.
    """
    try:
        yield
    except LandbridgeError as error:
        if wants_traceback():
            raise
        show(error)
        raise SystemExit(exits.status_of(error)) from None
    except KeyboardInterrupt:
        click.echo("landbridge: interrupted", err=True)
        raise SystemExit(exits.INTERRUPTED) from None


def wants_traceback() -> bool:
    """Whether the user asked for all that Python tells."""
    return "traceback" in os.environ.get("LANDBRIDGE_DEBUG", "").split(",")


def show(error: LandbridgeError, *, place: Where | None = None) -> None:
    """Print an error on stderr, in colour on a terminal.

    Args:
        error: The error.
        place: Where it came from, if it does not say itself.
    """
    if isinstance(error, CompileError):
        for diagnostic in error.diagnostics:
            _echo(*diagnostic_lines(diagnostic), "")
        count = len(error.diagnostics)
        code = error.diagnostics[0].code if error.diagnostics else error.code
        _echo(
            f"{_error('error')}: {count} error{'s' if count != 1 else ''} in kernel Python; "
            f"landbridge explain {code} says more"
        )
        return
    _echo(f"{_error(f'error[{error.code}]')}: {click.style(str(error.message), bold=True)}")
    where = error.where or place
    if where:
        _echo(*_source_lines(where.file, where.line, where.column, 1))
    if isinstance(error, GuestPanic) and error.splat:
        _echo("", error.splat.rstrip(), "")
    if isinstance(error, BuildError) and error.log and "\n" not in error.message:
        _echo("", *error.log.rstrip().splitlines()[-_LOG_LINES:], "")
    if error.hint:
        _echo(*_hint_lines(error.hint))


def diagnostic_lines(diagnostic: Diagnostic) -> list[str]:
    """One diagnostic: message, place, source with carets, hint."""
    span = diagnostic.span
    one_line = span.end_line == span.line
    width = max(1, span.end_column - span.column) if one_line else 1
    lines = [f"{_error(f'error[{diagnostic.code}]')}: {click.style(diagnostic.message, bold=True)}"]
    lines += _source_lines(span.file, span.line, span.column, width)
    if diagnostic.hint:
        lines += _hint_lines(diagnostic.hint)
    return lines


def _source_lines(file: str, line: int, column: int, width: int) -> list[str]:
    gutter = " " * len(str(line))
    lines = [f"{gutter}{_dim('-->')} {_short(file)}:{line}:{column}"]
    source = linecache.getline(file, line).rstrip("\n")
    if source:
        # A tab stays a tab, so that the caret stands under its character.
        pad = "".join("\t" if char == "\t" else " " for char in source[: column - 1])
        bar = _dim("|")
        lines += [
            f"{gutter} {bar}",
            f"{_dim(str(line))} {bar} {source}",
            f"{gutter} {bar} {pad}{_error('^' * width)}",
        ]
    return lines


def _hint_lines(hint: str) -> list[str]:
    return [f"{click.style('hint', fg='cyan', bold=True)}: {hint}"]


def _short(file: str) -> str:
    """A path as one would type it from here."""
    path = Path(file)
    with contextlib.suppress(ValueError):
        return str(path.relative_to(Path.cwd()))
    return file


def _error(text: str) -> str:
    return click.style(text, fg="red", bold=True)


def _dim(text: str) -> str:
    return click.style(text, fg="blue")


def _echo(*lines: str) -> None:
    # By itself click drops colour where stderr is no terminal.
    colour = False if "NO_COLOR" in os.environ else True if COLOUR in os.environ else None
    for line in lines:
        click.echo(line, err=True, color=colour)
