"""Copy files out of a guest."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from landbridge.errors import LabError

if TYPE_CHECKING:
    from landbridge.lab.guest import Guest

Wanted = Sequence[str | Path] | Mapping[str, str | Path]


def copy(guest: Guest, wanted: Wanted, cwd: Path) -> list[Path]:
    """Copy each wanted file or directory; see :meth:`Guest.bring_back`."""
    if isinstance(wanted, Mapping):
        pairs = [(cwd / name, Path(goal)) for name, goal in wanted.items()]
    else:
        pairs = [(cwd / name, cwd / name) for name in wanted]
    return [_copy_one(guest, source, goal) for source, goal in pairs]


def _copy_one(guest: Guest, source: Path, goal: Path) -> Path:
    done = guest.run(["tar", "-C", str(source.parent), "-cf", "-", "--", source.name], cwd="/")
    if done.status:
        raise LabError(f"cannot bring {source} back from the guest: {done.stderr.strip()}")
    with tarfile.open(fileobj=io.BytesIO(done.output)) as archive:
        members = archive.getmembers()
        for member in members:
            member.name = _renamed(member.name, goal)
            if member.islnk():
                member.linkname = _renamed(member.linkname, goal)
        goal.parent.mkdir(parents=True, exist_ok=True)
        try:
            # The filter refuses whatever would be written outside, links included.
            archive.extractall(goal.parent, members=members, filter="data")
        except tarfile.FilterError as error:
            raise LabError(f"{source} of the guest will not be written here: {error}") from error
    return goal


def _renamed(name: str, goal: Path) -> str:
    # The first part of each name is the thing itself, which may have another name here.
    return str(Path(goal.name, *Path(name).parts[1:]))
