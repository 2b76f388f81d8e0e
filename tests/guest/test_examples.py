"""Each example on a real kernel, with the behaviour of the classic example it comes from."""

from __future__ import annotations

import re
import signal
import sys
from pathlib import Path

import pytest

from landbridge.lab import Guest, Result

EXAMPLES = Path(__file__).parents[2] / "examples"

pytestmark = pytest.mark.guest

AFTER_KILL = """
import subprocess, sys
sys.path.insert(0, {examples!r})
import landbridge as lb
from imp2 import Imp2
from landbridge.module.load import unload

over = lb.netlink(unit=24)
with lb.attach(Imp2, over=over) as imp2:
    before = imp2.seen.statistics
    subprocess.run(["ping", "-c", "2", "127.0.0.1"], stdout=subprocess.DEVNULL, check=True)
    assert imp2.seen.statistics == before, "the kernel end still sends to the dead listener"
    imp2.seen.open()  # its place is free: no EBUSY
    try:
        with lb.attach(Imp2, over=over) as second:
            second.seen.open()
    except lb.LandbridgeError as error:
        print("second reader:", type(error).__name__)
    subprocess.run(["ping", "-c", "1", "127.0.0.1"], stdout=subprocess.DEVNULL, check=True)
    print("new reader:", imp2.seen.next(timeout=10).saddr)
unload("imp2")
"""


def run(guest: Guest, name: str, *arguments: str) -> Result:
    result = guest.run([sys.executable, str(EXAMPLES / name), *arguments], timeout=120)
    assert result.status == 0, result.stdout + result.stderr
    assert result.stderr == ""
    assert not re.search(r"BUG|WARNING|Oops|Call Trace", result.kernel_text)
    return result


def test_imp1(guest: Guest) -> None:
    result = run(guest, "imp1.py")
    assert result.stdout == "kmsg: a message from kernel\n"
    assert "umsg: a message from userspace\n" in result.kernel_text + "\n"


def test_imp2(guest: Guest) -> None:
    assert run(guest, "imp2.py").stdout == "src: 127.0.0.1, dest: 127.0.0.1\n" * 6


def test_imp2_says_goodbye_on_ctrl_c(guest: Guest) -> None:
    output = bytearray()
    job = guest.popen([sys.executable, str(EXAMPLES / "imp2.py"), "--listen"], stdout=output.extend)
    wait_for_listener(guest)
    guest.run(["ping", "-c", "1", "127.0.0.1"])
    job.signal(signal.SIGINT)
    assert job.wait(timeout=60) == 0
    assert output.decode() == "src: 127.0.0.1, dest: 127.0.0.1\n" * 2 + "goodbye\n"
    assert not loaded(guest, "imp2")


def test_imp2_forgets_a_listener_that_was_killed(guest: Guest) -> None:
    job = guest.popen([sys.executable, str(EXAMPLES / "imp2.py"), "--listen"])
    wait_for_listener(guest)
    job.signal(signal.SIGKILL)
    assert job.wait(timeout=60) == -signal.SIGKILL
    result = guest.run([sys.executable, "-c", AFTER_KILL.format(examples=str(EXAMPLES))], timeout=120)
    assert result.status == 0, result.stdout + result.stderr
    assert result.stdout == "second reader: BusyError\nnew reader: 127.0.0.1\n"
    assert result.kernel_text == ""


def test_imp2_generic_has_two_listeners(guest: Guest) -> None:
    lines = run(guest, "imp2_generic.py").stdout.splitlines()
    assert sorted(lines) == [f"{name}: src: 127.0.0.1, dest: 127.0.0.1" for name in ("one", "two") for _ in range(6)]


def test_hello_table_shows_the_processes(guest: Guest) -> None:
    rows = [line.split(None, 2) for line in run(guest, "hello_table.py").stdout.splitlines()]
    assert rows[0] == ["pid", "uid", "name"]
    names = {int(pid): name for pid, _, name in rows[1:]}
    assert len(names) == len(rows) - 1, "a process twice"
    assert names[2] == "kthreadd"
    assert "python" in " ".join(names.values())


def test_talkers(guest: Guest) -> None:
    lines = run(guest, "talkers.py").stdout.splitlines()
    assert re.fullmatch(r" *127\.0\.0\.1 +8 packets +672 bytes", lines[0])
    assert re.fullmatch(r" *127\.0\.0\.2 +2 packets +168 bytes", lines[1])
    assert lines[2:] == ["over the limit: 2", "after reset: 0 addresses"]


def loaded(guest: Guest, name: str) -> bool:
    return guest.run(["grep", "-q", f"^{name} ", "/proc/modules"]).status == 0


def wait_for_listener(guest: Guest) -> None:
    """Until imp2 listens: it has a socket of unit 24 for calls, then one for events, which it registers."""
    sockets = "awk '$2 == 24 && $3 > 0 {n++} END {exit n < 2}' /proc/net/netlink"
    script = f"for i in $(seq 300); do {sockets} && sleep 0.5 && exit 0; sleep 0.1; done; exit 1"
    assert guest.run(["sh", "-c", script], timeout=60).status == 0
