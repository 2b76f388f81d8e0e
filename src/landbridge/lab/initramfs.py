"""The initramfs: the agent as /init, and the modules that the root file system needs."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from landbridge.lab import cache, modules, tools
from landbridge.lab.modules import ModuleTree

# In the order in which they must come; built-in ones are left out by themselves.
TRANSPORT = ("virtio_pci", "virtio_console")
VIRTIOFS = ("virtiofs", "overlay")
EROFS = ("virtio_blk", "erofs", "overlay")

_FILE, _DIRECTORY, _CHARACTER_DEVICE = 0o100000, 0o040000, 0o020000


class CpioWriter:
    """A cpio archive in the form that the kernel unpacks (``newc``)."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._inode = 0

    def add(self, name: str, mode: int, data: bytes = b"", device: tuple[int, int] = (0, 0)) -> None:
        """Add one entry; mode has the file type too."""
        self._inode += 1
        encoded = name.encode() + b"\0"
        numbers = (self._inode, mode, 0, 0, 1, 0, len(data), 0, 0, *device, len(encoded), 0)
        head = b"070701" + b"".join(b"%08X" % each for each in numbers) + encoded
        self._parts += [_padded(head), _padded(data)]

    def bytes(self) -> bytes:
        """The whole archive."""
        self.add("TRAILER!!!", 0)
        return b"".join(self._parts)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)


def has_console(tree: ModuleTree) -> bool:
    """Whether the kernel has virtio-console, as a module or built in."""
    if tree.has("virtio_console"):
        return True
    builtin = tree.path / "modules.builtin"
    return builtin.is_file() and "/virtio_console.ko" in builtin.read_text()


def build(tree: ModuleTree | None, wanted: Iterable[str]) -> Path:
    """The initramfs for a kernel, from the cache where it is there.

    Args:
        tree: The kernel's modules; None for a kernel that has all of it built in.
        wanted: Modules to load before the root file system is mounted.
    """
    agent = tools.program("agent")
    files = tree.closure(wanted) if tree else []
    stamps = [(str(each), each.stat().st_mtime_ns, each.stat().st_size) for each in files]
    content = repr((agent.name, stamps)).encode()

    def make(path: Path) -> None:
        archive = CpioWriter()
        archive.add("dev", _DIRECTORY | 0o755)
        archive.add("dev/console", _CHARACTER_DEVICE | 0o600, device=(5, 1))
        archive.add("init", _FILE | 0o755, agent.read_bytes())
        archive.add("modules", _DIRECTORY | 0o755)
        names = []
        for file in files:
            name = file.name.split(".ko", 1)[0] + ".ko"
            names.append(name)
            archive.add(f"modules/{name}", _FILE | 0o644, modules.strip(modules.read(file)))
        archive.add("modules.list", _FILE | 0o644, "".join(f"{each}\n" for each in names).encode())
        path.write_bytes(archive.bytes())

    return cache.file("initramfs", content, ".cpio", make)
