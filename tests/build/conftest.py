"""What tests of real builds share: a kernel's headers, and the kernel's own judge of style."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from landbridge.kernel.target import KernelTarget
from landbridge.lab import GuestKernel, cache
from landbridge.lab.apt import Apt
from landbridge.lab.suites import SERIES

SOURCE = "linux-source-6.1"
SCRIPTS = ("checkpatch.pl", "spelling.txt", "const_structs.checkpatch")


@pytest.fixture(scope="session")
def target(landbridge_kernel: GuestKernel) -> KernelTarget:
    """The kernel that modules are built for."""
    assert landbridge_kernel.target is not None, f"the headers of {landbridge_kernel.release} are missing"
    return landbridge_kernel.target


@pytest.fixture(scope="session")
def checkpatch() -> Path:
    """The kernel's checkpatch.pl: the one that LANDBRIDGE_CHECKPATCH names, else from the kernel's source package."""
    named = os.environ.get("LANDBRIDGE_CHECKPATCH")
    if named:
        return Path(named)
    folder = cache.directory() / "checkpatch"
    with cache.lock("checkpatch"):
        if not folder.exists():
            with cache.replacing(folder) as work:
                fetch_scripts(work)
    return folder / SCRIPTS[0]


def fetch_scripts(work: Path) -> None:
    """Take three files out of the kernel's source (about 140 MB to download, once)."""
    apt = Apt(SERIES["6.1"].sources)
    package = apt.show(SOURCE)
    if package is None:
        apt.update()
        package = apt.show(SOURCE)
    assert package is not None, f"{SOURCE} is in none of the suites"
    downloads = work / "downloads"
    (file,) = apt.download([package], downloads)
    names = " ".join(f"{SOURCE}/scripts/{each}" for each in SCRIPTS)
    unpack = (
        f"dpkg-deb --fsys-tarfile {file} | tar -xO ./usr/src/{SOURCE}.tar.xz | tar -xJ --strip-components=2 {names}"
    )
    subprocess.run(["bash", "-o", "pipefail", "-c", unpack], cwd=work, check=True, timeout=600)
    shutil.rmtree(downloads)
