"""What a guest says, on this terminal: output as it comes, the kernel's log apart."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import IO

import click

from landbridge.cli import exits
from landbridge.lab import KernelLine

_PREFIX = "kernel | "
_WARNING = 4


class GuestOutput:
    """Passes a guest's two output streams and its kernel log on, line by line where they meet.

    Standard output and error go where they should; kernel lines go to stderr after ``kernel | ``.

    Args:
        first: Called once before the first thing is shown: to take a progress line away.
    """

    def __init__(self, first: Callable[[], None] | None = None) -> None:
        self._lock = threading.Lock()
        self._first = first
        self._inside_line = False
        # Where both are one terminal, a kernel line must not begin in the middle of another.
        self._shared = sys.stdout.isatty() and sys.stderr.isatty()

    def stdout(self, data: bytes) -> None:
        """Pass on standard output."""
        self._pass_on(data, sys.stdout.buffer)

    def stderr(self, data: bytes) -> None:
        """Pass on standard error."""
        self._pass_on(data, sys.stderr.buffer)

    def kernel_line(self, line: KernelLine) -> None:
        """Show a line of the kernel's log; called from the lab's threads."""
        with self._lock:
            self._begin()
            if self._shared and self._inside_line:
                sys.stderr.write("\n")
                self._inside_line = False
            colour = "red" if line.level < _WARNING else "yellow" if line.level == _WARNING else None
            click.echo(click.style(_PREFIX, dim=True) + click.style(line.text, fg=colour), err=True)

    def _pass_on(self, data: bytes, stream: IO[bytes]) -> None:
        with self._lock:
            self._begin()
            stream.write(data)
            stream.flush()
            if data:
                self._inside_line = not data.endswith(b"\n")

    def _begin(self) -> None:
        if self._first is not None:
            self._first()
            self._first = None


def exit_code(status: int) -> int:
    """What a shell calls the status of a command: 128 + n for one that signal n ended."""
    return status if status >= 0 else exits.SIGNALLED - status
