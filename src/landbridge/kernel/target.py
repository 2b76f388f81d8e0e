"""What a module is built against."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from landbridge.errors import UnsupportedError
from landbridge.kernel import probes


@dataclass(frozen=True, slots=True)
class KernelTarget:
    """Everything that is needed to build a module for one kernel.

    A module is built by ``make -C {headers} M={directory} {make_args} modules``.

    Attributes:
        release: The kernel's own name for itself, as ``uname -r`` prints it.
        headers: Its build directory, what ``/lib/modules/RELEASE/build`` is on an installed kernel.
        make_args: Arguments for every ``make`` there, such as ``CC=gcc-12``.
    """

    release: str
    headers: Path
    make_args: tuple[str, ...] = ()

    @property
    def version(self) -> tuple[int, int]:
        """The first two numbers of the release, such as (6, 1)."""
        return version_of(self.release)

    @classmethod
    def here(cls) -> KernelTarget:
        """The kernel of this machine.

        Raises:
            UnsupportedError: It loads no modules, or none that are not signed, or its headers are
                not installed.

        Kernel: Documentation/kbuild/modules.rst
        """
        release = os.uname().release
        _refuse_without_modules(release)
        build = Path("/lib/modules") / release / "build"
        if not (build / "Makefile").is_file():
            raise UnsupportedError(
                f"the headers of the running kernel {release} are missing: {build} is not there",
                feature="kernel headers",
                hint=f"apt install linux-headers-{release}, or run in a throwaway kernel: landbridge run",
            )
        return cls(release=release, headers=build.resolve())


def version_of(release: str) -> tuple[int, int]:
    """The first two numbers of a release: (6, 1) of ``6.1.0-56-cloud-amd64``.

    Raises:
        ValueError: It does not begin with two numbers.
    """
    major, _, rest = release.partition(".")
    digits = rest[: len(rest) - len(rest.lstrip("0123456789"))]
    if not (major.isdigit() and digits):
        raise ValueError(f"{release!r} does not begin with a kernel version such as 6.1")
    return int(major), int(digits)


def _refuse_without_modules(release: str) -> None:
    """Say no before a build, not after it."""
    lab = "run in a throwaway kernel instead: landbridge run"
    if probes.loadable_modules() is probes.Answer.NO:
        raise UnsupportedError(
            f"the running kernel {release} cannot load modules",
            feature="loadable modules",
            kconfig="CONFIG_MODULES",
            hint=lab,
        )
    if probes.modules_disabled() is probes.Answer.YES:
        raise UnsupportedError(
            f"module loading is switched off on the running kernel {release} until it boots again"
            " (kernel.modules_disabled=1)",
            feature="loadable modules",
            hint=f"boot again without that sysctl, or {lab}",
        )
    if probes.signature_enforced() is probes.Answer.YES:
        raise UnsupportedError(
            f"the running kernel {release} loads signed modules only (module.sig_enforce=1)",
            feature="unsigned modules",
            hint=f"boot without module.sig_enforce=1, or {lab}",
        )
    if probes.locked_down() is probes.Answer.YES:
        raise UnsupportedError(
            f"the running kernel {release} is locked down and loads signed modules only (Secure Boot implies it)",
            feature="unsigned modules",
            hint=f"switch Secure Boot off, or {lab}",
        )
