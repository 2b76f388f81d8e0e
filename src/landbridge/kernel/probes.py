"""Questions to the running kernel, each with three answers: yes, no, can't tell."""

from __future__ import annotations

import enum
import gzip
import os
from pathlib import Path


class Answer(enum.Enum):
    """What a probe found out."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "can't tell"

    def __bool__(self) -> bool:
        raise TypeError("an Answer has three values: compare it with Answer.YES or Answer.NO")

    @classmethod
    def of(cls, truth: bool) -> Answer:
        """YES or NO."""
        return cls.YES if truth else cls.NO


def loadable_modules(proc: Path = Path("/proc")) -> Answer:
    """Whether the kernel can load modules at all.

    Kernel: kernel/module/procfs.c: /proc/modules is there only with CONFIG_MODULES.
    """
    if not (proc / "version").exists():
        return Answer.UNKNOWN
    return Answer.of((proc / "modules").exists())


def modules_disabled(proc: Path = Path("/proc")) -> Answer:
    """Whether ``kernel.modules_disabled`` is set, which nothing but a reboot takes back.

    Kernel: kernel/module/main.c:modules_disabled
    """
    return _flag(proc / "sys/kernel/modules_disabled", yes="1")


def signature_enforced(sys: Path = Path("/sys")) -> Answer:
    """Whether only signed modules load (``module.sig_enforce``).

    Kernel: kernel/module/signing.c:sig_enforce
    """
    return _flag(sys / "module/module/parameters/sig_enforce", yes="Y")


def locked_down(sys: Path = Path("/sys")) -> Answer:
    """Whether the kernel is locked down, which refuses unsigned modules.

    Kernel: security/lockdown/lockdown.c:lockdown_read
    """
    text = _read(sys / "kernel/security/lockdown")
    if text is None:
        # securityfs may be unmounted, or the kernel may have no lockdown.
        return Answer.UNKNOWN
    return Answer.of("[none]" not in text)


def configured(symbol: str, *, release: str | None = None) -> Answer:
    """Whether a kernel configuration symbol is on (``y`` or ``m``) in the running kernel.

    Args:
        symbol: With its prefix: ``CONFIG_NETFILTER``.
        release: Another kernel whose configuration lies in ``/boot``.
    """
    text = _config(release)
    if text is None:
        return Answer.UNKNOWN
    lines = text.splitlines()
    return Answer.of(f"{symbol}=y" in lines or f"{symbol}=m" in lines)


def _config(release: str | None) -> str | None:
    if release is None:
        try:
            return gzip.decompress(Path("/proc/config.gz").read_bytes()).decode()
        except OSError:
            release = os.uname().release
    return _read(Path("/boot") / f"config-{release}")


def _flag(path: Path, *, yes: str) -> Answer:
    text = _read(path)
    return Answer.UNKNOWN if text is None else Answer.of(text.strip() == yes)


def _read(path: Path) -> str | None:
    try:
        return path.read_text()
    except OSError:
        return None
