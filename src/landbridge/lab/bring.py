"""Copy files out of a guest."""

from __future__ import annotations

import io
import os
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
        _extract(archive, members, source, goal.parent)
    return goal


def _extract(archive: tarfile.TarFile, members: list[tarfile.TarInfo], source: Path, folder: Path) -> None:
    """Write nothing outside of the folder, through links neither."""
    refused = f"{source} of the guest will not be written here"
    if hasattr(tarfile, "data_filter"):
        try:
            archive.extractall(folder, members=members, filter="data")
        except tarfile.FilterError as error:
            raise LabError(f"{refused}: {error}") from error
        return
    # Python before 3.11.4, which Debian 12 has, knows no filters.
    links = {Path(each.name) for each in members if each.issym()}
    for each in members:
        names = [Path(each.name), *([Path(each.linkname)] if each.islnk() or each.issym() else [])]
        outside = any(name.is_absolute() or ".." in name.parts for name in names)
        if (
            outside
            or links & set(names[0].parents)
            or not (each.isreg() or each.isdir() or each.issym() or each.islnk())
        ):
            raise LabError(f"{refused}: {each.name} is no plain file, or leads outside")
        each.uid, each.gid, each.uname, each.gname = os.getuid(), os.getgid(), "", ""
        each.mode &= 0o755
    archive.extractall(folder, members=members)


def _renamed(name: str, goal: Path) -> str:
    # The first part of each name is the thing itself, which may have another name here.
    return str(Path(goal.name, *Path(name).parts[1:]))
