"""The sockets behind one NetlinkSocket: one for requests, others for dumps and for calls within calls."""

from __future__ import annotations

import weakref
from typing import Final

from landbridge.errors import ClosedError
from landbridge.netlink.namespace import Namespace
from landbridge.netlink.port import BUFFER_SIZE, Port
from landbridge.netlink.statistics import Statistics

_MAX_IDLE: Final = 4


class PortPool:
    """Opens ports of one protocol in one network namespace, and keeps a few for the next use.

    Attributes:
        protocol: The unit.
        namespace: Where the ports are opened.
        statistics: Shared by all ports.
        closed: No port may be had any more.
    """

    __slots__ = ("_idle", "_ports", "_receive_buffer", "_strict", "closed", "namespace", "protocol", "statistics")

    def __init__(
        self, protocol: int, namespace: Namespace, statistics: Statistics, *, strict: bool, receive_buffer: int
    ) -> None:
        """Start without ports; the arguments are those of NetlinkSocket."""
        self.protocol = protocol
        self.namespace = namespace
        self.statistics = statistics
        self.closed = False
        self._strict = strict
        self._receive_buffer = receive_buffer
        # Weakly: one that nobody holds any more, because its user was interrupted, closes itself.
        self._ports: weakref.WeakSet[Port] = weakref.WeakSet()
        self._idle: list[Port] = []

    def open(self, portid: int = 0, buffer_size: int = BUFFER_SIZE) -> Port:
        """Open a port.

        Raises:
            ClosedError: The pool was closed.
            UnsupportedError, BusyError, KernelError: As :class:`Port`.
        """
        if self.closed:
            raise ClosedError(f"the netlink socket of protocol {self.protocol} was closed")
        port = Port(
            self.protocol,
            self.namespace,
            self.statistics,
            portid=portid,
            strict=self._strict,
            receive_buffer=self._receive_buffer,
            buffer_size=buffer_size,
        )
        self._ports.add(port)
        return port

    def borrow(self) -> Port:
        """Take an idle port, or open one. Threads need no lock for it."""
        if self.closed:
            raise ClosedError(f"the netlink socket of protocol {self.protocol} was closed")
        try:
            return self._idle.pop()
        except IndexError:
            return self.open()

    def give_back(self, port: Port) -> None:
        """Return a port on which nothing is expected any more."""
        if self.closed or port not in self._ports or len(self._idle) >= _MAX_IDLE:
            self.drop(port)
        else:
            self._idle.append(port)

    def drop(self, port: Port) -> None:
        """Close a port, with all that may still arrive on it."""
        self._ports.discard(port)
        port.close()

    def close(self) -> None:
        """Close all ports."""
        self.closed = True
        self.forget()
        self.namespace.close()

    def forget(self) -> None:
        """Close all ports, but let new ones be opened (in a forked child)."""
        ports, self._ports, self._idle = list(self._ports), weakref.WeakSet(), []
        for port in ports:
            port.close()
