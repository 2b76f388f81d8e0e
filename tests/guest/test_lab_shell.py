"""An interactive shell in a guest, driven through a real terminal; and the serial line in place of virtio."""

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time

import pytest

from landbridge import lab
from landbridge.lab import initramfs

pytestmark = pytest.mark.guest

SHELL = "import sys; from landbridge.cli.lab import lab; lab(['shell', '--', 'sh'], prog_name='lab')"
PATIENCE = 60.0


class Terminal:
    """A terminal with a lab shell on it."""

    def __init__(self) -> None:
        self.master, slave = pty.openpty()
        self.resize(40, 123)
        self.process = subprocess.Popen(
            ["setsid", "--ctty", sys.executable, "-c", SHELL],
            stdin=slave,
            stdout=slave,
            stderr=slave,
        )
        os.close(slave)
        self.shown = b""

    def resize(self, rows: int, columns: int) -> None:
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, text: str) -> None:
        os.write(self.master, text.encode())

    def expect(self, text: str) -> None:
        """Wait until a text is shown, and forget all up to it."""
        end = time.monotonic() + PATIENCE
        while text.encode() not in self.shown:
            assert time.monotonic() < end, f"{text!r} is not shown, but: {self.shown.decode(errors='replace')}"
            if select.select([self.master], [], [], 0.2)[0]:
                self.shown += os.read(self.master, 4096)
        self.shown = self.shown.partition(text.encode())[2]

    def ended(self) -> int:
        """Its exit status; reads on meanwhile, so that it can write."""
        end = time.monotonic() + PATIENCE
        while self.process.poll() is None:
            assert time.monotonic() < end
            if select.select([self.master], [], [], 0.1)[0]:
                try:
                    os.read(self.master, 4096)
                except OSError:  # the other end is closed
                    time.sleep(0.05)
        os.close(self.master)
        return self.process.returncode


def test_a_shell() -> None:
    terminal = Terminal()
    try:
        terminal.expect("Ctrl-] ends the guest")
        terminal.expect("# ")
        terminal.type("echo sum $((40 + 2)); stty size; hostname\r")
        terminal.expect("sum 42")
        terminal.expect("40 123")
        terminal.expect("landbridge")
        terminal.resize(20, 77)
        terminal.type("sleep 0.5; stty size\r")
        terminal.expect("20 77")
        terminal.type("sleep 1000\r")
        terminal.expect("sleep 1000")
        time.sleep(1)
        terminal.type("\x03")
        terminal.type("echo still $((1 + 1))\r")
        terminal.expect("still 2")
        terminal.type("echo '<4>seen' > /dev/kmsg\r")
        terminal.expect("kernel | seen")
        terminal.type("exit 3\r")
        assert terminal.ended() == 3
    finally:
        terminal.process.kill()
        terminal.process.wait()


def test_the_escape_key_ends_a_guest_that_answers_nothing() -> None:
    terminal = Terminal()
    try:
        terminal.expect("Ctrl-] ends the guest")
        terminal.expect("# ")  # a shell that starts may throw away what was typed before
        terminal.type("trap '' INT; echo go$((1))\r")
        terminal.expect("go1")
        terminal.type("sleep 1000\r")
        terminal.type("\x1d")
        assert terminal.ended() != 0
    finally:
        terminal.process.kill()
        terminal.process.wait()


def test_a_shell_without_a_terminal_is_refused() -> None:
    with lab.Guest() as guest:
        done = subprocess.run(
            [sys.executable, "-c", "from landbridge.lab import shell; shell(['true'])"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
        assert guest.running
    assert done.returncode == 1
    assert "use: landbridge lab exec -- COMMAND" in done.stderr


def test_a_serial_line_serves_kernels_without_virtio_console(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(initramfs, "has_console", lambda tree: False)
    with lab.Guest() as guest:
        assert "landbridge.port=ttyS1" in guest.run(["cat", "/proc/cmdline"]).stdout
        data = bytes(range(256)) * 64
        assert guest.run(["cat"], stdin=data, timeout=PATIENCE).output == data
