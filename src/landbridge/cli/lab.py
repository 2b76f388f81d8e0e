"""``landbridge lab``: throwaway kernels by hand."""

from __future__ import annotations

import json
import os
import select
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import click

from landbridge.cli import exits

if TYPE_CHECKING:
    from landbridge.lab import Guest, GuestKernel

_CHUNK = 1 << 15
_SERIES = ("5.10", "6.1", "6.12", "7.2", "7.3")  # a test holds it against lab.suites, which is slow to import


def _complete_kernel(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    return [each for each in _SERIES if each.startswith(incomplete)]


def guest_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that every command with a guest has: kernel, memory, cpus, append."""
    for option in (
        click.option("--append", default="", metavar="WORDS", help="Words for the kernel's command line."),
        click.option("--cpus", default=2, show_default=True, type=click.IntRange(1, 64), help="Processors."),
        click.option("--memory", default=1024, show_default=True, type=click.IntRange(128), help="MiB of memory."),
        click.option(
            "--kernel",
            default="6.1",
            show_default=True,
            metavar="VERSION|RELEASE|PATH",
            help="What to boot; fetched from Debian if it is not here.",
            shell_complete=_complete_kernel,
        ),
    ):
        command = option(command)
    return command


@click.group(short_help="Boot throwaway kernels by hand: exec, shell, kernels, fetch.")
def lab() -> None:
    """Boot throwaway kernels that see this machine's files and keep nothing."""


@lab.command("exec", context_settings={"ignore_unknown_options": True})
@guest_options
@click.option("--timeout", type=click.FloatRange(0, min_open=True), metavar="SECONDS", help="Then it is killed.")
@click.option("--bring", multiple=True, metavar="PATH", help="File or directory to copy out afterwards; repeatable.")
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
@click.pass_context
def exec_(
    ctx: click.Context,
    *,
    kernel: str,
    memory: int,
    cpus: int,
    append: str,
    timeout: float | None,
    bring: tuple[str, ...],
    command: tuple[str, ...],
) -> None:
    """Run COMMAND on a throwaway kernel and give its exit status.

    It sees this machine's files under the same paths; what it writes vanishes, but for --bring.
    Kernel messages are shown on standard error as "kernel | ...".
    """
    from landbridge.cli.progress import step

    found = find_kernel(kernel)
    guest = make_guest(found, memory=memory, cpus=cpus, append=append)
    try:
        with step(f"booting {found.release}"):
            guest.start()
        result = guest.run(
            command,
            timeout=timeout,
            stdin=standard_input(),
            stdout=write_to(sys.stdout.fileno()),
            stderr=write_to(sys.stderr.fileno()),
            bring=bring,
            forward_interrupt=True,
        )
    finally:
        guest.close()
    ctx.exit(exit_code(result.status))


@lab.command()
@guest_options
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def shell(ctx: click.Context, *, kernel: str, memory: int, cpus: int, append: str, command: tuple[str, ...]) -> None:
    """Open a shell (or run COMMAND) on a throwaway kernel, on this terminal.

    All keys go to the guest; Ctrl-] ends it, whatever state it is in.
    """
    from landbridge.cli.progress import step
    from landbridge.lab import terminal

    found = find_kernel(kernel)
    argv = command or (os.environ.get("SHELL", "/bin/sh"),)
    guest = make_guest(found, memory=memory, cpus=cpus, append=append)
    try:
        with step(f"booting {found.release}"):
            guest.start()
        click.echo(f"kernel {found.release}; Ctrl-] ends the guest", err=True)
        status = terminal.interact(guest, argv)
    finally:
        guest.close()
    ctx.exit(exit_code(status))


@lab.command()
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def kernels(as_json: bool) -> None:
    """List the kernels that are here, and those that can be fetched."""
    from landbridge.lab import kernels as lab_kernels
    from landbridge.lab import suites

    here = lab_kernels.available()
    missing = [each for each in suites.SERIES.values() if all(kernel.version != each.version for kernel in here)]
    if as_json:
        rows = [_facts(each) for each in here]
        rows += [
            {"version": each.version, "state": "can be fetched", "origin": each.sources[0].suite} for each in missing
        ]
        click.echo(json.dumps(rows, indent=2))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for title in ("kernel", "release", "from", "modules can be built"):
        table.add_column(title)
    for kernel in here:
        table.add_row(kernel.version, kernel.release, kernel.origin, "yes" if kernel.target else "no: no headers")
    for each in missing:
        table.add_row(each.version, f"landbridge lab fetch {each.version}", each.sources[0].suite, "", style="dim")
    Console().print(table)


@lab.command()
@click.argument("version", type=click.Choice(_SERIES))
def fetch(version: str) -> None:
    """Get the newest kernel VERSION and its headers from Debian into your cache.

    Neither root nor a change to this machine is needed; what is there is not fetched again.
    """
    from landbridge.cli.progress import step
    from landbridge.lab import kernels as lab_kernels

    with step(f"fetching kernel {version}"):
        kernel = lab_kernels.fetch(version)
    click.echo(kernel.release)


def find_kernel(name: str) -> GuestKernel:
    """The kernel that a user named, fetched with progress if need be."""
    from landbridge.cli.progress import step
    from landbridge.errors import LabError
    from landbridge.lab import kernels as lab_kernels

    try:
        return lab_kernels.find(name, fetch_missing=False)
    except LabError:
        with step(f"fetching kernel {name}"):
            return lab_kernels.find(name)


def make_guest(found: GuestKernel, *, memory: int, cpus: int, append: str) -> Guest:
    """A guest, not booted yet, that shows its kernel's messages and has its modules built out here."""
    from landbridge.cli import options
    from landbridge.cli.progress import step
    from landbridge.lab import Guest
    from landbridge.lab.terminal import show_kernel_line
    from landbridge.module import remote

    def serve(message: dict[str, Any]) -> dict[str, Any]:
        with step(f"building for {found.release}"):
            return remote.serve(message, options.target_of(found))

    return Guest(found, memory=memory, cpus=cpus, append=append, serve=serve, on_kernel_line=show_kernel_line)


def exit_code(status: int) -> int:
    """What a shell would say of a status: 128 and the signal's number if a signal ended it."""
    return status if status >= 0 else exits.SIGNALLED - status


def write_to(descriptor: int) -> Callable[[bytes], None]:
    """A sink that writes to a descriptor at once, past Python's buffers."""

    def write(data: bytes) -> None:
        while data:
            data = data[os.write(descriptor, data) :]

    return write


def standard_input() -> Iterator[bytes] | None:
    """What this command reads, piece by piece as it comes; None where that is a terminal, or nothing."""
    return None if sys.stdin is None or sys.stdin.isatty() else _pieces(sys.stdin.fileno())


def _pieces(descriptor: int) -> Iterator[bytes]:
    while select.select([descriptor], [], []) and (data := os.read(descriptor, _CHUNK)):
        yield data


def _facts(kernel: GuestKernel) -> dict[str, str | None]:
    return {
        "version": kernel.version,
        "release": kernel.release,
        "state": "here",
        "origin": kernel.origin,
        "image": str(kernel.image),
        "modules": str(kernel.modules) if kernel.modules else None,
        "headers": str(kernel.target.headers) if kernel.target else None,
    }
