"""Kernels that a guest can boot: this machine's own, Debian's, or files given by path."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from landbridge.errors import LabError
from landbridge.kernel.target import KernelTarget, version_of
from landbridge.lab import cache, suites
from landbridge.lab.fetching import fetch_kernel

DEFAULT = "6.1"
_VERSION = re.compile(r"\d+\.\d+")


@dataclass(frozen=True, slots=True)
class GuestKernel:
    """A kernel that a guest can boot.

    Attributes:
        version: The series, such as ``6.1``.
        release: What the kernel calls itself, as ``uname -r`` prints it.
        image: The bootable file.
        modules: Its ``/lib/modules/RELEASE``; None for a kernel with everything built in.
        target: What a module for it is built against; None where its headers are missing.
        origin: Where it comes from, for people: ``/boot``, a Debian suite, ``path``.
    """

    version: str
    release: str
    image: Path
    modules: Path | None
    target: KernelTarget | None
    origin: str


def find(name: str, *, fetch_missing: bool = True) -> GuestKernel:
    """The kernel that a name means.

    Args:
        name: A series such as ``6.1``, a whole release, or the path of a bzImage.
        fetch_missing: Get it from Debian if it is not here yet.

    Raises:
        LabError: There is none of that name.
        HostSetupError: It would have to be fetched, and this machine cannot.
    """
    if "/" in name:
        return from_path(Path(name))
    for kernel in available():
        if name in (kernel.version, kernel.release):
            return kernel
    if fetch_missing and name in suites.SERIES:
        return fetch(name)
    here = ", ".join(kernel.release for kernel in available()) or "none"
    raise LabError(
        f"no kernel {name} here; there is: {here}",
        hint=f"landbridge lab fetch gets one of {', '.join(suites.SERIES)}",
    )


def fetch(version: str) -> GuestKernel:
    """Get the newest kernel of a series from Debian into the user's cache, with its headers.

    Args:
        version: One of :data:`landbridge.lab.suites.SERIES`.

    Raises:
        LabError: Debian has no such series, or the download failed.
        HostSetupError: ``apt`` or ``dpkg`` is missing, or no mirror is configured.
    """
    return _cached(fetch_kernel(version))


def available() -> list[GuestKernel]:
    """The kernels that need no download, Debian's by version, then this machine's own."""
    folder = cache.directory() / "kernels"
    cached = [_cached(each) for each in folder.glob("[!.]*") if (each / "kernel.json").is_file()]
    cached.sort(key=lambda kernel: _natural(kernel.release), reverse=True)
    return cached + _installed()


def _natural(text: str) -> list[tuple[int, str]]:
    return [(int(each) if each.isdigit() else -1, each) for each in re.findall(r"\d+|\D+", text)]


def _cached(folder: Path) -> GuestKernel:
    facts = json.loads((folder / "kernel.json").read_text())
    return GuestKernel(
        version=facts["version"],
        release=facts["release"],
        image=folder / facts["image"],
        modules=folder / facts["modules"],
        target=KernelTarget(facts["release"], folder / facts["headers"], tuple(facts["make_args"])),
        origin=facts["suite"],
    )


def _installed() -> list[GuestKernel]:
    found = []
    for image in sorted(Path("/boot").glob("vmlinuz-*"), key=lambda each: _natural(each.name), reverse=True):
        release = image.name.removeprefix("vmlinuz-")
        if not _VERSION.match(release) or not _readable(image):
            continue
        found.append(_with_files(release, image, Path("/lib/modules") / release, "/boot"))
    return found


def _readable(image: Path) -> bool:
    # Ubuntu's are root's alone.
    try:
        with image.open("rb"):
            return True
    except PermissionError:
        return False


def _with_files(release: str, image: Path, modules: Path, origin: str) -> GuestKernel:
    build = modules / "build"
    headers = build.resolve() if (build / "Makefile").is_file() else None
    return GuestKernel(
        version=".".join(str(each) for each in version_of(release)),
        release=release,
        image=image,
        modules=modules if (modules / "modules.dep").is_file() else None,
        target=KernelTarget(release, headers) if headers else None,
        origin=origin,
    )


def from_path(image: Path, *, modules: Path | None = None, headers: Path | None = None) -> GuestKernel:
    """A kernel given by its files.

    Args:
        image: A bzImage; it may lie in a built source tree.
        modules: Its ``lib/modules/RELEASE``, with ``modules.dep``; None if all is built in.
        headers: What modules are built against; by default the built source tree around the image.

    Raises:
        LabError: The file is no x86 kernel image.
    """
    release = image_release(image)
    if headers is None and image.resolve().parts[-4:-1] == ("arch", "x86", "boot"):
        headers = image.resolve().parents[3]
    return GuestKernel(
        version=".".join(str(each) for each in version_of(release)),
        release=release,
        image=image.resolve(),
        modules=modules,
        target=KernelTarget(release, headers) if headers else None,
        origin="path",
    )


def image_release(image: Path) -> str:
    """The release that a bzImage says it is.

    Raises:
        LabError: The file is not there, or is no bzImage.

    Kernel: Documentation/arch/x86/boot.rst: kernel_version
    """
    try:
        data = image.read_bytes()[: 1 << 16]
    except OSError as error:
        raise LabError(f"cannot read the kernel image {image}: {error.strerror}") from error
    if data[0x202:0x206] != b"HdrS":
        raise LabError(f"{image} is no x86 kernel image", hint="give the path of a bzImage or vmlinuz")
    start = int.from_bytes(data[0x20E:0x210], "little") + 0x200
    return data[start : data.index(b"\0", start)].split(b" ", 1)[0].decode()
