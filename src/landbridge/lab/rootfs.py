"""Where a guest's root file system comes from: virtiofs where it runs, else an image."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from landbridge.errors import HostSetupError
from landbridge.lab import image, initramfs, share
from landbridge.lab.kernels import GuestKernel
from landbridge.lab.share import Share

VARIABLE = "LANDBRIDGE_ROOT"  # "virtiofs" or "image"; by default virtiofs if it runs


@dataclass(slots=True)
class Root:
    """What a guest's root file system needs.

    Attributes:
        source: The daemon, or the image to attach as a disk.
        modules: Kernel modules for it.
        boot_words: Words for the kernel's command line, which the agent reads.
    """

    source: Share | Path
    modules: tuple[str, ...]
    boot_words: tuple[str, ...]

    def messages(self) -> str:
        """What the daemon has complained about, but that QEMU left it."""
        if not isinstance(self.source, Share):
            return ""
        lines = self.source.process.messages().splitlines()
        return "\n".join(line for line in lines if "Unexpected poll revents" not in line)

    def close(self) -> None:
        """End the daemon."""
        if isinstance(self.source, Share):
            self.source.socket.close()
            self.source.process.end()


def prepare(kernel: GuestKernel) -> Root:
    """Start or make the root file system for a kernel.

    Raises:
        HostSetupError: This machine can do neither.
    """
    modules = [f"landbridge.modules={kernel.modules.resolve()}"] if kernel.modules else []
    choice = os.environ.get(VARIABLE)
    if choice not in (None, "virtiofs", "image"):
        raise HostSetupError(f"{VARIABLE}={choice} is neither virtiofs nor image", fix=f"unset {VARIABLE}")
    if choice != "image" and (choice or share.available()):
        try:
            return Root(share.start(), initramfs.VIRTIOFS, ("landbridge.root=virtiofs", *modules))
        except HostSetupError:
            if choice:
                raise
    return Root(image.build(kernel), initramfs.EROFS, ("landbridge.root=/dev/vda", *modules))
