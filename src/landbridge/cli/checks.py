"""What a machine has or lacks: one function per thing, each with the command that mends it."""

from __future__ import annotations

import enum
import importlib.util
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from landbridge.errors import HostSetupError, LandbridgeError
from landbridge.kernel import probes
from landbridge.kernel.probes import Answer
from landbridge.lab import tools

KERNELS = "kernels for guests"
_CAP_SYS_MODULE = 16
_MIRROR_TIMEOUT = 5.0


class Need(enum.StrEnum):
    """What a thing is needed for."""

    RUN = "run"
    HERE = "here"
    FETCH = "fetch"
    SPEED = "speed"


class State(enum.StrEnum):
    """What was found."""

    OK = "ok"
    MISSING = "missing"
    UNKNOWN = "can't tell"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        thing: What.
        need: What it is needed for: ``run`` in throwaway kernels, ``here`` on this machine's kernel,
            ``fetch`` of kernels, ``speed``.
        state: What was found.
        detail: Version, path, or what is wrong.
        fix: The command or step that mends it, or empty.
    """

    thing: str
    need: Need
    state: State
    detail: str
    fix: str = ""


def all_findings() -> Iterator[Finding]:
    """Look at everything."""
    for check in _CHECKS:
        yield from check()


def able_to_run(findings: Sequence[Finding]) -> bool:
    """Whether throwaway kernels can run here: all programs, and a kernel or a way to fetch one."""
    missing = {each.thing: each.need for each in findings if each.state is State.MISSING}
    if Need.RUN in missing.values():
        return False
    return KERNELS not in missing or list(missing.values()).count(Need.FETCH) == 1


def _python() -> Iterator[Finding]:
    version = sys.version.split()[0]
    ok = sys.version_info >= (3, 11)
    yield _found("Python", Need.RUN, ok, f"{version} at {sys.executable}", "apt install python3.11")
    if importlib.util.find_spec("jinja2") is None:
        yield Finding(
            "jinja2", Need.RUN, State.MISSING, "the templates of the kernel end need it", "pip install jinja2"
        )


def _programs() -> Iterator[Finding]:
    for program, need, purpose in (
        ("qemu-system-x86_64", Need.RUN, "run throwaway kernels"),
        ("gcc", Need.RUN, "compile modules, and what runs in guests"),
        ("make", Need.RUN, "drive the kernel's build"),
        ("setpriv", Need.RUN, "end QEMU with the command that started it"),
        ("depmod", Need.FETCH, "index a kernel's modules"),
        ("dpkg-deb", Need.FETCH, "unpack kernels"),
    ):
        try:
            yield Finding(program, need, State.OK, tools.need(program, purpose))
        except HostSetupError as error:
            yield Finding(program, need, State.MISSING, f"needed to {purpose}", error.fix)


def _file_sharing() -> Iterator[Finding]:
    from landbridge.lab import share

    erofs = tools.find("mkfs.erofs")
    virtiofs = share.available()
    detail = ", ".join(name for name, there in (("virtiofsd", virtiofs), ("mkfs.erofs", erofs)) if there)
    yield _found(
        "file sharing",
        Need.RUN,
        bool(virtiofs or erofs),
        detail or "neither virtiofsd nor mkfs.erofs, to show this machine's files to guests",
        "apt install erofs-utils, or virtiofsd",
    )


def _kvm() -> Iterator[Finding]:
    device = Path("/dev/kvm")
    emulated = "guests are emulated, which is slower"
    if not device.exists():
        yield Finding(
            "KVM", Need.SPEED, State.MISSING, f"no {device}: {emulated}", "switch virtualisation on, if you can"
        )
    elif not os.access(device, os.R_OK | os.W_OK):
        yield Finding(
            "KVM", Need.SPEED, State.MISSING, f"{device} is not ours: {emulated}", f"usermod -aG kvm {_user()}"
        )
    else:
        yield from _kvm_works(emulated)


def _kvm_works(emulated: str) -> Iterator[Finding]:
    """The device alone proves nothing: boot something."""
    from landbridge.lab import accel, initramfs, kernels
    from landbridge.lab.modules import ModuleTree

    kernel = next(iter(kernels.available()), None)
    if kernel is None:
        yield Finding("KVM", Need.SPEED, State.UNKNOWN, "no kernel here yet to try it with")
        return
    try:
        tree = ModuleTree(kernel.modules) if kernel.modules else None
        works = accel.kvm_works(kernel, initramfs.build(tree, initramfs.TRANSPORT))
    except LandbridgeError as error:
        yield Finding("KVM", Need.SPEED, State.UNKNOWN, error.message)
        return
    detail = "guests run on the processor itself" if works else f"/dev/kvm is there, but no guest starts: {emulated}"
    yield Finding("KVM", Need.SPEED, State.OK if works else State.MISSING, detail)


def _kernels() -> Iterator[Finding]:
    from landbridge.lab import kernels

    here = kernels.available()
    usable = [each for each in here if each.target is not None]
    names = ", ".join(f"{each.release} ({each.origin})" for each in usable)
    # The first run fetches one, so that none is no obstacle where apt works.
    yield _found(
        KERNELS,
        Need.FETCH,
        bool(usable),
        names or "none yet; the first run fetches one",
        f"landbridge lab fetch {kernels.DEFAULT}",
    )


def _mirror() -> Iterator[Finding]:
    from landbridge.lab import apt_sources

    apt = tools.find("apt-get")
    yield _found(
        "apt", Need.FETCH, apt is not None, apt or "fetches kernels", "use --kernel with the path of a bzImage"
    )
    if apt is None:
        return
    try:
        mirror = apt_sources.mirrors().main
    except HostSetupError as error:
        yield Finding("Debian's keys", Need.FETCH, State.MISSING, error.message, error.fix)
        return
    address = f"{mirror.rstrip('/')}/dists/bookworm/InRelease"
    try:
        with urllib.request.urlopen(urllib.request.Request(address, method="HEAD"), timeout=_MIRROR_TIMEOUT):
            yield Finding("Debian mirror", Need.FETCH, State.OK, mirror)
    except (OSError, ValueError) as error:
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        yield Finding("Debian mirror", Need.FETCH, State.UNKNOWN, f"{mirror}: {reason}", "apt-get update shows more")


def _this_kernel() -> Iterator[Finding]:
    release = os.uname().release
    if probes.loadable_modules() is Answer.NO:
        detail = f"{release} was built without CONFIG_MODULES"
        yield Finding("modules", Need.HERE, State.MISSING, detail, "use a throwaway kernel: landbridge run")
        return
    yield _allowed("module loading", probes.modules_disabled(), "kernel.modules_disabled=1", "boot again without it")
    yield _allowed("unsigned modules", probes.signature_enforced(), "module.sig_enforce=1", "boot without it")
    locked = probes.locked_down()
    if locked is not Answer.UNKNOWN:
        yield _allowed("no lockdown", locked, "unsigned modules are refused", "switch Secure Boot off")
    build = Path("/lib/modules") / release / "build"
    there = (build / "Makefile").is_file()
    yield _found("kernel headers", Need.HERE, there, str(build), f"apt install linux-headers-{release}")
    yield _found("privilege", Need.HERE, may_load(), "CAP_SYS_MODULE loads modules", "sudo landbridge run --here ...")


def may_load() -> bool:
    """Whether this process may load modules, as far as capabilities go."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return os.geteuid() == 0
    mask = next((line.split()[1] for line in status.splitlines() if line.startswith("CapEff:")), "0")
    return bool(int(mask, 16) >> _CAP_SYS_MODULE & 1)


def _user() -> str:
    return os.environ.get("USER", "$USER")


def _found(thing: str, need: Need, there: bool, detail: str, fix: str) -> Finding:
    return Finding(thing, need, State.OK if there else State.MISSING, detail, "" if there else fix)


def _allowed(thing: str, forbidden: Answer, how: str, fix: str) -> Finding:
    if forbidden is Answer.UNKNOWN:
        return Finding(thing, Need.HERE, State.UNKNOWN, "the kernel does not say")
    if forbidden is Answer.YES:
        return Finding(thing, Need.HERE, State.MISSING, how, fix)
    return Finding(thing, Need.HERE, State.OK, "yes")


_CHECKS: tuple[Callable[[], Iterator[Finding]], ...] = (
    _python,
    _programs,
    _file_sharing,
    _kernels,
    _mirror,
    _kvm,
    _this_kernel,
)
