"""The host's end of the guest's byte streams: threads that read, a lock that writes."""

from __future__ import annotations

import contextlib
import queue
import socket
import threading
import time
from collections.abc import Callable

from landbridge.lab import wire
from landbridge.lab.kernel_log import KernelLog
from landbridge.lab.requests import RequestServer
from landbridge.lab.wire import Frame, FrameReader, Kind

_CONSOLE_KEPT = 1 << 18
_CHUNK = 1 << 16

Inbox = queue.SimpleQueue[Frame | None]


class Link:
    """Frames to and from the agent, sorted by job, and the console's text.

    Args:
        control: The agent's stream.
        console: The console's stream.
        log: Where kernel log records go.
        serve: Answers requests of guest processes; None refuses them.
    """

    def __init__(
        self,
        control: socket.socket,
        console: socket.socket,
        log: KernelLog,
        serve: Callable[[dict[str, object]], dict[str, object]] | None,
    ) -> None:
        self._control = control
        self._console = console
        self._log = log
        self._console_text = bytearray()
        self._write_lock = threading.Lock()
        self._inbox_lock = threading.Lock()
        self._inboxes: dict[int, Inbox] = {}
        self._lost = False
        self._requests = RequestServer(self.send, serve)
        self.hello = threading.Event()
        self.gone = threading.Event()
        self._threads = [
            threading.Thread(target=self._read_control, name="landbridge-guest", daemon=True),
            threading.Thread(target=self._read_console, name="landbridge-console", daemon=True),
        ]
        for each in self._threads:
            each.start()

    @property
    def console_text(self) -> str:
        """The last of what the console has said."""
        return self._console_text.decode(errors="replace")

    def send(self, kind: Kind, number: int, payload: bytes = b"") -> None:
        """Send a frame; when the guest is gone, nothing happens (each inbox tells)."""
        with self._write_lock, contextlib.suppress(OSError):
            self._control.sendall(wire.pack(kind, number, payload))

    def open_inbox(self, number: int) -> Inbox:
        """The queue of a new job's frames; None in it means that the guest is gone."""
        inbox: Inbox = queue.SimpleQueue()
        with self._inbox_lock:
            self._inboxes[number] = inbox
            if self._lost:
                inbox.put(None)
        return inbox

    def close_inbox(self, number: int) -> None:
        """Forget a job."""
        with self._inbox_lock:
            self._inboxes.pop(number, None)

    def wait_hello(self, seconds: float) -> bool:
        """Whether the agent reports within a time; also returns when the guest is gone."""
        end = time.monotonic() + seconds
        while not self.hello.wait(0.01):
            if self.gone.is_set() or time.monotonic() > end:
                return self.hello.is_set()
        return True

    def drain(self, seconds: float) -> None:
        """Wait until the streams have ended, for at most a time."""
        end = time.monotonic() + seconds
        for each in self._threads:
            each.join(max(0.0, end - time.monotonic()))

    def hang_up(self) -> None:
        """End both streams; the reading threads and whoever waits for a frame wake up."""
        for each in (self._control, self._console):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def shut_down(self) -> None:
        """End both streams and wait for the reading threads."""
        self.hang_up()
        self.drain(2.0)

    def _read_control(self) -> None:
        reader = FrameReader()
        try:
            while data := self._receive(self._control):
                for frame in reader.feed(data):
                    self._dispatch(frame)
        finally:
            with self._inbox_lock:
                self._lost = True
                inboxes = list(self._inboxes.values())
            self.gone.set()
            for inbox in inboxes:
                inbox.put(None)

    def _read_console(self) -> None:
        while data := self._receive(self._console):
            self._console_text += data.replace(b"\r", b"")
            del self._console_text[:-_CONSOLE_KEPT]

    @staticmethod
    def _receive(stream: socket.socket) -> bytes:
        try:
            return stream.recv(_CHUNK)
        except OSError:
            return b""

    def _dispatch(self, frame: Frame) -> None:
        if frame.kind is Kind.HELLO:
            self.send(Kind.CLOCK, 0, time.time_ns().to_bytes(8, "little"))
            self.hello.set()
        elif frame.kind is Kind.KMSG:
            self._log.add_record(frame.payload)
        elif frame.kind in (Kind.REQUEST, Kind.CLOSED):
            self._requests.feed(frame)
        else:
            with self._inbox_lock:
                inbox = self._inboxes.get(frame.id)
            if inbox is not None:
                inbox.put(frame)
