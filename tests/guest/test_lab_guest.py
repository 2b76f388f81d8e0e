"""What a guest gives a command: files, streams, status, log, network, modules, time."""

import contextlib
import json
import os
import sys
import threading
import time
from pathlib import Path

import pytest

from landbridge.errors import GuestTimeout, LabError
from landbridge.lab import Guest

pytestmark = pytest.mark.guest


def test_the_same_python_in_the_same_directory(guest: Guest, tmp_path: Path) -> None:
    program = "import json, os, sys; print(json.dumps([sys.executable, sys.prefix, os.getcwd(), os.uname()[2]]))"
    result = guest.run([sys.executable, "-c", program], cwd=tmp_path)
    assert result.status == 0, result.stderr
    assert json.loads(result.stdout) == [sys.executable, sys.prefix, str(tmp_path), guest.kernel.release]


def test_streams_are_apart_and_statuses_come_back(guest: Guest) -> None:
    result = guest.run(["sh", "-c", "echo out; echo err >&2; exit 7"])
    assert (result.status, result.stdout, result.stderr) == (7, "out\n", "err\n")
    assert guest.run(["sh", "-c", "kill -SEGV $$"]).status == -11


def test_output_arrives_while_the_command_runs(guest: Guest) -> None:
    arrived: list[tuple[float, bytes]] = []
    guest.run(["sh", "-c", "echo a; sleep 1; echo b"], stdout=lambda data: arrived.append((time.monotonic(), data)))
    assert [data for _, data in arrived] == [b"a\n", b"b\n"]
    assert arrived[1][0] - arrived[0][0] > 0.5


def test_a_megabyte_each_way(guest: Guest) -> None:
    data = os.urandom(1 << 20)
    result = guest.run(["cat"], stdin=data, timeout=60)
    assert result.output == data


def test_a_command_that_reads_nothing_of_its_input(guest: Guest) -> None:
    assert guest.run(["true"], stdin=b"x" * 500_000, timeout=60).status == 0
    assert guest.run(["cat"]).output == b""


def test_a_command_that_is_not_there(guest: Guest) -> None:
    with pytest.raises(LabError, match="cannot start 'no-such-program': No such file or directory"):
        guest.run(["no-such-program"])
    with pytest.raises(LabError, match="cannot start 'true': No such file or directory"):
        guest.run(["true"], cwd="/no/such/directory")


