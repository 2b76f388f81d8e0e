"""Load a module into the running kernel, and unload it for certain."""

from __future__ import annotations

import contextlib
import errno as errno_module
import os
import time
import weakref
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from landbridge.errors import BusyError, LoadError
from landbridge.kernel import probes
from landbridge.kernel.probes import Answer
from landbridge.module import syscalls

UNLOAD_TIMEOUT_S = 5.0
"""How long :func:`unload` waits for those who still use the module."""


class Loaded:
    """A module that this process loaded; it is unloaded at :meth:`close`, or at the latest when Python ends.

    A context manager. A process forked from this one does not unload it.

    Attributes:
        name: Its name.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._finalizer = weakref.finalize(self, _unload_ours, name, os.getpid())

    def close(self) -> None:
        """Unload it; do nothing if it is gone already.

        Raises:
            BusyError: Somebody still uses it; calling again tries again.
        """
        if self._finalizer.alive:
            if is_loaded(self.name):
                unload(self.name)
            self._finalizer.detach()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def load(path: Path, *, parameters: str = "", explain: Callable[[int], str | None] | None = None) -> Loaded:
    """Load a module into the running kernel.

    Args:
        path: The ``.ko`` file; the module has its name.
        parameters: Module parameters, ``name=value`` with spaces between.
        explain: Says more about an errno on the account of what the module registers.

    Returns:
        The loaded module, which unloads it when it is closed.

    Raises:
        LoadError: The kernel refused; says why, as far as the kernel does, and what helps.

    Kernel: kernel/module/main.c:load_module
    """
    name = path.stem
    if is_loaded(name):
        raise _refused(name, errno_module.EEXIST, [], None)
    log = syscalls.KernelLog()
    try:
        number = syscalls.finit_module(path, parameters)
        if number == 0:
            return Loaded(name)
    except BaseException:
        # Ctrl-C may come after the kernel's answer and before we see it.
        if is_loaded(name):
            unload(name)
        raise
    finally:
        lines = log.lines()
    raise _refused(name, number, [each for each in lines if name in each], explain(number) if explain else None)


def unload(name: str, *, timeout: float = UNLOAD_TIMEOUT_S) -> None:
    """Unload a module; wait for a short while if somebody is just about to let go of it.

    Args:
        name: Its name.
        timeout: Seconds to wait.

    Raises:
        BusyError: Somebody still uses it.
        LoadError: The kernel refused for another reason, or it is not loaded.
    """
    end = time.monotonic() + timeout
    pause = 0.001
    while True:
        number = syscalls.delete_module(name)
        if number == 0:
            return
        if number not in (errno_module.EAGAIN, errno_module.EBUSY):
            raise _not_unloaded(name, number)
        if time.monotonic() > end:
            raise BusyError(
                f"module {name} is in use ({_users(name)}) and was not unloaded",
                hint="close what uses it (sockets, files, other modules), then close() again or: rmmod " + name,
            )
        time.sleep(pause)
        pause = min(pause * 2, 0.1)


def is_loaded(name: str) -> bool:
    """Whether a module of that name is loaded, or built in."""
    return Path("/sys/module", name, "initstate").exists()


def reference_count(name: str) -> int | None:
    """How many uses hold a module; None if it is not loaded, or cannot be unloaded."""
    try:
        return int(Path("/sys/module", name, "refcnt").read_text())
    except (OSError, ValueError):
        return None


def _unload_ours(name: str, pid: int) -> None:
    """The last chance, when Python ends: nobody is left to tell about a failure but standard error."""
    if os.getpid() == pid and is_loaded(name):
        unload(name, timeout=1.0)


def _users(name: str) -> str:
    holders: list[str] = []
    with contextlib.suppress(OSError):
        holders = sorted(each.name for each in Path("/sys/module", name, "holders").iterdir())
    count = reference_count(name)
    uses = f"{count} use{'' if count == 1 else 's'}"
    return f"{uses}, by modules {', '.join(holders)}" if holders else uses


def _not_unloaded(name: str, number: int) -> LoadError:
    what = f"module {name} was not unloaded"
    if number == errno_module.ENOENT:
        return LoadError(f"{what}: it is not loaded", errno=number)
    if number == errno_module.EPERM:
        return LoadError(f"{what}: that needs CAP_SYS_MODULE", errno=number, hint="run as root")
    return LoadError(f"{what}: {os.strerror(number)}", errno=number)


def _refused(name: str, number: int, log: list[str], more: str | None) -> LoadError:
    """Name the cause of a refusal and what mends it."""
    reason, hint = _reason(name, number)
    if more:
        reason = f"{reason}: {more}" if reason else more
    said = "".join(f"\nkernel: {each}" for each in log)
    code = errno_module.errorcode.get(number, str(number))
    text = f"module {name} was not loaded: {reason or os.strerror(number)} [{code}]{said}"
    return LoadError(text, errno=number, hint=hint)


def _reason(name: str, number: int) -> tuple[str | None, str | None]:
    lab = "run it in a throwaway kernel: landbridge run"
    match number:
        case errno_module.EPERM:
            return _not_permitted(lab)
        case errno_module.EKEYREJECTED | errno_module.ENOKEY | errno_module.EBADMSG:
            return (
                "this kernel takes signed modules only (module.sig_enforce=1, or it is locked down)",
                f"boot without module.sig_enforce=1, sign the module with a key that the kernel knows, or {lab}",
            )
        case errno_module.EEXIST:
            return (
                f"a module called {name} is loaded already",
                f"join it with lb.attach(), or unload it: rmmod {name}",
            )
        case errno_module.ENOEXEC:
            return (
                f"it was not built for this kernel ({os.uname().release})",
                "build it against the headers of the running kernel; landbridge doctor says which those are",
            )
        case errno_module.EBUSY:
            return "what it registers is taken", "unload the other owner, or choose other numbers in over="
        case errno_module.ENOENT:
            return "it needs a function that this kernel does not have, or not for modules", None
        case errno_module.ENOMEM:
            return "the kernel has no memory for it", "declare fewer entries= in its Maps, or free memory"
        case _:
            return None, None


def _not_permitted(lab: str) -> tuple[str, str]:
    if probes.modules_disabled() is Answer.YES:
        return "kernel.modules_disabled=1 until the next boot", f"boot again without it, or {lab}"
    if os.geteuid() == 0 and probes.locked_down() is Answer.YES:
        return "this kernel is locked down (Secure Boot implies it)", f"switch Secure Boot off, or {lab}"
    return "loading modules needs CAP_SYS_MODULE", f"run as root, or {lab}"
