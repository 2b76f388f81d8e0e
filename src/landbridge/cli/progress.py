"""Tell a person what takes long: on stderr, only on a terminal."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator

_WORTH_A_LINE = 1.0


class Step:
    """A long step that is being shown."""

    def __init__(self, title: str) -> None:
        self.started = time.monotonic()
        self._title = title
        self._live = None
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

            self._live = Progress(
                SpinnerColumn(),
                TextColumn("{task.description}"),
                TimeElapsedColumn(),
                console=Console(stderr=True),
                transient=True,
            )
            self._task = self._live.add_task(title)
            self._live.start()

    def update(self, title: str) -> None:
        """Say what the step does now."""
        self._title = title
        if self._live is not None:
            self._live.update(self._task, description=title)

    def stop(self) -> None:
        """Take the line away; leave one behind that tells the time if it was long."""
        if self._live is not None:
            self._live.stop()
            elapsed = time.monotonic() - self.started
            if elapsed >= _WORTH_A_LINE:
                self._live.console.print(f"[dim]{self._title}: {elapsed:.1f} s[/dim]", highlight=False)
            self._live = None


@contextlib.contextmanager
def step(title: str) -> Iterator[Step]:
    """Show a step while the block runs."""
    made = Step(title)
    try:
        yield made
    finally:
        made.stop()
