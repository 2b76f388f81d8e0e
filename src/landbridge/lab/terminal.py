"""An interactive command in a guest, on this process's terminal."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import termios
import threading
import tty
from collections.abc import Iterator, Mapping, Sequence
from types import FrameType
from typing import Any

from landbridge.errors import LabError
from landbridge.lab import kernels
from landbridge.lab.guest import Guest
from landbridge.lab.job import Job
from landbridge.lab.kernel_log import KernelLine
from landbridge.lab.kernels import GuestKernel

ESCAPE = b"\x1d"  # Ctrl-]
_POLL = 0.2
_CHUNK = 4096


def show_kernel_line(line: KernelLine) -> None:
    """Print a line of the guest's kernel log on stderr, apart from what the command prints."""
    # In raw mode a line feed does not return the cursor; elsewhere the return does not show.
    end = "\r\n" if sys.stderr.isatty() else "\n"
    sys.stderr.write(f"kernel | {line.text}{end}")
    sys.stderr.flush()


def interact(guest: Guest, argv: Sequence[str]) -> int:
    """Run a command on a terminal in the guest, joined to ours, until it ends.

    Every key goes to the guest, Ctrl-C too; Ctrl-] ends the guest.

    Args:
        guest: A running guest.
        argv: The command.

    Returns:
        Its exit status; the negative signal number if a signal ended it.

    Raises:
        LabError: Standard input is no terminal, or the guest is gone.
    """
    keyboard = sys.stdin.fileno() if sys.stdin is not None else -1
    if keyboard < 0 or not os.isatty(keyboard):
        raise LabError(
            "a shell needs a terminal, and standard input is none", hint="use: landbridge lab exec -- COMMAND"
        )
    job = guest.popen(argv, stdin=True, stdout=_write, terminal=_size(keyboard))
    done = threading.Event()
    reader = threading.Thread(target=_pass_keys, args=(keyboard, guest, job, done), name="landbridge-keys", daemon=True)
    with _raw(keyboard), _resizing(keyboard, job):
        reader.start()
        try:
            return job.wait()
        finally:
            done.set()
            reader.join()


def _write(data: bytes) -> None:
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def _size(terminal: int) -> tuple[int, int]:
    size = os.get_terminal_size(terminal)
    return size.lines, size.columns


def _pass_keys(keyboard: int, guest: Guest, job: Job, done: threading.Event) -> None:
    while not done.is_set():
        ready, _, _ = select.select([keyboard], [], [], _POLL)
        if not ready:
            continue
        keys = os.read(keyboard, _CHUNK)
        if not keys or ESCAPE in keys:
            guest.abandon()
            return
        job.write(keys)


@contextlib.contextmanager
def _raw(terminal: int) -> Iterator[None]:
    before = termios.tcgetattr(terminal)
    tty.setraw(terminal)
    try:
        yield
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)


@contextlib.contextmanager
def _resizing(terminal: int, job: Job) -> Iterator[None]:
    def resize(number: int, frame: FrameType | None) -> None:
        job.resize(*_size(terminal))

    before = signal.signal(signal.SIGWINCH, resize)
    try:
        yield
    finally:
        signal.signal(signal.SIGWINCH, before)


def shell(
    argv: Sequence[str] = (),
    *,
    kernel: str | GuestKernel = kernels.DEFAULT,
    guest: Mapping[str, Any] | None = None,
) -> int:
    """Boot a kernel and run a shell in it on this process's terminal; the guest ends with it.

    Args:
        argv: The command; by default the user's shell.
        kernel: As for :class:`Guest`.
        guest: More arguments for :class:`Guest`.

    Returns:
        Exit status of the shell.
    """
    with Guest(kernel, **(guest or {})) as running:
        return interact(running, argv or [os.environ.get("SHELL", "/bin/sh")])
