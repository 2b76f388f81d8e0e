"""Arguments and options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from landbridge.channels.placement import Over, Placement
    from landbridge.cli.appfile import App

F = TypeVar("F", bound=Callable[..., Any])

app = click.argument("app", metavar="APP.PY[:CLASS]")
kernel = click.option("--kernel", metavar="KERNEL", help="A series such as 6.1, a release, or the path of a bzImage.")


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
