"""``landbridge eject``: hand the kernel end over, for good."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from landbridge.cli import options

if TYPE_CHECKING:
    from landbridge.channels.placement import Over


@click.command(short_help="Write an interface's kernel end as a stand-alone C tree.")
@options.app
@options.over
@click.option(
    "--kernel",
    metavar="VERSION|RELEASE|PATH",
    help="Use the forms of the API that this kernel has; by default those of 6.1 and later.",
)
@click.option("--here", is_flag=True, help="Use those of this machine's own kernel.")
@click.option(
    "-o",
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    metavar="DIR",
    help="Directory to make.",
)
def eject(app: str, over: Over | None, kernel: str | None, here: bool, output: Path) -> None:
    """Write an interface's kernel end as a C tree that needs nothing of landbridge.

    It has the C files, the uapi header for programs, Kbuild and Makefile, dkms.conf and a README, and builds with
    plain "make" (KDIR= for another kernel than the running one).
    """
    from landbridge.cli import appfile
    from landbridge.cli.progress import step
    from landbridge.module.eject import eject as write

    found = appfile.find(app)
    target = options.target(kernel or "", here) if kernel or here else None
    with step(f"writing {output}"):
        written = write(found.interface, over if over is not None else found.over, output, target)
    files = sorted(str(each.relative_to(written)) for each in written.rglob("*") if each.is_file())
    click.echo(f"{output}: {', '.join(files)}")
