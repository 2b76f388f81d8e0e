"""The cache holds things whole or not at all, and one process at a time makes them."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from landbridge.lab import cache


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "landbridge"


def test_a_file_is_made_once(folder: Path) -> None:
    made = []

    def make(path: Path) -> None:
        made.append(path)
        path.write_text("x")

    first = cache.file("things", b"content", ".txt", make)
    assert cache.file("things", b"content", ".txt", make) == first
    assert cache.file("things", b"other", ".txt", make) != first
    assert len(made) == 2
    assert first.read_text() == "x"


def test_a_file_that_fails_half_way_is_not_there(folder: Path) -> None:
    def fail(path: Path) -> None:
        path.write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cache.file("things", b"content", ".txt", fail)
    assert list((folder / "things").iterdir()) == []


def test_a_directory_that_fails_half_way_leaves_the_old_one(folder: Path) -> None:
    target = folder / "kernels" / "1"
    with cache.replacing(target) as work:
        (work / "file").write_text("old")

    def fail() -> None:
        with cache.replacing(target) as work:
            (work / "file").write_text("new")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert (target / "file").read_text() == "old"
    assert [each.name for each in target.parent.iterdir()] == ["1"]


def test_two_processes_take_turns(folder: Path) -> None:
    program = (
        "import sys, time\nfrom landbridge.lab import cache\n"
        "with cache.lock('x'):\n    print('in', flush=True)\n    sys.stdin.read()\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdin is not None
        assert other.stdout.readline() == b"in\n"
        waiting = [sys.executable, "-c", "from landbridge.lab import cache\nwith cache.lock('x'): print('mine')"]
        with subprocess.Popen(waiting, stdout=subprocess.PIPE) as second:
            time.sleep(0.5)
            assert second.poll() is None
            # Not even a killed process keeps it.
            other.kill()
            assert second.communicate(timeout=20)[0] == b"mine\n"
