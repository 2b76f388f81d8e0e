"""Compile the lab's small C programs, and find the machine's."""

from __future__ import annotations

import os
import shutil
import subprocess
from importlib import resources
from pathlib import Path

from landbridge.errors import HostSetupError, LabError
from landbridge.lab import cache

# Which Debian and Ubuntu package has a program.
_PACKAGES = {
    "apt-get": "apt",
    "cc": "gcc libc6-dev",
    "depmod": "kmod",
    "dpkg-deb": "dpkg",
    "gcc": "gcc libc6-dev",
    "ldd": "libc-bin",
    "mkfs.erofs": "erofs-utils",
    "qemu-system-x86_64": "qemu-system-x86",
    "setpriv": "util-linux",
}
# The agent runs where there is no file system yet.
_FLAGS = {"agent": ["-static"], "share": [], "preload": ["-shared", "-fPIC"]}
# An ordinary user's PATH may lack these.
_SYSTEM_PATH = ("/usr/local/sbin", "/usr/sbin", "/sbin")


def find(program: str) -> str | None:
    """The path of a program, or None."""
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), *_SYSTEM_PATH])
    return shutil.which(program, path=path)


def need(program: str, purpose: str) -> str:
    """The path of a program.

    Raises:
        HostSetupError: This machine does not have it; the error names the package.
    """
    found = find(program)
    if found is None:
        raise HostSetupError(
            f"{program} is missing; it is needed to {purpose}",
            fix=f"apt install {_PACKAGES.get(program, program)}",
        )
    return found


def program(name: str) -> Path:
    """One of our own C programs, compiled once and kept in the cache.

    Args:
        name: ``agent``, ``share`` or ``preload``: the folder of its source.
    """
    folder = resources.files("landbridge.lab") / name
    sources = {each.name: each.read_bytes() for each in folder.iterdir() if each.name.endswith((".c", ".h"))}
    compiler = need("gcc", "compile what runs in the guest")
    flags = ["-std=c11", "-Os", "-s", *_FLAGS[name]]
    content = repr((compiler, flags, sorted(sources.items()))).encode()

    def make(path: Path) -> None:
        with resources.as_file(folder) as real:
            files = sorted(str(real / each) for each in sources if each.endswith(".c"))
            command = [compiler, *flags, "-o", str(path), *files]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode and "-lc" in done.stderr:
            raise HostSetupError("the C library's development files are missing", fix="apt install libc6-dev")
        if done.returncode:
            raise LabError(f"cannot compile the lab's {name}:\n{done.stderr.strip()}")

    return cache.file("programs", content, f"-{name}", make)


def environment() -> list[tuple[str, str]]:
    """This process's environment."""
    return list(os.environ.items())
