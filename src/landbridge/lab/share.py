"""Give the guest this machine's file system, read-only, through virtiofs.

Three daemons do it, none of which can write anything (see share/share.c): the Rust virtiofsd, which
needs no root; QEMU's own C virtiofsd as root; and the same for an ordinary user, as the root of a
user namespace.
"""

from __future__ import annotations

import os
import socket
import tempfile
from dataclasses import dataclass
from pathlib import Path

from landbridge.errors import HostSetupError
from landbridge.lab import tools
from landbridge.lab.process import HostProcess

RUST_DAEMON = Path("/usr/libexec/virtiofsd")
C_DAEMON = Path("/usr/lib/qemu/virtiofsd")
_STARTING = 0.05


@dataclass(slots=True)
class Share:
    """A running file system daemon.

    Attributes:
        process: The daemon.
        socket: Our end, for QEMU to inherit.
    """

    process: HostProcess
    socket: socket.socket

    def qemu_arguments(self) -> list[str]:
        """What makes QEMU offer it to the guest under the tag ``host``."""
        return [
            *("-chardev", f"socket,id=share,fd={self.socket.fileno()}"),
            *("-device", "vhost-user-fs-pci,chardev=share,tag=host"),
        ]


def available() -> bool:
    """Whether a virtiofs daemon is installed."""
    return RUST_DAEMON.exists() or C_DAEMON.exists()


def start() -> Share:
    """Start the daemon that fits this machine and this user.

    Raises:
        HostSetupError: None is installed, or it cannot run here.
    """
    share = str(tools.program("share"))
    root = os.geteuid() == 0
    options = [] if root else ["--own-root"]
    environment = {}
    ours, theirs = _connected()
    with theirs:
        fd = theirs.fileno()
        if RUST_DAEMON.exists():
            daemon = [str(RUST_DAEMON), f"--fd={fd}", "--shared-dir=/", "--sandbox=none", "--cache=always"]
            daemon += ["--log-level=error", "--inode-file-handles=never"]
        elif C_DAEMON.exists():
            settings = "source=/,cache=always,log_level=err,sandbox=chroot"
            daemon = [str(C_DAEMON), f"--fd={fd}", "-o", settings, "--rlimit-nofile=0"]
            if not root:
                environment["LD_PRELOAD"] = str(tools.program("preload"))
        else:
            raise HostSetupError("no virtiofs daemon is installed", fix="apt install virtiofsd")
        process = HostProcess([share, *options, *daemon], pass_fds=[fd], environment=environment)
    if process.ended(within=_STARTING):
        reason = process.messages()
        process.end()
        ours.close()
        raise HostSetupError(
            f"the file system daemon {daemon[0]} cannot run: {reason}",
            fix="allow user namespaces (sysctl user.max_user_namespaces), or run as root",
        )
    return Share(process, ours)


def _connected() -> tuple[socket.socket, socket.socket]:
    """A connected socket for QEMU, and the listening one that the daemon accepts it from.

    The daemon wants to accept, so a path is needed; it is gone before anyone else can use it.
    """
    listener = socket.socket(socket.AF_UNIX)
    client = socket.socket(socket.AF_UNIX)
    with tempfile.TemporaryDirectory(prefix="landbridge-") as folder:
        path = f"{folder}/share"
        listener.bind(path)
        listener.listen(1)
        client.connect(path)
    return client, listener
