"""``landbridge run`` and its like with real guests: exit codes, streams, files, interruption, what is left behind."""

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from landbridge.cli import exits

pytestmark = pytest.mark.guest

MARK = "LANDBRIDGE_TEST_MARK"
PATIENCE = 240

APP = '''
import sys
import landbridge as lb

class Half(lb.Interface):
    """Halve a number."""

    @lb.command
    def half(self, number: lb.u32) -> lb.u32:
        if number > 100:
            raise PermissionError
        return number // 2

if __name__ == "__main__":
    with lb.load(Half, over=lb.sockopt) as half:
        print(half.half(int(sys.argv[1])))
'''


@pytest.fixture
def marked() -> Iterator[dict[str, str]]:
    """An environment whose processes must all be gone after the test."""
    mark = uuid.uuid4().hex
    yield {**os.environ, MARK: mark}
    end = time.monotonic() + 5
    while left := processes_with(mark):
        assert time.monotonic() < end, f"these are left behind: {left}"
        time.sleep(0.05)


def processes_with(mark: str) -> list[str]:
    found = []
    for each in Path("/proc").glob("[0-9]*/environ"):
        try:
            if mark.encode() in each.read_bytes():
                found.append((each.parent / "cmdline").read_text().replace("\0", " "))
        except OSError:
            continue  # it ended meanwhile, or is somebody else's
    return found


def landbridge(
    *arguments: str, cwd: Path, env: dict[str, str], standard_input: str = ""
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "landbridge", *arguments],
        cwd=cwd,
        env=env,
        input=standard_input,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def write(folder: Path, text: str) -> str:
    (folder / "script.py").write_text(text)
    return "script.py"


def test_run_passes_everything_through(tmp_path: Path, marked: dict[str, str]) -> None:
    script = write(
        tmp_path,
        "import sys\n"
        "print('argv', sys.argv[1:], __name__, flush=True)\n"
        "print('read', sys.stdin.read(), flush=True)\n"
        "print('trouble', file=sys.stderr)\n"
        "open('/dev/kmsg', 'w').write('<6>from the kernel\\n')\n"
        "open('made.txt', 'w').write('made inside')\n"
        "open('lost.txt', 'w').write('not wanted')\n"
        "raise SystemExit(7)\n",
    )
    arguments = ("run", "--bring", "made.txt", script, "--kernel", "1")
    done = landbridge(*arguments, cwd=tmp_path, env=marked, standard_input="some text")
    assert done.returncode == 7, done.stderr
    assert done.stdout.splitlines() == ["argv ['--kernel', '1'] __main__", "read some text"]
    assert "trouble" in done.stderr.splitlines()
    assert "kernel | from the kernel" in done.stderr.splitlines()
    assert (tmp_path / "made.txt").read_text() == "made inside"
    assert not (tmp_path / "lost.txt").exists()


def test_run_builds_loads_and_shows_the_kernels_answer(tmp_path: Path, marked: dict[str, str]) -> None:
    script = write(tmp_path, APP)
    done = landbridge("run", script, "42", cwd=tmp_path, env=marked)
    assert (done.returncode, done.stdout) == (0, "21\n"), done.stderr


def test_an_error_that_the_script_does_not_catch(tmp_path: Path, marked: dict[str, str]) -> None:
    script = write(tmp_path, APP)
    done = landbridge("run", script, "101", cwd=tmp_path, env=marked)
    assert done.returncode == exits.ERROR
    assert "error[LB401]: half.half: Operation not permitted [EPERM]" in done.stderr
    assert "--> script.py:16:" in done.stderr
    assert "Traceback" not in done.stderr


def test_timeout_is_124(tmp_path: Path, marked: dict[str, str]) -> None:
    script = write(tmp_path, "import time\nprint('here', flush=True)\ntime.sleep(600)\n")
    done = landbridge("run", "--timeout", "15", script, cwd=tmp_path, env=marked)
    assert done.returncode == exits.TIMEOUT
    assert done.stdout == "here\n"
    assert "error[LB503]" in done.stderr


def test_a_panic_is_5_and_shows_the_splat(tmp_path: Path, marked: dict[str, str]) -> None:
    script = write(tmp_path, "import time\nopen('/proc/sysrq-trigger', 'w').write('c')\ntime.sleep(60)\n")
    done = landbridge("run", script, cwd=tmp_path, env=marked)
    assert done.returncode == exits.GUEST
    assert "error[LB502]" in done.stderr
    assert "sysrq_handle_crash" in done.stderr


@pytest.mark.parametrize(
    ("handler", "status", "said"), [("pass", exits.INTERRUPTED, ""), ("raise SystemExit(9)", 9, "goodbye\n")]
)
def test_ctrl_c_goes_to_the_script(
    tmp_path: Path, marked: dict[str, str], handler: str, status: int, said: str
) -> None:
    catch = f"except KeyboardInterrupt:\n    print('goodbye')\n    {handler}\n" if said else "finally:\n    pass\n"
    script = write(tmp_path, f"import time\ntry:\n    print('here', flush=True)\n    time.sleep(600)\n{catch}")
    command = [sys.executable, "-m", "landbridge", "run", script]
    with subprocess.Popen(
        command, cwd=tmp_path, env=marked, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "here\n"
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=30)
    assert process.returncode == status
    assert output == said


def test_ctrl_c_while_it_boots(tmp_path: Path, marked: dict[str, str]) -> None:
    script = write(tmp_path, "print('too far')\n")
    command = [sys.executable, "-m", "landbridge", "run", script]
    with subprocess.Popen(command, cwd=tmp_path, env=marked, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        while not any("qemu-system" in each for each in processes_with(marked[MARK])):
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=30)
    assert process.returncode == exits.INTERRUPTED
    assert output == b""
    assert b"Traceback" not in errors


def test_termination_leaves_nothing_behind(tmp_path: Path, marked: dict[str, str]) -> None:
    script = write(tmp_path, "import time\nprint('here', flush=True)\ntime.sleep(600)\n")
    command = [sys.executable, "-m", "landbridge", "run", script]
    with subprocess.Popen(command, cwd=tmp_path, env=marked, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "here\n"
        process.terminate()
        process.communicate(timeout=30)
    assert process.returncode == exits.SIGNALLED + signal.SIGTERM


def test_build_and_load_by_hand(tmp_path: Path, marked: dict[str, str]) -> None:
    script = write(tmp_path, APP)
    done = landbridge("build", script, "--over", "sockopt", "-o", "out", "--json", cwd=tmp_path, env=marked)
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    assert facts["module"] == "half"
    inside = f"insmod {facts['file']} && lsmod | grep ^half && rmmod half"
    loaded = landbridge("lab", "exec", "--", "sh", "-c", inside, cwd=tmp_path, env=marked)
    assert loaded.returncode == 0, loaded.stderr
    assert loaded.stdout.startswith("half ")


def test_a_new_project_passes_its_own_tests(tmp_path: Path, marked: dict[str, str]) -> None:
    assert landbridge("new", "my_driver", cwd=tmp_path, env=marked).returncode == 0
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(
        command, cwd=tmp_path / "my_driver", env=marked, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert done.returncode == 0, done.stdout
    assert "3 passed" in done.stdout
