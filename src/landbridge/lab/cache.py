"""The user's cache: what is slow to get is kept, whole or not at all."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path


def directory() -> Path:
    """Where landbridge keeps kernels, agents and images: ``$XDG_CACHE_HOME/landbridge``."""
    base = os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()
    return Path(base) / "landbridge"


@contextlib.contextmanager
def lock(name: str) -> Iterator[None]:
    """Hold one name against every other process of this user; wait for whoever holds it.

    The kernel drops the lock with the process, so that nothing stale is left behind.
    """
    path = directory() / "locks" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """Make a directory under another name; it gets its own only if the block succeeds."""
    target.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        work.chmod(0o755)
        yield work
        if target.exists():
            shutil.rmtree(target)
        work.rename(target)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def file(folder: str, content: bytes, suffix: str, make: Callable[[Path], None]) -> Path:
    """A file that is wholly decided by some content: made once, found by the content's hash.

    Args:
        folder: Folder of the cache.
        content: Everything that decides what the file is.
        suffix: End of its name.
        make: Writes the file to the path that it is given.

    Returns:
        Its path; the file is the cache's, not to be changed.
    """
    path = directory() / folder / (hashlib.sha256(content).hexdigest()[:24] + suffix)
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    work = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        make(work)
        work.rename(path)
    finally:
        work.unlink(missing_ok=True)
    return path
