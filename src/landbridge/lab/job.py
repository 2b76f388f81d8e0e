"""One command in a guest."""

from __future__ import annotations

import os
import queue
import struct
import threading
import time
from collections.abc import Callable, Iterable

from landbridge.errors import LabError
from landbridge.lab.link import Inbox, Link
from landbridge.lab.wire import Kind

Sink = Callable[[bytes], object]
_PIECE = 1 << 15
_POLL = 0.5


class Job:
    """A command that was started in a guest.

    Args:
        link: The guest.
        number: Its id on the link.
        inbox: Its frames.
        name: For messages.
        stdout: Gets what it writes, as it comes.
        stderr: The same for standard error.
        death: Makes the error that tells why the guest is gone.
    """

    def __init__(
        self,
        link: Link,
        number: int,
        inbox: Inbox,
        *,
        name: str,
        stdout: Sink,
        stderr: Sink,
        death: Callable[[], Exception],
    ) -> None:
        self._link = link
        self._number = number
        self._name = name
        self._inbox = inbox
        self._sinks = {Kind.STDOUT: stdout, Kind.STDERR: stderr}
        self._death = death
        self._taken = threading.Semaphore(1)
        self._status: int | None = None
        self._input_closed = False

    @property
    def status(self) -> int | None:
        """Exit status once it has ended and :meth:`wait` has seen it, else None."""
        return self._status

    def signal(self, number: int) -> None:
        """Send a signal to the command and all of its process group."""
        self._link.send(Kind.SIGNAL, self._number, struct.pack("<I", number))

    def resize(self, rows: int, columns: int) -> None:
        """Tell its terminal a new size."""
        self._link.send(Kind.RESIZE, self._number, struct.pack("<HH", rows, columns))

    def write(self, data: bytes) -> None:
        """Send it standard input; waits until the guest has taken what was sent before.

        From another thread than the one in :meth:`wait`.

        Raises:
            LabError: Its input is closed.
        """
        if self._input_closed:
            raise LabError(f"the standard input of {self._name!r} is closed")
        for start in range(0, len(data), _PIECE):
            while not self._taken.acquire(timeout=_POLL):
                if self._status is not None or self._link.gone.is_set():
                    return
            self._link.send(Kind.STDIN, self._number, data[start : start + _PIECE])

    def close_stdin(self) -> None:
        """Tell it that no more input comes."""
        self._input_closed = True
        while not self._taken.acquire(timeout=_POLL):
            if self._status is not None or self._link.gone.is_set():
                return
        self._link.send(Kind.STDIN, self._number)

    def feed(self, pieces: Iterable[bytes]) -> None:
        """Send standard input from a thread of its own, then close it."""

        def work() -> None:
            for piece in pieces:
                self.write(piece)
            self.close_stdin()

        threading.Thread(target=work, name="landbridge-stdin", daemon=True).start()

    def wait(self, timeout: float | None = None) -> int:
        """Pass its output on until it ends.

        Args:
            timeout: Seconds; None waits for ever.

        Returns:
            Exit status; the negative signal number if a signal ended it.

        Raises:
            TimeoutError: It did not end in time; it still runs.
            LabError: It could not be started, or the guest is gone.
        """
        end = None if timeout is None else time.monotonic() + timeout
        while self._status is None:
            left = None if end is None else end - time.monotonic()
            if left is not None and left <= 0:
                raise TimeoutError
            try:
                frame = self._inbox.get(timeout=left)
            except queue.Empty:
                continue
            if frame is None:
                raise self._death()
            if frame.kind is Kind.EXIT:
                self._link.close_inbox(self._number)
                self._status = self._decode(struct.unpack("<i", frame.payload)[0])
            elif frame.kind is Kind.TAKEN:
                self._taken.release()
            elif frame.kind in self._sinks:
                self._sinks[frame.kind](frame.payload)
        return self._status

    def _decode(self, status: int) -> int:
        if status < 0:
            raise LabError(
                f"the guest cannot start {self._name!r}: {os.strerror(-status)}",
                hint="is it installed, and in a directory that you may read?",
            )
        return os.waitstatus_to_exitcode(status)
