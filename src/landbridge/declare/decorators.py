"""The decorators that turn a method into a handler of the kernel end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar, cast, overload

from landbridge.declare.members import CommandHandler, NetfilterHandler, Table, TimerHandler
from landbridge.spec import Capability
from landbridge.types import Struct

F = TypeVar("F", bound=Callable[..., Any])
R = TypeVar("R", bound=Struct)

CAP_NET_ADMIN = Capability.CAP_NET_ADMIN


@overload
def command(function: F) -> F: ...
@overload
def command(*, number: int | None = None, capability: Capability | None = CAP_NET_ADMIN) -> Callable[[F], F]: ...
def command(
    function: Callable[..., Any] | None = None,
    *,
    number: int | None = None,
    capability: Capability | None = CAP_NET_ADMIN,
) -> Any:
    """Declare a request that users make and the kernel end answers.

    Args:
        number: Number on channels that number members, from 1; given in order unless told. A command
            without and one with a result may share a number (a set and a get).
        capability: What the caller needs; None: nothing.
    """
    if function is not None:
        return CommandHandler(function, number=None, capability=CAP_NET_ADMIN)
    return lambda inner: CommandHandler(inner, number=number, capability=capability)


@overload
def table(function: Callable[[Any], Iterator[R]]) -> Table[R]: ...
@overload
def table(
    *, number: int | None = None, capability: Capability | None = CAP_NET_ADMIN
) -> Callable[[Callable[[Any], Iterator[R]]], Table[R]]: ...
def table(
    function: Callable[..., Any] | None = None,
    *,
    number: int | None = None,
    capability: Capability | None = CAP_NET_ADMIN,
) -> Any:
    """Declare records that users read in one pass; the method is a generator of a Struct.

    Args:
        number, capability: As for :func:`command`.
    """
    if function is not None:
        return Table(function, number=None, capability=CAP_NET_ADMIN)
    return lambda inner: Table(inner, number=number, capability=capability)


def on_netfilter(*, hook: int, family: int = 2, priority: int = 0) -> Callable[[F], F]:
    """Declare a handler that netfilter calls for each packet: ``def watch(self, skb: lb.Skb) -> lb.Verdict``.

    Args:
        hook: ``lb.NF_INET_PRE_ROUTING`` and so on.
        family: ``lb.NFPROTO_IPV4``, ``lb.NFPROTO_IPV6`` or ``lb.NFPROTO_INET`` (both).
        priority: Order among the hooks, lowest first; ``lb.NF_IP_PRI_FILTER`` is 0.
    """

    def declare(function: F) -> F:
        return cast(F, NetfilterHandler(function, hook=hook, family=family, priority=priority))

    return declare


def on_timer(*, interval_ms: int) -> Callable[[F], F]:
    """Declare a handler that runs again and again: ``def tick(self) -> None``.

    Args:
        interval_ms: Milliseconds between runs, 1 to 86,400,000. The first run is one interval after load.
    """

    def declare(function: F) -> F:
        return cast(F, TimerHandler(function, interval_ms=interval_ms))

    return declare
