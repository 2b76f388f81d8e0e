"""``landbridge run``: a script on a throwaway kernel, or on this machine's own."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from landbridge.cli import script as runner
from landbridge.cli.lab import exit_code, find_kernel, guest_options, make_guest, standard_input, write_to

if TYPE_CHECKING:
    import subprocess

    from landbridge.lab import Guest


@click.command(
    short_help="Run a script on a throwaway kernel, or on this machine's own.",
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
)
@guest_options
@click.option("--here", is_flag=True, help="Run on this machine's own kernel instead; needs root and kernel headers.")
@click.option("--timeout", type=click.FloatRange(0, min_open=True), metavar="SECONDS", help="Then it is killed.")
@click.option("--bring", multiple=True, metavar="PATH", help="File or directory to copy out afterwards; repeatable.")
@click.argument("script", type=click.Path(exists=True, dir_okay=False))
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def run(
    ctx: click.Context,
    *,
    kernel: str,
    memory: int,
    cpus: int,
    append: str,
    here: bool,
    timeout: float | None,
    bring: tuple[str, ...],
    script: str,
    arguments: tuple[str, ...],
) -> None:
    """Run SCRIPT with this Python on a throwaway kernel; modules that it loads are built out here.

    It sees this machine's files under the same paths; what it writes vanishes, but for --bring.
    Kernel messages are shown on standard error as "kernel | ...". The exit status is the script's.
    """
    from landbridge.cli.progress import step

    command = runner.command(script, *arguments)
    if here:
        ctx.exit(_here(command, timeout))
    found = find_kernel(kernel)
    guest = make_guest(found, memory=memory, cpus=cpus, append=append)
    try:
        with step(f"booting {found.release}"):
            guest.start()
        ctx.exit(_in_guest(guest, command, timeout, bring))
    finally:
        guest.close()


def _in_guest(guest: Guest, command: list[str], timeout: float | None, bring: tuple[str, ...]) -> int:
    result = guest.run(
        command,
        timeout=timeout,
        stdin=standard_input(),
        stdout=write_to(sys.stdout.fileno()),
        stderr=write_to(sys.stderr.fileno()),
        env=runner.environment(),
        bring=bring,
        forward_interrupt=True,
    )
    return exit_code(result.status)


def _here(command: list[str], timeout: float | None) -> int:
    import subprocess

    from landbridge.cli import checks, exits
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
            click.echo(f"landbridge: {command[2]} did not end within {timeout:g} s", err=True)
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
