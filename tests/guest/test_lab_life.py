"""How guests begin and end: panics, interrupts, loss, several at once, no root, no daemon."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import landbridge
from landbridge import lab
from landbridge.errors import GuestPanic, GuestTimeout, HostSetupError, LabError
from landbridge.kernel import host_port
from landbridge.lab import accel, cache, kernels, rootfs
from landbridge.lab import guest as guest_module
from landbridge.lab.machine import Machine

pytestmark = pytest.mark.guest

SOURCE = Path(landbridge.__file__).parents[1]
EXEC = "import sys; from landbridge.cli.lab import lab; lab(sys.argv[1:], prog_name='lab')"


def descendants() -> list[int]:
    """The processes that this one has started, children of children too."""
    parents = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = status.read_text()
        except OSError:
            continue
        parents[int(text.split()[0])] = int(text.rpartition(")")[2].split()[1])
    found, new = set(), {os.getpid()}
    while new := {pid for pid, parent in parents.items() if parent in new}:
        found |= new
    return sorted(found)


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    processes, files = descendants(), set(Path(tempfile.gettempdir()).glob("landbridge-*"))
    yield
    assert set(Path(tempfile.gettempdir()).glob("landbridge-*")) <= files
    assert descendants() == processes


def test_a_panic_is_an_error_with_the_splat() -> None:
    with lab.Guest() as guest:
        with pytest.raises(GuestPanic, match="sysrq triggered crash") as caught:
            guest.run(["sh", "-c", "echo c > /proc/sysrq-trigger"], timeout=30)
        assert "sysrq_handle_crash" in caught.value.splat
        assert not guest.running
        with pytest.raises(GuestPanic):
            guest.run(["true"])


def test_a_warning_panics_if_asked_to() -> None:
    with lab.Guest(append="panic_on_warn=1 slub_debug=FZPU", memory=512, cpus=1) as guest:
        assert "panic_on_warn=1" in guest.run(["cat", "/proc/cmdline"]).stdout
        assert guest.run(["nproc"]).stdout == "1\n"
        assert guest.run(["cat", "/proc/sys/kernel/panic_on_warn"]).stdout == "1\n"
        assert guest.run(["cat", "/proc/sys/kernel/tainted"]).stdout == "0\n"


def test_qemu_that_dies_is_an_error() -> None:
    with lab.Guest() as guest:
        assert guest._machine is not None
        job = guest.popen(["sleep", "100"])
        os.kill(guest._machine.process.pid, signal.SIGKILL)
        with pytest.raises(LabError, match=r"ended|switched itself off"):
            job.wait(20)


def test_a_guest_that_switches_itself_off() -> None:
    with lab.Guest() as guest, pytest.raises(LabError, match="switched itself off"):
        guest.run(["sh", "-c", "echo 1 > /proc/sys/kernel/sysrq; echo o > /proc/sysrq-trigger; sleep 60"], timeout=50)


def test_one_lost_boot_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[list[str]] = []

    class Flaky(Machine):
        def __init__(self, image, initramfs, boot, *rest, **more):  # type: ignore[no-untyped-def]  # as above it
            # The first has no root file system, so its agent gives up.
            boot = [] if not started else boot
            started.append(list(boot))
            super().__init__(image, initramfs, boot, *rest, **more)

    monkeypatch.setattr(guest_module, "Machine", Flaky)
    with lab.Guest() as guest:
        assert len(started) == 2
        assert guest.run(["true"]).status == 0


def test_a_boot_that_never_works_says_what_the_console_said() -> None:
    with pytest.raises(GuestPanic, match="died"):
        lab.Guest(append="landbridge.x=1 rdinit=/no/such init=/no/such").start()


def test_a_boot_without_a_sign_of_life(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(GuestTimeout, match=r"no sign of life within 0\.2 s"):
        lab.Guest(boot_timeout=0.2).start()


def test_two_guests_at_once() -> None:
    with lab.Guest() as one, lab.Guest() as other:
        one.run(["sh", "-c", "echo one > /tmp/which"])
        other.run(["sh", "-c", "echo other > /tmp/which"])
        with pytest.raises(GuestPanic):
            one.run(["sh", "-c", "echo c > /proc/sysrq-trigger"], timeout=30)
        assert other.run(["cat", "/tmp/which"]).stdout == "other\n"


def test_requests_to_the_host_from_many_processes_at_once() -> None:
    def serve(message: dict[str, object]) -> dict[str, object]:
        time.sleep(0.2)
        if message["op"] == "fail":
            raise LabError("as asked", hint="do not ask")
        return {"ok": True, "echo": message}

    program = (
        "import sys\nfrom landbridge.kernel.host_port import request\n"
        "text = sys.argv[1] * 100_000\n"
        "assert request({'op': 'x', 'text': text}) == {'ok': True, 'echo': {'op': 'x', 'text': text}}\n"
        "assert request({'op': 'fail'})['error']['message'] == 'as asked'\n"
    )
    with lab.Guest(serve=serve) as guest:
        jobs = [guest.popen([sys.executable, "-c", program, str(number)], stderr=print) for number in range(6)]
        assert [job.wait(120) for job in jobs] == [0] * 6
        assert guest.run(["printenv", host_port.VARIABLE]).stdout.startswith("/run/")


@pytest.mark.parametrize("handled", [False, True])
def test_ctrl_c_reaches_the_command(handled: bool) -> None:
    script = "trap 'echo goodbye; exit 0' INT; echo ready; while :; do sleep 0.1; done"
    command = ["sh", "-c", script] if handled else ["sh", "-c", "echo ready; exec sleep 100"]
    with subprocess.Popen(
        [sys.executable, "-c", EXEC, "exec", "--", *command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()
    assert (process.returncode, rest) == ((0, b"goodbye\n") if handled else (130, b""))


def test_a_killed_lab_leaves_no_process() -> None:
    program = (
        "from landbridge import lab\n"
        "with lab.Guest() as guest:\n"
        "    guest.run(['sh', '-c', 'echo ready; sleep 100'], stdout=lambda data: print('ready', flush=True))\n"
    )
    before = qemus()
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        mine = qemus() - before
        process.kill()
    end = time.monotonic() + 10
    while mine & qemus() and time.monotonic() < end:
        time.sleep(0.05)
    assert mine
    assert not mine & qemus()


def qemus() -> set[int]:
    found = set()
    for name in Path("/proc").glob("[0-9]*/comm"):
        try:
            if name.read_text().startswith(("qemu-system", "virtiofsd")):
                found.add(int(name.parent.name))
        except OSError:
            continue
    return found


def test_without_qemu_the_package_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("landbridge.lab.tools._SYSTEM_PATH", ())
    with pytest.raises(HostSetupError) as caught:
        lab.Guest().start()
    assert caught.value.fix == "apt install qemu-system-x86"


def test_kvm_is_used_only_if_a_guest_came_up_under_it() -> None:
    with lab.Guest() as guest:
        assert guest._machine is not None
        arguments = Path(f"/proc/{guest._machine.process.pid}/cmdline").read_text()
        usable = os.access("/dev/kvm", os.W_OK) and accel.kvm_works(guest.kernel, Path("unused: the answer is kept"))
    assert ("kvm" in arguments.split("\0")) == usable


def test_an_image_serves_where_no_daemon_runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "data").write_text("of the project")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(rootfs.VARIABLE, "image")
    with lab.Guest() as guest:
        program = "import landbridge.lab, pathlib; print(pathlib.Path('data').read_text())"
        result = guest.run([sys.executable, "-c", program])
        assert result.stdout == "of the project\n", result.stderr
        assert guest.run(["sh", "-c", "modprobe dummy && ping -c1 127.0.0.1 && echo x > data"]).status == 0
        assert guest.run(["id", "-un"], user="nobody").stdout == "nobody\n"
    assert (tmp_path / "data").read_text() == "of the project"


@pytest.mark.skipif(os.geteuid() != 0, reason="then all other tests show it")
def test_no_root_is_needed() -> None:
    kernel = kernels.find(kernels.DEFAULT)
    program = (
        "import os, sys\nassert os.getuid() == 65534\n"
        "from landbridge import lab\n"
        "with lab.Guest() as guest:\n"
        "    print(guest.run(['sh', '-c', 'id -u; uname -r; stat -c %U /etc/passwd; echo x > /etc/passwd']).stdout)\n"
    )
    folder = Path(tempfile.mkdtemp(prefix="lab-test-"))
    try:
        shutil.copytree(SOURCE / "landbridge", folder / "src/landbridge", ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copytree(
            kernel.image.parents[0] if kernel.origin == "/boot" else cache.directory() / "kernels" / kernel.release,
            folder / "cache/landbridge/kernels" / kernel.release,
            symlinks=True,
        )
        subprocess.run(["chown", "-R", "nobody:", str(folder)], check=True)
        environment = {"PATH": os.environ["PATH"], "XDG_CACHE_HOME": f"{folder}/cache", "HOME": str(folder)}
        done = subprocess.run(
            ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "--", public_python(), "-c", program],
            env={**environment, "PYTHONPATH": f"{folder}/src"},
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=200,
        )
        assert done.stdout.split() == ["0", kernel.release, "root"], done.stderr
    finally:
        shutil.rmtree(folder)


def public_python() -> str:
    """A Python 3.11 or newer that every user may run."""
    for name in (sys.executable, "/usr/bin/python3", "/usr/local/bin/python3"):
        command = ["setpriv", "--reuid=nobody", "--", name, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"]
        if subprocess.run(command, capture_output=True, check=False).returncode == 0:
            return name
    raise AssertionError("no Python 3.11 that nobody may run")
