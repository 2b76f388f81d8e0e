"""Start the lab's host processes so that none outlives us."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence

from landbridge.lab import tools

_ENDING = 5.0


class HostProcess:
    """A process that dies with us, in a session of its own so that the terminal's Ctrl-C is ours.

    Args:
        argv: The command; its name is a path.
        pass_fds: Descriptors that it inherits.
        environment: Variables to add to ours.
    """

    def __init__(
        self, argv: Sequence[str], *, pass_fds: Sequence[int] = (), environment: Mapping[str, str] | None = None
    ) -> None:
        guard = [tools.need("setpriv", "end QEMU with this process"), "--pdeathsig", "KILL", "--"]
        self.name = argv[0].rsplit("/", 1)[-1]
        # No pipe: nobody reads it while the process runs, and a full one would stop it.
        self._errors = os.fdopen(os.memfd_create("messages", os.MFD_CLOEXEC), "w+b")
        self._process = subprocess.Popen(
            [*guard, *argv],
            stdin=subprocess.DEVNULL,
            stdout=self._errors,
            stderr=self._errors,
            pass_fds=tuple(pass_fds),
            env={**os.environ, **(environment or {})},
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        """Its process ID."""
        return self._process.pid

    def ended(self, within: float = 0.0) -> bool:
        """Whether it ends within some seconds."""
        try:
            self._process.wait(timeout=within)
        except subprocess.TimeoutExpired:
            return False
        return True

    def messages(self) -> str:
        """What it has printed."""
        self._errors.seek(0)
        return self._errors.read().decode(errors="replace").strip()

    def end(self) -> None:
        """Kill it and wait until it is gone."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait(timeout=_ENDING)
        self._errors.close()
