"""Kernel module files: which a module needs before it, and their plain bytes."""

from __future__ import annotations

import lzma
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from landbridge.errors import LabError
from landbridge.lab import tools

_SUFFIXES = (".ko", ".ko.xz", ".ko.zst")


class ModuleTree:
    """The modules of one kernel, ``/lib/modules/RELEASE`` or a copy of it.

    Args:
        path: That directory; ``modules.dep`` must be there (``depmod`` makes it).
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._needs = self._read_dependencies()

    def _read_dependencies(self) -> dict[str, tuple[str, list[str]]]:
        try:
            text = (self.path / "modules.dep").read_text()
        except FileNotFoundError:
            raise LabError(
                f"{self.path} has no modules.dep", hint=f"run: depmod -b BASE {self.path.name}, or reinstall the kernel"
            ) from None
        found = {}
        for line in text.splitlines():
            file, _, rest = line.partition(":")
            found[_name_of(file)] = (file, rest.split())
        return found

    def has(self, name: str) -> bool:
        """Whether the module is a file here (built-in ones are not)."""
        return name in self._needs

    def closure(self, names: Iterable[str]) -> list[Path]:
        """The files to load for some modules, in an order that works; those built in are left out."""
        order: dict[str, None] = {}
        for name in names:
            if name in self._needs:
                file, needs = self._needs[name]
                # modules.dep lists the whole closure, the deepest last.
                order.update(dict.fromkeys([*reversed(needs), file]))
        return [self.path / each for each in order]


def _name_of(file: str) -> str:
    base = file.rsplit("/", 1)[-1]
    return base.split(".ko", 1)[0].replace("-", "_")


def read(path: Path) -> bytes:
    """The ELF bytes of a module file, unpacked where it is packed."""
    data = path.read_bytes()
    if path.suffix == ".xz":
        return lzma.decompress(data)
    if path.suffix == ".zst":
        zstd = tools.need("zstd", f"unpack {path.name}")
        return subprocess.run([zstd, "-dcq"], input=data, capture_output=True, check=True).stdout
    return data


def strip(data: bytes) -> bytes:
    """The module without its debug information, which the kernel does not read."""
    objcopy = shutil.which("objcopy")
    if objcopy is None or b".debug_info" not in data:
        return data
    command = [objcopy, "--strip-debug", "/dev/stdin", "/dev/stdout"]
    done = subprocess.run(command, input=data, capture_output=True, check=False)
    return done.stdout if done.returncode == 0 else data