def test_writes_vanish(guest: Guest, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.write_text("host")
    guest.run(["sh", "-c", f"echo guest > {mine}; echo new > {tmp_path}/new; rm -f /etc/hostname; echo > /usr/bin/zz"])
    assert mine.read_text() == "host"
    assert not (tmp_path / "new").exists()
    assert not Path("/usr/bin/zz").exists()
    assert guest.run(["cat", str(mine)]).stdout == "guest\n"


def test_not_even_the_guest_s_root_can_write_to_this_machine(guest: Guest, tmp_path: Path) -> None:
    script = (
        "mkdir /mnt/below && mount -t virtiofs host /mnt/below || exit 3\n"
        f"mount -o remount,rw /mnt/below; echo bad > /mnt/below{tmp_path}/bad"
    )
    result = guest.run(["sh", "-c", script])
    assert not (tmp_path / "bad").exists()
    assert result.status != 0


def test_files_come_back(guest: Guest, tmp_path: Path) -> None:
    here = tmp_path / "result"
    script = f"mkdir -p {here}/sub && echo one > {here}/a && printf '\\0\\377' > {here}/sub/b && chmod 750 {here}/a"
    guest.run(["sh", "-c", script], bring=[here])
    assert (here / "a").read_text() == "one\n"
    assert (here / "sub/b").read_bytes() == b"\0\xff"
    guest.run(["sh", "-c", "echo two > relative"], cwd=tmp_path, bring={"relative": tmp_path / "deep/renamed"})
    assert (tmp_path / "deep/renamed").read_text() == "two\n"
    with pytest.raises(LabError, match="cannot bring /nowhere back"):
        guest.bring_back(["/nowhere"])


def test_a_link_that_leads_out_does_not_come_back(guest: Guest, tmp_path: Path) -> None:
    guest.run(["sh", "-c", f"mkdir -p {tmp_path}/evil && ln -s /etc {tmp_path}/evil/out"])
    with pytest.raises(LabError, match="will not be written"):
        guest.bring_back([tmp_path / "evil"])


def test_users(guest: Guest) -> None:
    assert guest.run(["id", "-u"]).stdout == "0\n"
    assert guest.run(["sh", "-c", "id -u; id -G"], user="nobody").stdout.split() == ["65534", "65534"]
    assert guest.run(["sh", "-c", "echo x > /etc/passwd"], user="nobody").status != 0
    with pytest.raises(LabError, match="no user 'nonesuch'"):
        guest.run(["true"], user="nonesuch")


def test_the_kernel_s_log_belongs_to_the_command_that_caused_it(guest: Guest) -> None:
    result = guest.run(["sh", "-c", "echo '<4>a message' > /dev/kmsg; echo '<6>another' > /dev/kmsg"])
    assert [(line.level, line.text) for line in result.kernel_log] == [(4, "a message"), (6, "another")]
    assert guest.run(["true"]).kernel_log == ()
    assert "a message" in guest.run(["dmesg"]).stdout


def test_the_system_is_there(guest: Guest) -> None:
    mounts = guest.run(["cat", "/proc/mounts"]).stdout
    types = {line.split()[1]: line.split()[2] for line in mounts.splitlines()}
    expected = {
        "/": "overlay",
        "/proc": "proc",
        "/sys": "sysfs",
        "/dev": "devtmpfs",
        "/dev/pts": "devpts",
        "/run": "tmpfs",
        "/sys/kernel/debug": "debugfs",
        "/sys/kernel/tracing": "tracefs",
        "/sys/fs/bpf": "bpf",
    }
    assert {path: types.get(path) for path in expected} == expected
    assert guest.run(["hostname"]).stdout == "landbridge\n"
    assert (
        guest.run(["sh", "-c", "cat /dev/null && head -c4 /dev/zero | wc -c && ls /proc/self/fd/0 >/dev/stdout"]).status
        == 0
    )


def test_ping_on_loopback(guest: Guest) -> None:
    result = guest.run(["ping", "-c", "2", "-i", "0.2", "127.0.0.1"], timeout=30)
    assert "2 packets transmitted, 2 received" in result.stdout.replace("2 packets received", "2 received")


def test_the_kernel_s_own_modules_load_on_demand(guest: Guest) -> None:
    assert guest.run(["modprobe", "dummy"]).status == 0
    assert "dummy" in guest.run(["lsmod"]).stdout
    assert guest.run(["rmmod", "dummy"]).status == 0


def test_the_clock_is_right_and_randomness_is_there(guest: Guest) -> None:
    program = "import os, time; os.getrandom(32); print(time.time())"
    before = time.time()
    result = guest.run([sys.executable, "-S", "-c", program], timeout=30)
    assert before - 1 < float(result.stdout) < time.time() + 1


def test_a_command_that_hangs_is_ended_and_the_guest_goes_on(guest: Guest) -> None:
    guest.run(["sh", "-c", "echo '<5>last words' > /dev/kmsg"])
    with pytest.raises(GuestTimeout, match=r"(?s)sleep did not end within 0\.5 s.*last words"):
        guest.run(["sleep", "1000"], timeout=0.5)
    assert guest.run(["sh", "-c", "pgrep -x sleep || echo none"]).stdout == "none\n"


def test_commands_side_by_side(guest: Guest) -> None:
    gathered: list[list[bytes]] = [[] for _ in range(8)]
    jobs = [
        guest.popen(
            ["sh", "-c", f"for i in 1 2 3; do echo {number}; sleep 0.1; done; exit {number}"], stdout=sink.append
        )
        for number, sink in enumerate(gathered)
    ]
    assert [job.wait(30) for job in jobs] == list(range(8))
    assert [b"".join(each) for each in gathered] == [b"%d\n" % number * 3 for number in range(8)]


def test_a_signal_reaches_the_whole_command(guest: Guest) -> None:
    job = guest.popen(["sh", "-c", "trap 'exit 5' TERM; sleep 100 & wait"])
    time.sleep(0.5)
    job.signal(15)
    assert job.wait(10) == 5
    assert guest.run(["sh", "-c", "pgrep -x sleep || echo none"]).stdout == "none\n"


def test_a_terminal(guest: Guest) -> None:
    shown = bytearray()
    job = guest.popen(
        ["sh", "-c", "tty; stty size; read line; echo got $line; sleep 100"],
        stdin=True,
        stdout=shown.extend,
        terminal=(33, 99),
    )
    threading.Thread(target=job.write, args=(b"hello\n",)).start()
    end = time.monotonic() + 20
    while b"got hello" not in shown and time.monotonic() < end:
        with contextlib.suppress(TimeoutError):
            job.wait(0.2)
    assert b"/dev/pts/" in shown
    assert b"33 99\r\n" in shown
    assert b"got hello" in shown
    # Ctrl-C is a key there: the terminal makes the signal.
    threading.Thread(target=job.write, args=(b"\x03",)).start()
    assert job.wait(10) == -2
