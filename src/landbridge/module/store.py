"""Where built modules are kept: whole or not at all, each made by one process at a time."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path


def directory() -> Path:
    """The cache of modules: ``$XDG_CACHE_HOME/landbridge/modules``."""
    base = os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()
    return Path(base) / "landbridge" / "modules"


def key_of(*parts: str) -> str:
    """A short name for everything that decides what is made."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


@contextlib.contextmanager
def locked(key: str) -> Iterator[None]:
    """Hold a key against every other process of this user; wait for whoever holds it.

    The kernel drops the lock with the process, so that nothing stale is left behind.
    """
    path = directory() / "locks" / key
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def workspace() -> Iterator[Path]:
    """A directory in the cache that is gone after the block, whatever happens in it."""
    directory().mkdir(parents=True, exist_ok=True)
    path = Path(tempfile.mkdtemp(prefix=".work.", dir=directory()))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def path_of(key: str, name: str) -> Path:
    """Where a made file is, or would be."""
    return directory() / key / name


def keep(key: str, made: Path) -> Path:
    """Put a made file in its place at once; a reader sees none or all of it."""
    target = path_of(key, made.name)
    target.parent.mkdir(parents=True, exist_ok=True)
    made.replace(target)
    return target
