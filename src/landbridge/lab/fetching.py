"""Get a Debian kernel and its headers, unpacked side by side in the user's cache."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

from landbridge.errors import LabError
from landbridge.kernel.target import version_of
from landbridge.lab import cache, headers, tools
from landbridge.lab.apt import Apt, Package
from landbridge.lab.suites import SERIES, Series

# Of a kernel's dependencies, those that are part of it; initramfs tools and compilers are not.
_PARTS = re.compile(r"linux-(?:headers|image|kbuild|compiler-gcc|binary|modules|base)-\S+")


def fetch_kernel(version: str) -> Path:
    """Get the newest kernel of a series, unless that very release is here.

    Whatever is interrupted, nothing half made has the final name; what was downloaded is not
    downloaded again.

    Args:
        version: One of ``SERIES``.

    Returns:
        Its folder in the cache, with ``kernel.json``.

    Raises:
        LabError: No such series, or the download failed.
        HostSetupError: This machine lacks a tool.
    """
    series = SERIES.get(version)
    if series is None:
        raise LabError(f"no Debian suite that we know has kernel {version}", hint=f"known: {', '.join(SERIES)}")
    for program, purpose in (("dpkg-deb", "unpack kernels"), ("depmod", "index a kernel's modules")):
        tools.need(program, purpose)
    with cache.lock(f"kernel-{version}"):
        return _fetch(series)


def _fetch(series: Series) -> Path:
    apt = Apt(series.sources)
    apt.update()
    release = _newest(apt, series)
    target = cache.directory() / "kernels" / release
    if (target / "kernel.json").is_file():
        return target
    downloads = cache.directory() / "downloads" / release
    files = apt.download(_parts(apt, release), downloads)
    libraries = []
    if series.library_suite:
        library_apt = Apt([series.library_suite])
        library_apt.update()
        packages = [package for name in headers.LIBRARIES if (package := library_apt.show(name))]
        libraries = library_apt.download(packages, downloads)
    with cache.replacing(target) as work:
        _unpack(files, work)
        for each in libraries:
            _dpkg_unpack(each, work / "libraries")
        _describe(work, target, series, release)
    shutil.rmtree(downloads, ignore_errors=True)
    return target


def _newest(apt: Apt, series: Series) -> str:
    """The newest release with both an image and headers."""
    names = apt.names("linux-headers-")
    pattern = re.compile(rf"linux-headers-({re.escape(series.version)}\.\S+-cloud-amd64)")
    releases = [found[1] for name in names if (found := pattern.fullmatch(name))]
    releases.sort(key=lambda text: [int(each) for each in re.findall(r"\d+", text)], reverse=True)
    there = {*apt.names("linux-image-"), *apt.names("linux-binary-")}
    for release in releases:
        if any(there.issuperset(each) for each in _images(release)):
            return release
    suites = ", ".join(source.suite for source in series.sources)
    raise LabError(f"{suites} have no cloud kernel {series.version} with headers", hint="the mirror may lag; try later")


def _images(release: str) -> list[list[str]]:
    """Packages that bring a kernel image, the best first: a signed one lags behind in some suites."""
    return [[f"linux-image-{release}"], [f"linux-binary-unsigned-{release}"]]


def _parts(apt: Apt, release: str) -> list[Package]:
    found: dict[str, Package] = {}
    image = next(each for each in _images(release) if all(apt.show(name) for name in each))
    wanted = [*image, f"linux-headers-{release}"]
    while wanted:
        name = wanted.pop()
        if name in found:
            continue
        package = apt.show(name)
        if package is None:
            raise LabError(f"the mirror lists {release}, but not its part {name}", hint="try again later")
        found[name] = package
        wanted += [each for each in package.depends if _PARTS.fullmatch(each)]
        if name.startswith("linux-binary-unsigned-"):
            wanted.append(f"linux-modules-{release}")
    return list(found.values())


def _dpkg_unpack(file: Path, target: Path) -> None:
    command = [tools.need("dpkg-deb", "unpack kernels"), "-x", str(file), str(target)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        file.unlink()
        raise LabError(f"cannot unpack {file.name}: {done.stderr.strip()}", hint="it is removed; try again")


def _unpack(files: list[Path], work: Path) -> None:
    for each in files:
        _dpkg_unpack(each, work)
    # Since 6.19 the packages have the modules in /usr/lib, where Debian's link leads.
    if not (work / "lib").exists():
        (work / "lib").symlink_to("usr/lib")
    elif (work / "usr/lib/modules").is_dir():
        shutil.copytree(work / "usr/lib/modules", work / "lib/modules", dirs_exist_ok=True, symlinks=True)


def _describe(work: Path, target: Path, series: Series, release: str) -> None:
    modules = Path("lib/modules") / release
    command = [tools.need("depmod", "index a kernel's modules"), "-b", str(work), release]
    subprocess.run(command, capture_output=True, check=True)
    images = [Path("boot") / f"vmlinuz-{release}", modules / "vmlinuz", modules / "vmlinuz.unsigned"]
    image = next((each for each in images if (work / each).is_file()), None)
    if image is None:
        raise LabError(f"the packages of {release} have no kernel image that we know")
    directory, make_args = headers.make_usable(work, target, release)
    facts = {
        "version": ".".join(str(each) for each in version_of(release)),
        "release": release,
        "image": str(image),
        "modules": str(modules),
        "headers": str(directory),
        "make_args": make_args,
        "suite": series.sources[0].suite,
    }
    (work / "kernel.json").write_text(json.dumps(facts, indent=1))
