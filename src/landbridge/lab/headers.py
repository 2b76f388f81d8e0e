"""Make a Debian headers package build modules where it was not installed."""

from __future__ import annotations

import re
from pathlib import Path

# What the build tools of a kernel from a newer Debian need of it.
LIBRARIES = ("libc6", "libelf1t64", "zlib1g", "libzstd1")
# These two are the only ones that need the newer C library.
_NEWER_TOOLS = ("scripts/mod/modpost.real-lsb-64", "tools/objtool/objtool.real-x86")


def make_usable(work: Path, target: Path, release: str) -> tuple[Path, list[str]]:
    """Edit the unpacked headers so that they work at their final place with this machine's gcc.

    Args:
        work: Where the packages are unpacked now.
        target: Where they will be.
        release: The kernel's release.

    Returns:
        The build directory, relative to ``work``; and arguments for ``make``.
    """
    directory = Path("usr/src") / f"linux-headers-{release}"
    _redirect(work / directory, target)
    return directory, ["CC=gcc", "HOSTCC=gcc"]


def _redirect(directory: Path, target: Path) -> None:
    """Point the absolute paths of the small Makefiles and links into the unpacked copy."""
    for file in [directory / "Makefile", directory / ".kernelvariables"]:
        if file.is_file():
            text = file.read_text()
            file.write_text(re.sub(r"(?<![\w/])/usr/(src|lib)/linux-", rf"{target}/usr/\1/linux-", text))
    for link in directory.iterdir():
        if link.is_symlink() and str(link.readlink()).startswith("/usr/"):
            goal = link.readlink()
            link.unlink()
            link.symlink_to(f"{target}{goal}")
