"""Runs in a guest: loading and unloading, a thousand times and when something is in the way."""

from __future__ import annotations

import errno
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated

import pytest

import landbridge as lb
from landbridge.channels.placement import place
from landbridge.errors import BusyError, LoadError
from landbridge.module import build_module, load_module
from landbridge.module.load import is_loaded, load, reference_count, unload
from landbridge.module.syscalls import KernelLog

Message = Annotated[str, lb.Chars(64)]


class Cycle(lb.Interface):
    """All kinds of memory, a hook and a timer: much to take and to give back."""

    limit = lb.Param(lb.u32, default=5)
    turns = lb.State(lb.u32)
    packets = lb.Counter()
    sources = lb.Map(lb.ipv4, lb.u64, entries=4096)

    @lb.on_netfilter(hook=lb.NF_INET_LOCAL_IN, family=lb.NFPROTO_IPV4)
    def count(self, skb: lb.Skb) -> lb.Verdict:
        source = skb.ip.saddr
        self.packets += 1
        if source not in self.sources and len(self.sources) < 4096:
            self.sources[source] = 0
        self.sources[source] += 1
        return lb.NF_ACCEPT

    @lb.on_timer(interval_ms=1)
    def tick(self) -> None:
        self.turns += 1

    @lb.command
    def ticks(self) -> lb.u32:
        return self.turns


class Holder(lb.Interface):
    """Keeps its caller busy in the kernel."""

    @lb.command
    def hold(self, milliseconds: lb.u32) -> None:
        lb.msleep(milliseconds)


class Rival(lb.Interface):
    """Wants the numbers of another."""

    @lb.command
    def hold(self, milliseconds: lb.u32) -> None:
        lb.msleep(milliseconds)


class Many(lb.Interface):
    """Takes memory before it fails to get its numbers."""

    one = lb.Counter()
    two = lb.Map(lb.u32, lb.u64, entries=4096)
    three = lb.Map(lb.u16, lb.u8, entries=3)

    @lb.command
    def add(self, n: lb.u32) -> None:
        self.one += 1
        self.two[n] = 1
        self.three[lb.u16(n)] = 1


@pytest.fixture
def log() -> Iterator[KernelLog]:
    """The kernel's log during the test, which must have no sign of trouble."""
    kernel = KernelLog()
    yield kernel
    for line in kernel.lines():
        for word in ("WARNING", "BUG", "Oops", "refcount", "leak", "still", "use-after-free", "error"):
            assert word not in line


def available_kib() -> int:
    line = next(each for each in Path("/proc/meminfo").read_text().splitlines() if each.startswith("MemAvailable"))
    return int(line.split()[1])


def test_a_module_comes_and_goes(log: KernelLog) -> None:
    with load_module(Cycle, place(Cycle.__lb_spec__, lb.sockopt)) as loaded:
        assert loaded.name == "cycle"
        assert is_loaded("cycle")
        assert reference_count("cycle") == 0
        with pytest.raises(LoadError, match="loaded already") as caught:
            load_module(Cycle, place(Cycle.__lb_spec__, lb.sockopt))
        assert caught.value.errno == errno.EEXIST
        assert "rmmod cycle" in (caught.value.hint or "")
    assert not is_loaded("cycle")
    loaded.close()
    with pytest.raises(LoadError, match="not loaded"):
        unload("cycle")


def test_a_thousand_cycles_leave_nothing(log: KernelLog) -> None:
    _, built = build_module(Holder, place(Holder.__lb_spec__, lb.sockopt))
    lost = cycles(built.path, 1000)
    # The module is more than 16 KiB: one leaked in each cycle would be 16 MiB.
    assert lost < 8192, f"{lost} KiB less after 1000 cycles"


def test_hooks_timers_and_maps_leave_nothing_either(log: KernelLog) -> None:
    _, built = build_module(Cycle, place(Cycle.__lb_spec__, lb.sockopt))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        lost = cycles(built.path, 100, lambda: sender.sendto(b"packet", ("127.0.0.1", 9)))
    # A map of 4096 entries is more than 200 KiB: one leaked in each cycle would be 20 MiB.
    assert lost < 8192, f"{lost} KiB less after 100 cycles"


def cycles(path: Path, count: int, use: Callable[[], object] = bool) -> int:
    """Load and unload a module many times. Gives the KiB that are gone after it."""
    # Each unloading waits for a grace period of RCU; a thousand of them should not take minutes.
    expedited = Path("/sys/kernel/rcu_expedited")
    expedited.write_text("1")
    for i in range(count + 10):
        if i == 10:
            before = available_kib()
        with load(path):
            use()
        assert not is_loaded(path.stem)
    expedited.write_text("0")
    return before - available_kib()


