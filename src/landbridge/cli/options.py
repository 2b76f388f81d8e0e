"""Arguments and options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from landbridge.channels.placement import Over, Placement
    from landbridge.cli.appfile import App
    from landbridge.kernel import KernelTarget
    from landbridge.lab import GuestKernel

F = TypeVar("F", bound=Callable[..., Any])

app = click.argument("app", metavar="APP.PY[:CLASS]")
kernel = click.option(
    "--kernel",
    default="6.1",
    show_default=True,
    metavar="VERSION|RELEASE|PATH",
    help="What it is for; fetched from Debian if it is not here.",
)


def _parse_over(ctx: click.Context, param: click.Parameter, value: str | None) -> Over | None:
    if value is None:
        return None
    from landbridge.cli.over import parse

    return parse(value)


over = click.option(
    "--over",
    metavar="CHANNELS",
    callback=_parse_over,
    help="sockopt, netlink, netlink:unit=24, sockopt:base=0x4c00,pf=PF_INET6, or by member: limit=sockopt,...=netlink. "
    "By default, the file's variable OVER; else for each member the first channel that can.",
)


def placed(argument: str, wanted: Over | None) -> tuple[App, Placement]:
    """The interface that an argument names, with each member on its channel."""
    from landbridge.channels.placement import place
    from landbridge.cli import appfile

    found = appfile.find(argument)
    return found, place(found.interface.__lb_spec__, wanted if wanted is not None else found.over)


def target(name: str, here: bool) -> KernelTarget:
    """What modules are built against: a kernel of the lab, or this machine's own.

    Raises:
        LabError: There is none of that name, or its headers are not here.
        UnsupportedError: This machine's kernel loads no modules.
    """
    from landbridge.cli.lab import find_kernel
    from landbridge.kernel import KernelTarget

    return KernelTarget.here() if here else target_of(find_kernel(name))


def target_of(kernel: GuestKernel) -> KernelTarget:
    """What modules for a kernel of the lab are built against.

    Raises:
        LabError: Its headers are not here.
    """
    from landbridge.errors import LabError

    if kernel.target is None:
        raise LabError(
            f"the headers of {kernel.release} are not here, and modules cannot be built without",
            hint=f"apt install linux-headers-{kernel.release}, or another --kernel; see landbridge lab kernels",
        )
    return kernel.target
