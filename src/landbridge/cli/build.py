"""``landbridge build``: from an interface to the file that a kernel loads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from landbridge.cli import options

if TYPE_CHECKING:
    from landbridge.channels.placement import Over


@click.command(short_help="Build an interface's kernel module.")
@options.app
@options.over
@options.kernel
@click.option("--here", is_flag=True, help="Build for this machine's own kernel.")
@click.option(
    "-o",
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=".",
    metavar="DIR",
    help="Where the .ko file goes; by default here.",
)
@click.option("--json", "as_json", is_flag=True, help="Print what was built as JSON.")
def build(app: str, over: Over | None, kernel: str, here: bool, output: Path, as_json: bool) -> None:
    """Build an interface's kernel module and write it to a directory.

    The build is cached: the same interface, kernel and compiler give the same file at once.
    """
    import shutil

    from landbridge.cli.progress import step
    from landbridge.compiler import compile_interface
    from landbridge.module.build import build as build_tree
    from landbridge.module.features import features
    from landbridge.module.tree import emit

    found, placement = options.placed(app, over)
    program = compile_interface(found.interface)
    target = options.target(kernel, here)
    with step(f"building {placement.spec.c_name} for {target.release}"):
        built = build_tree(emit(program, placement, features(target)), target)
    output.mkdir(parents=True, exist_ok=True)
    file = Path(shutil.copy(built.path, output))
    if as_json:
        facts = {
            "module": placement.spec.c_name,
            "file": str(file),
            "kernel": target.release,
            "digest": f"{placement.spec.digest64:#018x}",
            "seconds": round(built.seconds, 3),
            "cached": built.cached,
        }
        click.echo(json.dumps(facts, indent=2))
    else:
        click.echo(f"{file}: for {target.release}, {'from the cache' if built.cached else f'{built.seconds:.1f} s'}")