def test_the_timer_runs_and_stops_with_the_module(log: KernelLog) -> None:
    with lb.load(Cycle, over=lb.sockopt) as cycle:
        end = time.monotonic() + 10
        while cycle.ticks() < 3:
            assert time.monotonic() < end, "the timer does not run"
            time.sleep(0.01)


def test_a_module_in_use_is_not_unloaded(log: KernelLog) -> None:
    loaded = load_module(Holder, place(Holder.__lb_spec__, lb.sockopt))
    program = (
        "import landbridge as lb\n"
        "from tests.guest.inside.test_module import Holder\n"
        "with lb.attach(Holder, over=lb.sockopt) as holder:\n"
        "    print('in', flush=True)\n"
        "    holder.hold(3000)\n"
    )
    root = str(Path(__file__).parents[3])
    with subprocess.Popen([sys.executable, "-c", program], cwd=root, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "in\n"
        end = time.monotonic() + 10
        while not reference_count("holder"):
            assert time.monotonic() < end, "the command does not hold the module"
            time.sleep(0.01)
        with pytest.raises(BusyError, match="1 use"):
            unload("holder", timeout=0.1)
        assert is_loaded("holder")
        loaded.close()  # waits until the command is over
        assert holder.wait(10) == 0
    assert not is_loaded("holder")


def test_taken_numbers_are_said_and_all_is_given_back(log: KernelLog) -> None:
    before = available_kib()
    with load_module(Holder, place(Holder.__lb_spec__, lb.sockopt)):
        for cls in (Rival, Many):
            for _ in range(20):
                with pytest.raises(LoadError, match="taken") as caught:
                    load_module(cls, place(cls.__lb_spec__, lb.sockopt))
                assert caught.value.errno == errno.EBUSY
                assert "0x4c00" in str(caught.value)
                assert not is_loaded(cls.__lb_spec__.c_name)
    assert before - available_kib() < 4096  # the maps alone would be 6 MiB


def test_a_module_of_another_kernel_is_refused(tmp_path: Path) -> None:
    _, built = build_module(Holder, place(Holder.__lb_spec__, lb.sockopt))
    raw = built.path.read_bytes()
    magic = re.search(rb"vermagic=[^\0]+", raw)
    assert magic is not None
    # Without its preemption model or SMP a kernel is another one; of the release some kernels ask only the symbols.
    other = tmp_path / "holder.ko"
    other.write_bytes(raw.replace(magic[0], magic[0].replace(b" SMP", b" UMP")))
    with pytest.raises(LoadError, match="not built for this kernel") as caught:
        load(other)
    assert caught.value.errno == errno.ENOEXEC
    assert "version magic" in str(caught.value), "the kernel's own words are missing"


def test_a_torn_file_is_refused(tmp_path: Path) -> None:
    _, built = build_module(Holder, place(Holder.__lb_spec__, lb.sockopt))
    torn = tmp_path / "holder.ko"
    torn.write_bytes(built.path.read_bytes()[:1000])
    with pytest.raises(LoadError) as caught:
        load(torn)
    assert caught.value.errno == errno.ENOEXEC
    assert not is_loaded("holder")


def test_without_privilege_the_reason_is_said(tmp_path: Path) -> None:
    _, built = build_module(Holder, place(Holder.__lb_spec__, lb.sockopt))
    copy = Path("/tmp/holder.ko")
    shutil.copy(built.path, copy)
    copy.chmod(0o644)
    reader, writer = os.pipe()
    if os.fork() == 0:
        # A copy of this process, for the interpreter itself may lie where others cannot read.
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
        try:
            load(copy)
        except LoadError as error:
            os.write(writer, str(error).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as answer:
        said = answer.read()
    os.wait()
    copy.unlink()
    assert "CAP_SYS_MODULE" in said
    assert "run as root" in said
    assert not is_loaded("holder")


@pytest.mark.parametrize("how", ["exit", "interrupt", "forgotten"])
def test_a_module_goes_with_its_process(how: str) -> None:
    last = {"exit": "raise SystemExit(3)", "interrupt": "time.sleep(60)", "forgotten": "pass"}[how]
    program = (
        "import os, time\n"
        "import landbridge as lb\n"
        "from landbridge.channels.placement import place\n"
        "from landbridge.module import load_module\n"
        "from tests.guest.inside.test_module import Holder\n"
        "loaded = load_module(Holder, place(Holder.__lb_spec__, lb.sockopt))\n"
        "if os.fork() == 0:\n"
        "    raise SystemExit(0)\n"  # a child's end must not unload what the parent uses
        "os.wait()\n"
        "assert os.path.exists('/sys/module/holder')\n"
        "print('in', flush=True)\n"
        f"{last}\n"
    )
    root = str(Path(__file__).parents[3])
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "in\n", process.stderr and process.stderr.read()
        if how == "interrupt":
            process.send_signal(signal.SIGINT)
        process.wait(20)
    assert not is_loaded("holder")
