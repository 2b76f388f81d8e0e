"""The network namespace that sockets belong to.

A socket keeps the namespace it was born in, whatever its process does later. Whoever opens a
second socket for the first one's sake (after a fork, for a dump) must open it in the same one.
"""

from __future__ import annotations

import os
import socket
import threading
from typing import Final

from landbridge.errors import UnsupportedError, kernel_error

_HERE: Final = "/proc/thread-self/ns/net"
_CLONE_NEWNET: Final = 0x40000000


class Namespace:
    """A network namespace, held open.

    Attributes:
        inode: Inode number that identifies it, as in ``ls -i /proc/PID/ns/net``; 0 if unknown
            because /proc is not mounted.
    """

    __slots__ = ("_descriptor", "inode")

    def __init__(self, path: str | None = None) -> None:
        """Open a namespace.

        Args:
            path: Its file, such as ``/run/netns/blue`` or ``/proc/1234/ns/net``; default the
                namespace of the calling thread.

        Raises:
            KernelError: There is no such file, or it may not be opened.
        """
        self._descriptor = -1
        self.inode = 0
        try:
            self._descriptor = os.open(path or _HERE, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            if path is None and isinstance(error, FileNotFoundError):
                return
            raise kernel_error(error.errno or 0, f"open network namespace {path or _HERE}") from error
        self.inode = os.fstat(self._descriptor).st_ino

    def is_here(self) -> bool:
        """Whether the calling thread is in it."""
        if not self.inode:
            return True
        return os.stat(_HERE).st_ino == self.inode  # noqa: PTH116 - pathlib costs more than the system call

    def socket(self, protocol: int) -> socket.socket:
        """Open a netlink socket in this namespace.

        Args:
            protocol: The unit: 0 for rtnetlink, 16 for generic netlink.

        Raises:
            UnsupportedError: The kernel has no such protocol.
            KernelError: The kernel refuses; EPERM without CAP_SYS_ADMIN where the calling thread is
                in another namespace.

        Kernel: net/netlink/af_netlink.c:netlink_create, kernel/nsproxy.c:setns.
        """
        if self.is_here():
            return _open(protocol)
        # setns() moves one thread; a thread of its own leaves the caller where it is.
        result: list[socket.socket | BaseException] = []

        import ctypes  # noqa: PLC0415 - costs ms, and few programs switch namespaces

        def helper() -> None:
            try:
                libc = ctypes.CDLL(None, use_errno=True)
                if libc.setns(self._descriptor, _CLONE_NEWNET):
                    raise kernel_error(ctypes.get_errno(), "enter network namespace", hint="needs CAP_SYS_ADMIN")
                result.append(_open(protocol))
            except BaseException as error:  # handed to the caller as it is
                result.append(error)

        thread = threading.Thread(target=helper, name="landbridge-netns")
        thread.start()
        thread.join()
        if isinstance(result[0], BaseException):
            raise result[0]
        return result[0]

    def close(self) -> None:
        """Let go of the namespace; sockets that were opened in it stay."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)


def _open(protocol: int) -> socket.socket:
    try:
        return socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, protocol)
    except OSError as error:
        if error.errno == 93:  # EPROTONOSUPPORT
            raise UnsupportedError(
                f"this kernel has no netlink protocol {protocol}",
                feature=f"netlink protocol {protocol}",
                hint="load the module that registers it",
            ) from error
        raise kernel_error(error.errno or 0, f"open a netlink socket for protocol {protocol}") from error
