"""The system calls that load and unload modules; no kmod is needed."""

from __future__ import annotations

import contextlib
import ctypes
import functools
import os
import platform
from collections.abc import Callable
from pathlib import Path

from landbridge.errors import UnsupportedError

# finit_module, delete_module (arch/x86/entry/syscalls/syscall_64.tbl, include/uapi/asm-generic/unistd.h, ...)
_GENERIC = (273, 106)
_NUMBERS = {
    "x86_64": (313, 176),
    "i386": (350, 129),
    "i686": (350, 129),
    "aarch64": _GENERIC,
    "riscv64": _GENERIC,
    "loongarch64": _GENERIC,
    "armv7l": (379, 129),
    "ppc64le": (353, 129),
    "s390x": (344, 129),
}


@functools.cache
def _calls() -> tuple[Callable[..., int], int, int]:
    machine = platform.machine()
    if machine not in _NUMBERS:
        raise UnsupportedError(f"the numbers of this machine's system calls are not known: {machine}", feature=machine)
    function = ctypes.CDLL(None, use_errno=True).syscall
    function.restype = ctypes.c_long
    return function, *_NUMBERS[machine]


def finit_module(path: Path, parameters: str) -> int:
    """Load a module. Gives 0 or an errno.

    Kernel: kernel/module/main.c:finit_module, since 3.8.
    """
    call, number, _ = _calls()
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        result = call(ctypes.c_long(number), ctypes.c_int(fd), ctypes.c_char_p(parameters.encode()), ctypes.c_int(0))
        return ctypes.get_errno() if result else 0
    finally:
        os.close(fd)


def delete_module(name: str) -> int:
    """Unload a module that nobody uses, without waiting. Gives 0 or an errno.

    Kernel: kernel/module/main.c:delete_module
    """
    call, _, number = _calls()
    result = call(ctypes.c_long(number), ctypes.c_char_p(name.encode()), ctypes.c_int(os.O_NONBLOCK))
    return ctypes.get_errno() if result else 0


class KernelLog:
    """The lines that the kernel logs from now on; none where the log may not be read."""

    def __init__(self) -> None:
        self._fd = -1
        with contextlib.suppress(OSError):
            self._fd = os.open("/dev/kmsg", os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            os.lseek(self._fd, 0, os.SEEK_END)

    def lines(self) -> list[str]:
        """The text of the lines since then; closes the log."""
        found: list[str] = []
        if self._fd < 0:
            return found
        with contextlib.suppress(OSError):  # EAGAIN: that was the last
            while True:
                record = os.read(self._fd, 8192).decode("utf-8", "replace")
                found.append(record.partition(";")[2].partition("\n")[0])
        self.close()
        return found

    def close(self) -> None:
        """Close the log."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
