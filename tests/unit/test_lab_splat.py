"""Cutting what a dying kernel said out of its console, and reading its log."""

import pytest

from landbridge.lab import splat
from landbridge.lab.kernel_log import KernelLog, parse

OOPS = """\
[    1.500000] some line of before
[    3.123456] BUG: kernel NULL pointer dereference, address: 0000000000000000
[    3.123457][  T92] #PF: supervisor write access in kernel mode
[    3.124000] Call Trace:
[    3.125000] Kernel panic - not syncing: Fatal exception
[    3.126000] ---[ end Kernel panic - not syncing: Fatal exception ]---
SeaBIOS
"""


def test_the_splat_is_all_from_the_cause_to_the_end() -> None:
    text = splat.extract(OOPS)
    assert text.splitlines() == [
        "BUG: kernel NULL pointer dereference, address: 0000000000000000",
        "#PF: supervisor write access in kernel mode",
        "Call Trace:",
        "Kernel panic - not syncing: Fatal exception",
        "---[ end Kernel panic - not syncing: Fatal exception ]---",
    ]
    assert splat.summary(text) == "BUG: kernel NULL pointer dereference, address: 0000000000000000"
    assert splat.panicked(OOPS)


def test_the_cause_of_a_warning_is_below_the_scissors() -> None:
    text = "------------[ cut here ]------------\nWARNING: CPU: 0 PID: 1 at x.c:1 f+0x1\nKernel panic - not syncing: p"
    assert splat.summary(splat.extract(text)).startswith("WARNING: CPU: 0")


def test_a_quiet_console_has_no_splat() -> None:
    assert splat.extract("all is well\n") == ""
    assert not splat.panicked("all is well\n")


def test_a_record_of_kmsg() -> None:
    line = parse(b"4,339,5140900,-;hi \\x1b there\n SUBSYSTEM=acpi\n DEVICE=+acpi:PNP0A03:00\n")
    assert (line.level, line.seconds, line.text) == (4, 5.1409, "hi \x1b there")


@pytest.mark.parametrize(
    ("record", "kept"), [(b"6,1,2,-;tsc: Refined", 0), (b"4,1,2,-;tsc: unstable", 1), (b"6,1,2,-;x", 1)]
)
def test_chatter_of_the_boot_is_dropped_but_no_warning(record: bytes, kept: int) -> None:
    log = KernelLog()
    log.add_record(record)
    assert len(log.since(0)) == kept
