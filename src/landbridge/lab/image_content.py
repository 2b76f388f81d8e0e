"""What goes into an image: enough of this machine to run Python programs and the usual small tools."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from pathlib import Path

from landbridge.lab import cache, tools

_PROGRAMS = """
    bash sh dash env tar cat ls cp mv rm mkdir rmdir ln chmod chown touch echo printf test true false sleep date
    head tail tee wc sort uniq cut tr seq od id whoami groups uname nproc hostname stat dd df du pwd readlink realpath
    dirname basename mktemp timeout kill nohup stdbuf grep sed awk mawk find xargs ps pgrep pkill free uptime
    mount umount findmnt dmesg ping ip ss sysctl su setpriv unshare nsenter setsid busybox which hexdump
    kmod modprobe insmod rmmod lsmod modinfo depmod tc bpftool ethtool strace tcpdump nft iptables ebtables
""".split()
_ETC = """
    passwd group nsswitch.conf hosts protocols services ld.so.cache ld.so.conf ld.so.conf.d localtime timezone
    os-release debian_version modprobe.d iproute2 shells profile bash.bashrc default/locale
    pam.d pam.conf login.defs security
""".split()
_SKIPPED = {".git", ".hg", ".mypy_cache", ".ruff_cache", ".pytest_cache", "node_modules", ".tox", ".nox"}
_STDLIB = Path(sysconfig.get_path("stdlib"))
# What is installed beside the standard library counts only if this Python imports it.
_NOT_STDLIB = {_STDLIB / name for name in ("test", "site-packages", "dist-packages", "idlelib", "ensurepip")}
_LIBRARY = re.compile(r"(?:=> )?(/\S+) \(0x")


def paths(more: Iterable[Path]) -> list[Path]:
    """All files, links and directories of the image, absolute, in order.

    Args:
        more: Directories and files to include beside the Python environment and the system's tools.
    """
    found: set[Path] = set()
    for tree in _python_trees():
        found.update(_walk(tree))
    for tree in more:
        found.update(_walk(tree))
    programs = [path for name in _PROGRAMS if (path := tools.find(name))]
    for program in [*programs, sys.executable]:
        found.update(_with_targets(Path(program)))
    for name in _ETC:
        found.update(_walk(Path("/etc") / name))
    found.update(_top_level_links())
    binaries = [path for path in found if _is_binary(path)]
    for library in _libraries(binaries):
        found.update(_with_targets(library))
    return sorted(found)


def project(start: Path) -> Path:
    """The project that a directory belongs to: the nearest parent with a pyproject.toml or .git, else itself."""
    for folder in [start, *start.parents]:
        if (folder / "pyproject.toml").exists() or (folder / ".git").exists():
            return folder
    return start


def _python_trees() -> Iterator[Path]:
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    trees = [Path(sysconfig.get_path(name)) for name in names]
    # The first is where the running program lies, which may be any directory.
    trees += [Path(entry) for entry in sys.path[1:]]
    if sys.prefix != sys.base_prefix:
        trees += [Path(sys.prefix) / "bin", Path(sys.prefix) / "pyvenv.cfg", Path(sys.prefix) / "lib64"]
    yield from dict.fromkeys(trees)


def _walk(root: Path) -> Iterator[Path]:
    if root.is_symlink() or root.is_file():
        yield from _with_targets(root)
        return
    for folder, folders, files in os.walk(root):
        here = Path(folder)
        folders[:] = [name for name in folders if name not in _SKIPPED and here / name not in _NOT_STDLIB]
        yield here
        for name in [*files, *folders]:
            path = here / name
            if path.is_symlink():
                yield from _with_targets(path)
            elif path.is_file():
                yield path


def _with_targets(path: Path) -> Iterator[Path]:
    """A path, and where its links lead, link by link."""
    for _ in range(20):
        # Directories that are links (as /bin is) are in the image by themselves.
        path = path.parent.resolve() / path.name
        if not path.exists() and not path.is_symlink():
            return
        yield path
        if not path.is_symlink():
            return
        path = Path(os.path.normpath(path.parent / path.readlink()))
        if path.is_dir():
            return


def _top_level_links() -> Iterator[Path]:
    for path in Path("/").iterdir():
        if path.is_symlink() and str(path.readlink()).removeprefix("/").startswith("usr/"):
            yield path


def _is_binary(path: Path) -> bool:
    if path.is_symlink() or not path.is_file() or not (path.stat().st_mode & 0o111 or ".so" in path.name):
        return False
    try:
        with path.open("rb") as file:
            return file.read(4) == b"\x7fELF"
    except PermissionError:
        return False


def _libraries(binaries: list[Path]) -> set[Path]:
    """The shared libraries that some programs and libraries need, and the loader."""
    if not binaries:
        return set()
    ldd = tools.need("ldd", "find the libraries of an image")
    stamps = [(str(each), each.stat().st_mtime_ns) for each in sorted(binaries)]

    def ask(path: Path) -> None:
        # It starts the loader for each, which takes seconds in all.
        done = subprocess.run([ldd, *map(str, binaries)], capture_output=True, text=True, check=False)
        path.write_text(json.dumps(sorted(set(_LIBRARY.findall(done.stdout)))))

    found = {
        Path(each) for each in json.loads(cache.file("libraries", repr(stamps).encode(), ".json", ask).read_text())
    }
    # What the C library loads by name.
    for folder in {each.parent for each in found}:
        found.update(folder.glob("libnss_*.so*"))
    return found
