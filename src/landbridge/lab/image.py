"""An image of what a command needs, for machines where no virtiofs daemon runs."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from landbridge.errors import HostSetupError, LabError
from landbridge.lab import cache, image_content, tools
from landbridge.lab.kernels import GuestKernel

VARIABLE = "LANDBRIDGE_IMAGE_PATHS"  # more paths to include, separated as in PATH
_LARGEST = 2 << 30
_KEPT = 3
_STALE = 3600.0
_EMPTY = ("dev", "etc", "home", "mnt", "proc", "root", "run", "sys", "tmp", "usr", "var", "var/lib", "var/tmp")
_OPEN_TO_ALL = ("tmp", "var/tmp")


def build(kernel: GuestKernel) -> Path:
    """The image for a kernel and this process's directory; from the cache if nothing in it has changed.

    Raises:
        HostSetupError: ``mkfs.erofs`` is missing.
        LabError: The project is too big.
    """
    mkfs = tools.need("mkfs.erofs", "make a guest's file system (no virtiofs daemon runs here)")
    more = [image_content.project(Path.cwd()), *_asked_for()]
    if kernel.modules:
        more.append(kernel.modules.resolve())
    paths = image_content.paths(more)
    stamps = []
    total = 0
    for path in paths:
        try:
            status = path.lstat()
        except FileNotFoundError:  # someone is at work there
            continue
        stamps.append((str(path), status.st_mode, status.st_size, status.st_mtime_ns))
        total += status.st_size
    if total > _LARGEST:
        raise LabError(
            f"{more[0]} and what it needs have {total >> 20} MiB; an image may have {_LARGEST >> 20} MiB",
            hint="run from a smaller directory, or apt install virtiofsd to need no image",
        )
    image = cache.file("images", repr(stamps).encode(), ".erofs", lambda path: _make(mkfs, paths, path))
    os.utime(image)
    _prune(image.parent)
    return image


def _asked_for() -> list[Path]:
    return [Path(each).absolute() for each in os.environ.get(VARIABLE, "").split(os.pathsep) if each]


def _make(mkfs: str, paths: list[Path], image: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="landbridge-image-", dir=image.parent) as folder:
        root = Path(folder) / "root"
        for name in _EMPTY:
            (root / name).mkdir(parents=True)
        for path in paths:
            _copy(path, root)
        for name in _OPEN_TO_ALL:
            (root / name).chmod(0o1777)
        done = subprocess.run([mkfs, "--all-root", str(image), str(root)], capture_output=True, text=True, check=False)
    if done.returncode and "all-root" in done.stderr:
        raise HostSetupError("mkfs.erofs is too old", fix="apt install erofs-utils (1.2 or newer), or virtiofsd")
    if done.returncode:
        raise LabError(f"mkfs.erofs failed: {(done.stderr or done.stdout).strip()}")


def _copy(path: Path, root: Path) -> None:
    goal = root / path.relative_to("/")
    if path.is_dir() and not path.is_symlink():
        goal.mkdir(parents=True, exist_ok=True)
        return
    goal.parent.mkdir(parents=True, exist_ok=True)
    if goal.is_symlink() or goal.exists():
        return
    with contextlib.suppress(FileNotFoundError, PermissionError):  # gone since, or not ours to read
        shutil.copy2(path, goal, follow_symlinks=False)


def _prune(folder: Path) -> None:
    """Keep the images used last, and none that a killed process left half made."""
    images = sorted(folder.glob("*.erofs"), key=lambda each: each.stat().st_mtime, reverse=True)
    for each in images[_KEPT:]:
        each.unlink(missing_ok=True)
    for each in folder.iterdir():
        with contextlib.suppress(FileNotFoundError):
            if each.suffix != ".erofs" and each.stat().st_mtime < time.time() - _STALE:
                shutil.rmtree(each) if each.is_dir() else each.unlink()
