"""Make a Debian headers package build modules where it was not installed, with this machine's compiler."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

from landbridge.errors import LabError
from landbridge.lab import tools

# What the build tools of a kernel from a newer Debian need of it.
LIBRARIES = ("libc6", "libelf1t64", "zlib1g", "libzstd1")
# What the kernel's own compiler could and an older one cannot, by the symbol that says so: a flag and a
# source that must compile with it.
_ABILITIES = {
    "CONFIG_CC_HAS_MIN_FUNCTION_ALIGNMENT": ("-fmin-function-alignment=16", ""),
    "CONFIG_CC_HAS_COUNTED_BY": ("-Werror", "struct s { int n; char a[] __attribute__((counted_by(n))); };"),
    "CONFIG_CC_HAS_COUNTED_BY_PTR": ("-Werror", "struct s { int n; char *a __attribute__((counted_by(n))); };"),
}
# The tools that the build of a module runs; the others sign, or build kernels.
_NEEDED = re.compile(r"fixdep|genksyms|(?:modpost|objtool)(?:\..*)?")
# Type information needs a pahole like the kernel's own, and nothing here reads it.
_WITHOUT_BTF = "CONFIG_DEBUG_INFO_BTF_MODULES="


def make_usable(work: Path, target: Path, release: str) -> tuple[Path, list[str]]:
    """Edit the unpacked headers so that they work at their final place with this machine's gcc.

    Args:
        work: Where the packages are unpacked now.
        target: Where they will be.
        release: The kernel's release.

    Returns:
        The build directory, relative to ``work``; and arguments for ``make``.

    Raises:
        LabError: The kernel's build tools run neither as they are nor with the libraries that came along.
    """
    directory = Path("usr/src") / f"linux-headers-{release}"
    _redirect(work / directory, target)
    _drop_inabilities(work / directory)
    for each in sorted((work / "usr/lib").glob("linux-kbuild-*")):
        for tool in _programs(each):
            if _NEEDED.fullmatch(tool.name) and not _runs(tool):
                _wrap(tool, work, target)
    return directory, ["CC=gcc", "HOSTCC=gcc", _WITHOUT_BTF]


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


def _drop_inabilities(directory: Path) -> None:
    """Make the configuration say what this machine's compiler can do."""
    for symbol, (flag, source) in _ABILITIES.items():
        if _compiles(flag, source):
            continue
        for name in ("include/config/auto.conf", "include/generated/autoconf.h"):
            file = directory / name
            lines = file.read_text().splitlines(keepends=True)
            file.write_text("".join(line for line in lines if not re.search(rf"\b{symbol}\b", line)))


def _compiles(flag: str, source: str) -> bool:
    gcc = tools.need("gcc", "build modules")
    command = [gcc, flag, "-S", "-o", "/dev/null", "-x", "c", "-"]
    return subprocess.run(command, input=source, text=True, capture_output=True, check=False).returncode == 0


def _programs(folder: Path) -> list[Path]:
    found = []
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink() and path.stat().st_mode & 0o111:
            with path.open("rb") as file:
                if file.read(4) == b"\x7fELF":
                    found.append(path)
    return found


def _runs(tool: Path) -> bool:
    """Whether this machine's libraries are what the tool was linked with."""
    done = subprocess.run([tool], env={"LD_TRACE_LOADED_OBJECTS": "1"}, capture_output=True, text=True, check=False)
    return "not found" not in done.stdout + done.stderr


def _wrap(tool: Path, work: Path, target: Path) -> None:
    """Put a script in the tool's place that starts it with the libraries that came along."""
    loader = next((work / "libraries").glob("**/ld-linux-x86-64.so.2"), None)
    if loader is None:
        raise LabError(f"{tool.name} of the kernel's build tools needs a newer C library than this machine has")
    folders = sorted({each.parent for each in (work / "libraries").rglob("*.so.*")})
    real = tool.with_name(f"{tool.name}.real")
    tool.rename(real)
    final = [str(target / each.relative_to(work)) for each in (loader, real, *folders)]
    path = ":".join(final[2:])
    tool.write_text(
        f'#!/bin/sh\nexec {shlex.quote(final[0])} --library-path {shlex.quote(path)} {shlex.quote(final[1])} "$@"\n'
    )
    tool.chmod(0o755)
