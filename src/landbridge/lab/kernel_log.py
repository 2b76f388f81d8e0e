"""The guest kernel's log, as it is written."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass

_WARNING = 4
# Boot goes on for a second after the first process runs; nobody asked for these.
_BOOT_CHATTER = re.compile(
    r"(?:tsc|clocksource|random|input|ata\d+(?:\.\d+)?|sched_clock|evm): |clocksource_|Unstable clock|kauditd_printk"
)
_ESCAPE = re.compile(rb"\\x([0-9a-f]{2})")


@dataclass(frozen=True, slots=True)
class KernelLine:
    """One record of the kernel's log.

    Attributes:
        level: 0 (emergency) to 7 (debug).
        seconds: Since the guest's kernel started.
        text: The message.
    """

    level: int
    seconds: float
    text: str

    def __str__(self) -> str:
        return self.text


def parse(record: bytes) -> KernelLine:
    """Read one record of /dev/kmsg.

    Kernel: Documentation/ABI/testing/dev-kmsg
    """
    head, _, body = record.partition(b";")
    fields = head.split(b",")
    # Lines after the first are about the device, not the message.
    text = _ESCAPE.sub(lambda found: bytes([int(found[1], 16)]), body.split(b"\n", 1)[0])
    return KernelLine(int(fields[0]) & 7, int(fields[2]) / 1e6, text.decode(errors="replace"))


class KernelLog:
    """All lines since the guest was ready; shared by threads.

    Args:
        show: Called with each line as it comes, from a thread of the lab's.
    """

    def __init__(self, show: Callable[[KernelLine], None] | None = None) -> None:
        self._show = show
        self._lines: list[KernelLine] = []
        self._lock = threading.Lock()

    def add_record(self, record: bytes) -> None:
        """Take a record of /dev/kmsg."""
        line = parse(record)
        if line.level > _WARNING and _BOOT_CHATTER.match(line.text):
            return
        with self._lock:
            self._lines.append(line)
        if self._show is not None:
            self._show(line)

    def mark(self) -> int:
        """A place in the log, for :meth:`since`."""
        with self._lock:
            return len(self._lines)

    def since(self, mark: int) -> tuple[KernelLine, ...]:
        """The lines after a place."""
        with self._lock:
            return tuple(self._lines[mark:])

    def tail(self, count: int) -> str:
        """The last lines as text."""
        with self._lock:
            return "\n".join(line.text for line in self._lines[-count:])
