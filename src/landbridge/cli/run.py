"""``landbridge run``: a script on a throwaway kernel, or on this machine's own."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from landbridge.cli import options

if TYPE_CHECKING:
    import subprocess


@click.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@options.kernel
@click.option("--here", is_flag=True, help="Run on this machine's own kernel; needs root and kernel headers.")
@click.option(
    "--timeout", type=click.FloatRange(min=0, min_open=True), metavar="S", help="End the script after S seconds."
)
@click.option("--bring", multiple=True, metavar="PATH", help="Copy this file or directory out of the guest afterwards.")
@click.option("--memory", type=click.IntRange(min=128), default=1024, show_default=True, metavar="MIB")
@click.option("--cpus", type=click.IntRange(min=1), default=2, show_default=True)
@click.argument("script", type=click.Path(exists=True, dir_okay=False))
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def run(
    ctx: click.Context,
    *,
    kernel: str | None,
    here: bool,
    timeout: float | None,
    bring: tuple[str, ...],
    memory: int,
    cpus: int,
    script: str,
    arguments: tuple[str, ...],
) -> None:
    """Run SCRIPT with this Python on a throwaway kernel; what it loads is built here.

    The guest sees this machine's files read-only, with a scratch layer on top. Its output comes out as it is made,
    its kernel's log on stderr after "kernel | ". The exit code is the script's.
    """
    command = [sys.executable, script, *arguments]
    if here:
        if kernel or bring:
            raise click.UsageError("--kernel and --bring are for throwaway kernels; --here uses none")
        ctx.exit(_here(command, timeout))
    ctx.exit(_in_guest(command, kernel, memory=memory, cpus=cpus, timeout=timeout, bring=bring))


def _in_guest(
    command: list[str], kernel: str | None, *, memory: int, cpus: int, timeout: float | None, bring: tuple[str, ...]
) -> int:
    from landbridge import lab
    from landbridge.cli.guestio import GuestOutput, exit_code
    from landbridge.cli.progress import step
    from landbridge.module import remote

    wanted = kernel or lab.kernels.DEFAULT
    with step(f"looking for kernel {wanted}") as progress:
        found = lab.kernels.find(wanted)
    with step(f"booting {found.release}") as progress:
        output = GuestOutput(progress.stop)

        def serve(message: dict[str, Any]) -> dict[str, Any]:
            progress.stop()
            with step(f"building for {found.release}"):
                return remote.serve(message, found.target)

        guest = lab.Guest(found, memory=memory, cpus=cpus, serve=serve, on_kernel_line=output.kernel_line)
        with guest:
            progress.stop()
            result = guest.run(
                command,
                timeout=timeout,
                stdout=output.stdout,
                stderr=output.stderr,
                env={"PYTHONUNBUFFERED": "1"},
                bring=bring,
                forward_interrupt=True,
            )
    return exit_code(result.status)


def _here(command: list[str], timeout: float | None) -> int:
    import subprocess

    from landbridge.cli import checks, exits
    from landbridge.cli.guestio import exit_code
    from landbridge.errors import HostSetupError
    from landbridge.kernel import KernelTarget

    KernelTarget.here()  # says what this kernel refuses, before anything is built
    if not checks.may_load():
        raise HostSetupError(
            "loading modules needs CAP_SYS_MODULE, which this process does not have",
            fix="sudo landbridge run --here ..., or use a throwaway kernel: landbridge run",
        )
    with subprocess.Popen(command) as process:
        try:
            return exit_code(_outwait(process, timeout))
        except subprocess.TimeoutExpired:
            process.kill()
            click.echo(f"landbridge: {command[1]} did not end within {timeout:g} s", err=True)
            return exits.TIMEOUT
        finally:
            if process.poll() is None:
                process.terminate()


def _outwait(process: subprocess.Popen[bytes], timeout: float | None) -> int:
    """Wait for a process that gets the terminal's Ctrl-C itself."""
    try:
        return process.wait(timeout)
    except KeyboardInterrupt:
        return process.wait(timeout)
