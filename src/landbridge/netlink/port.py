"""One netlink socket, bound and set up: the only place that talks to the socket API."""

from __future__ import annotations

import errno
import math
import os
import select
import socket
import struct
import time
from typing import Final, NamedTuple, NoReturn

from landbridge.errors import BusyError, ClosedError, DecodeError, EncodeError, GoneError, OverrunError, kernel_error
from landbridge.netlink import constants as nl
from landbridge.netlink.namespace import Namespace
from landbridge.netlink.statistics import Statistics

_MEMINFO: Final = struct.Struct("=9I")
# Room for any answer seen so far; the pages are not touched until something is received.
BUFFER_SIZE: Final = 256 * 1024


class Memory(NamedTuple):
    """What the kernel accounts to a socket's receive queue.

    Attributes:
        queued: Bytes of kernel memory that the queue holds now; 0 if it is empty.
        limit: Bytes from which on messages are dropped.
        drops: Messages dropped since the socket was made, a u32 that wraps.
    """

    queued: int
    limit: int
    drops: int


class Port:
    """A non-blocking netlink socket with a receive buffer of its own.

    Attributes:
        socket: The socket.
        portid: The port id that the kernel gave it.
        buffer: What :meth:`receive` fills.
        cut: Size of a datagram that did not fit ``buffer``, 0 if there was none.
        statistics: Where forged and truncated messages are counted.
    """

    __slots__ = ("__weakref__", "_poll", "buffer", "cut", "portid", "socket", "statistics")

    def __init__(
        self,
        protocol: int,
        namespace: Namespace,
        statistics: Statistics,
        *,
        portid: int = 0,
        connected: bool = True,
        strict: bool = True,
        receive_buffer: int = 0,
        buffer_size: int = BUFFER_SIZE,
    ) -> None:
        """Open a socket.

        Args:
            protocol: The unit.
            namespace: Where to open it.
            statistics: Where to count.
            portid: The port id to take; 0 lets the kernel choose a free one.
            connected: Take unicast messages from the kernel only: the kernel itself then refuses
                other senders (ECONNREFUSED), and they cannot fill the queue.
            strict: Ask rtnetlink to check dump requests strictly.
            receive_buffer: Bytes for SO_RCVBUF, by force where that is permitted; 0 leaves it.
            buffer_size: First size of ``buffer``, in bytes.

        Raises:
            BusyError: Another socket has the port id.
            UnsupportedError: The kernel has no such protocol.
            KernelError: The kernel refuses for another reason.

        Kernel: net/netlink/af_netlink.c:netlink_bind, netlink_connect, netlink_getsockbyportid.
        """
        self.statistics = statistics
        self.buffer = bytearray(buffer_size)
        self.cut = 0
        self.socket = sock = namespace.socket(protocol)
        try:
            sock.setblocking(False)
            try:
                sock.bind((portid, 0))
            except OSError as error:
                if error.errno == errno.EADDRINUSE:
                    raise BusyError(f"port id {portid} is taken", hint="0 lets the kernel choose") from error
                raise kernel_error(error.errno or 0, f"bind netlink port id {portid}") from error
            if connected:
                sock.connect((0, 0))
            self._set_up(strict)
            if receive_buffer:
                self._set_receive_buffer(receive_buffer)
            self.portid: int = sock.getsockname()[0]
            self._poll = select.poll()
            self._poll.register(sock, select.POLLIN)
        except BaseException:
            sock.close()
            raise

    def _set_up(self, strict: bool) -> None:
        options = [nl.NETLINK_EXT_ACK, nl.NETLINK_CAP_ACK]
        if strict:
            options.append(nl.NETLINK_GET_STRICT_CHK)
        for option in options:
            try:
                self.socket.setsockopt(nl.SOL_NETLINK, option, 1)
            except OSError as error:
                # Kernels before 4.20 lack the newest of these; answers are only less detailed then.
                if error.errno != errno.ENOPROTOOPT:
                    raise

    def _set_receive_buffer(self, size: int) -> None:
        try:
            self.socket.setsockopt(socket.SOL_SOCKET, nl.SO_RCVBUFFORCE, size)
        except PermissionError:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, size)

    def join(self, group: int) -> None:
        """Join a multicast group.

        Args:
            group: Its number, from 1.

        Raises:
            KernelError: EPERM where the group wants a capability, EINVAL for an unknown group.

        Kernel: net/netlink/af_netlink.c:netlink_setsockopt.
        """
        try:
            self.socket.setsockopt(nl.SOL_NETLINK, nl.NETLINK_ADD_MEMBERSHIP, group)
        except OSError as error:
            raise kernel_error(error.errno or 0, f"join netlink multicast group {group}") from error

    def memory(self) -> Memory:
        """Read what the kernel accounts to the receive queue.

        Kernel: net/core/sock.c:sk_get_meminfo.
        """
        raw = self.socket.getsockopt(socket.SOL_SOCKET, nl.SO_MEMINFO, _MEMINFO.size)
        info = _MEMINFO.unpack(raw)
        return Memory(info[nl.SK_MEMINFO_RMEM_ALLOC], info[nl.SK_MEMINFO_RCVBUF], info[nl.SK_MEMINFO_DROPS])

    def send(self, data: bytes) -> None:
        """Send requests to the kernel, which carries them out before this returns.

        Raises:
            EncodeError: They are larger than the kernel's limit for a message.
            GoneError: The kernel end of a raw protocol unit went away.
            KernelError: The kernel refuses.
        """
        try:
            self.socket.send(data)
        except OSError as error:
            self.send_failed(data, error)

    def send_failed(self, data: bytes, error: OSError) -> None:
        """Handle an error of ``socket.send``: send again with more room, or say what is wrong."""
        if error.errno == errno.EMSGSIZE:
            self._send_large(data, error)
        elif error.errno == errno.ECONNREFUSED:
            raise GoneError("nobody listens in the kernel: the netlink protocol was unregistered") from error
        elif error.errno == errno.EBADF:
            raise ClosedError("the netlink socket was closed") from error
        else:
            raise kernel_error(error.errno or 0, "send to the kernel") from error

    def _send_large(self, data: bytes, error: OSError) -> None:
        # The kernel keeps 32 bytes for itself and doubles what is asked for.
        try:
            self.socket.setsockopt(socket.SOL_SOCKET, nl.SO_SNDBUFFORCE, len(data))
        except PermissionError:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, len(data))
        limit = self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) - 32
        if len(data) > limit:
            raise EncodeError(
                f"the request has {len(data)} bytes, the kernel takes {limit}",
                hint="split it, or raise net.core.wmem_max, or run with CAP_NET_ADMIN",
            ) from error
        try:
            self.socket.send(data)
        except OSError as again:
            raise kernel_error(again.errno or 0, f"send {len(data)} bytes to the kernel") from again

    def receive(self) -> int:
        """Receive one datagram that the kernel sent into ``buffer``.

        Returns:
            Its size in bytes; 0 if none is there.

        Raises:
            OverrunError: The kernel had to drop messages for this socket. The queue still holds
                those from before: receive until 0.
            DecodeError: The datagram did not fit; it is lost, and the buffer has been grown.
            KernelError: The socket reports another error.
        """
        while True:
            buffer = self.buffer
            try:
                size, sender = self.socket.recvfrom_into(buffer, 0, socket.MSG_TRUNC)
            except BlockingIOError:
                return 0
            except OSError as error:
                self.receive_failed(error)
            else:
                if self.accept(size, sender[0]):
                    return size

    def receive_failed(self, error: OSError) -> NoReturn:
        """Say what an error of ``socket.recvfrom_into`` means."""
        if error.errno == errno.ENOBUFS:
            self.statistics.overruns += 1
            raise OverrunError("the receive buffer was full, the kernel dropped messages", lost=None) from error
        if error.errno == errno.EBADF:
            raise ClosedError("the netlink socket was closed") from error
        raise kernel_error(error.errno or 0, "receive from the kernel") from error

    def accept(self, size: int, sender: int) -> bool:
        """Decide whether a datagram counts.

        Args:
            size: Its full size in bytes.
            sender: The port id that sent it; the kernel's own is 0.

        Returns:
            Whether it is from the kernel, and not empty.

        Raises:
            DecodeError: It is larger than the buffer; what did not fit is lost, the buffer has been grown.
        """
        if sender:
            self.statistics.forged += 1
            return False
        had = len(self.buffer)
        if size <= had:
            return size > 0
        self.statistics.truncated += 1
        self.cut = size
        self.buffer = bytearray(2 * size)
        raise DecodeError(
            f"a message of {size} bytes was cut: the receive buffer had {had}; it has been grown, ask again", offset=had
        )

    def wait(self, deadline: float) -> bool:
        """Wait until something can be received.

        Args:
            deadline: When to give up, in seconds of time.monotonic().

        Returns:
            Whether something is there.
        """
        # poll() counts in ms and Python rounds up; a signal handler that returns does not end it.
        left = None if deadline == math.inf else max(0.0, deadline - time.monotonic()) * 1000
        return bool(self._poll.poll(left))

    def close(self) -> None:
        """Close the socket."""
        self.socket.close()

    def __repr__(self) -> str:
        return f"<Port {getattr(self, 'portid', '?')} fd {self.socket.fileno()} pid {os.getpid()}>"
