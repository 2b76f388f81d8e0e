"""scripts/setup.sh on machines that lack something: what it says, what it installs, when it stops."""

import os
import shutil
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BASIC = ("sh", "env", "dirname", "uname", "tr", "cat", "cksum", "id", "perl")
# What the script looks for by name; a directory of links makes a machine that has these and nothing else.
TOOLS = ("gcc", "make", "depmod", "setpriv", "xz", "ping", "mkfs.erofs", "qemu-system-x86_64")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the checkout whose environment is there already."""
    target = tmp_path / "checkout"
    (target / "scripts").mkdir(parents=True)
    script = (ROOT / "scripts" / "setup.sh").read_text()
    # Only what lies in the test's own directory counts as being on this machine.
    (target / "scripts" / "setup.sh").write_text(script.replace('PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"\n', ""))
    assert script != (target / "scripts" / "setup.sh").read_text()
    shutil.copy(ROOT / "pyproject.toml", target)
    (target / ".venv" / "bin").mkdir(parents=True)
    (target / ".venv" / "bin" / "python").symlink_to(sys.executable)
    done = subprocess.run(["cksum", "pyproject.toml"], cwd=target, capture_output=True, text=True, check=True)
    (target / ".venv" / ".ready").write_text(f"{target}\n{done.stdout}")
    return target


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A PATH with everything that is needed."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in BASIC:
        found = shutil.which(name)
        assert found, name
        (folder / name).symlink_to(found)
    for name in (*TOOLS, "sudo"):
        stub(folder, name, "exit 0")
    stub(folder, "apt-get", f'echo "apt-get $*" >> {tmp_path}/calls')
    (folder / "python3").symlink_to(sys.executable)
    return folder


def stub(folder: Path, name: str, body: str) -> None:
    file = folder / name
    file.unlink(missing_ok=True)
    file.write_text(f"#!/bin/sh\n{body}\n")
    file.chmod(file.stat().st_mode | stat.S_IXUSR)


def setup(checkout: Path, machine: Path) -> "subprocess.CompletedProcess[str]":
    environment = {"PATH": str(machine), "HOME": os.environ.get("HOME", "/")}
    return subprocess.run(
        [str(machine / "sh"), "scripts/setup.sh"],
        cwd=checkout,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_says_nothing_and_is_quick_when_nothing_is_missing(checkout: Path, machine: Path, tmp_path: Path) -> None:
    begin = time.monotonic()
    done = setup(checkout, machine)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert time.monotonic() - begin < 5  # tenths of a second on a machine that is not busy
    assert not (tmp_path / "calls").exists()


def test_installs_what_is_missing_and_says_so(checkout: Path, machine: Path, tmp_path: Path) -> None:
    (machine / "gcc").unlink()
    (machine / "mkfs.erofs").unlink()
    stub(machine, "id", "echo 0")
    done = setup(checkout, machine)
    assert done.returncode == 0, done.stderr
    assert "setup: installing with apt: gcc erofs-utils" in done.stderr
    assert (
        (tmp_path / "calls")
        .read_text()
        .splitlines()[-1]
        .endswith("install --yes --no-install-recommends gcc erofs-utils")
    )


def test_becomes_root_with_sudo_that_cannot_ask(checkout: Path, machine: Path, tmp_path: Path) -> None:
    (machine / "make").unlink()
    stub(machine, "id", "echo 1000")
    stub(machine, "sudo", f'echo "sudo $*" >> {tmp_path}/calls')
    done = setup(checkout, machine)
    assert done.returncode == 0, done.stderr
    call = (tmp_path / "calls").read_text().splitlines()[-1]
    assert call.startswith("sudo -n env DEBIAN_FRONTEND=noninteractive apt-get")
    assert call.endswith(" make")


def test_without_sudo_it_names_the_command_and_stops(checkout: Path, machine: Path) -> None:
    (machine / "make").unlink()
    (machine / "sudo").unlink()
    stub(machine, "id", "echo 1000")
    done = setup(checkout, machine)
    assert done.returncode == 1
    assert "As root, run: apt-get install make" in done.stderr


def test_without_apt_it_names_the_packages_and_stops(checkout: Path, machine: Path) -> None:
    for name in ("apt-get", "gcc", "qemu-system-x86_64"):
        (machine / name).unlink()
    done = setup(checkout, machine)
    assert done.returncode == 1
    assert done.stderr == (
        "setup: this machine has no apt. Install what these Debian packages hold, then try again: gcc qemu-system-x86\n"
    )


def test_when_apt_fails_it_renews_the_lists_once_and_then_stops(checkout: Path, machine: Path, tmp_path: Path) -> None:
    (machine / "gcc").unlink()
    stub(machine, "id", "echo 0")
    stub(machine, "apt-get", f'echo "$*" >> {tmp_path}/calls\ncase "$*" in *update*) exit 0;; *) exit 100;; esac')
    done = setup(checkout, machine)
    assert done.returncode == 1
    assert "setup: apt could not install: gcc" in done.stderr
    calls = [line.split()[-1] for line in (tmp_path / "calls").read_text().splitlines()]
    assert calls[-3:] == ["gcc", "update", "gcc"]


def test_shell_scripts_are_clean() -> None:
    for name in ("scripts/setup.sh", ".ci/run"):
        subprocess.run(["bash", "-n", name], cwd=ROOT, check=True)
        assert os.access(ROOT / name, os.X_OK)
