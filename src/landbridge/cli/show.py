"""``landbridge show``: the C that an interface becomes, beside its Python."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from landbridge.cli import options

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from landbridge.channels.placement import Over, Placement
    from landbridge.cli.sidebyside import Pair
    from landbridge.module.tree import Tree

# Two columns of 80, and what is between them.
_WIDE = 140
_LANGUAGES = {"c": "c", "h": "c", "Kbuild": "make"}


@click.command(short_help="Show the C of an interface beside its Python.")
@options.app
@options.over
@click.option("--file", "file", metavar="NAME", help="Print one file of the module's C tree whole.")
@click.option("--all", "all_files", is_flag=True, help="Print all files of the module's C tree whole.")
@click.option("--json", "as_json", is_flag=True, help="Print members, files and their lines' origin as JSON.")
def show(app: str, over: Over | None, file: str | None, all_files: bool, as_json: bool) -> None:
    """Show the kernel end of an interface: the C beside the Python, and how each member is reached.

    On a terminal of 140 columns or more, Python and C stand side by side; else one after the other.
    """
    from landbridge.cli.progress import step
    from landbridge.cli.sidebyside import pairs
    from landbridge.compiler import compile_interface
    from landbridge.module.tree import emit

    found, placement = options.placed(app, over)
    with step(f"compiling {found.interface.__name__}"):
        program = compile_interface(found.interface)
        tree = emit(program, placement)
    if as_json:
        click.echo(json.dumps(_facts(placement, tree), indent=2))
        return
    console = _console()
    if file is not None and file not in tree.files:
        raise click.BadParameter(f"there is no {file!r}; there are: {', '.join(tree.files)}", param_hint="--file")
    if file is not None or all_files:
        _print_files(console, {name: text for name, text in tree.files.items() if file in (None, name)})
        return
    _print_members(console, placement)
    for pair in pairs(program, tree):
        _print_pair(console, pair)
    _print_index(console, tree)


def member_rows(placement: Placement) -> list[dict[str, str]]:
    """Each member that crosses: name, kind, channel, and how C programmers and shells reach it."""
    spec = placement.spec
    return [
        {
            "name": member.name,
            "kind": type(member).__name__.removesuffix("Spec").lower(),
            "channel": channel.name,
            "reached": channel.describe(spec, member),
        }
        for member in spec.crossing
        for channel in [placement.channel_of(member.name)]
    ]


def _facts(placement: Placement, tree: Tree) -> dict[str, Any]:
    spec = placement.spec
    return {
        "interface": spec.name,
        "module": tree.name,
        "digest": f"{spec.digest64:#018x}",
        "members": member_rows(placement),
        "files": dict(tree.files),
        "origins": [
            {"file": each.file, "line": each.line, "python": each.span.file, "python_line": each.span.line}
            for each in tree.line_map
        ],
    }


def _console() -> Console:
    from rich.console import Console

    # To a pipe goes plain text, unfolded.
    return Console(highlight=False, soft_wrap=not sys.stdout.isatty())


def _print_members(console: Console, placement: Placement) -> None:
    rows = member_rows(placement)
    names = ("name", "kind", "channel", "reached")
    widths = {name: max([len(name), *(len(row[name]) for row in rows)]) for name in names}
    console.print("  ".join(f"{name:<{widths[name]}}" for name in names).rstrip(), style="bold", markup=False)
    for row in rows:
        console.print("  ".join(f"{row[name]:<{widths[name]}}" for name in names).rstrip(), markup=False)


def _print_pair(console: Console, pair: Pair) -> None:
    console.print()
    if not console.is_terminal:
        click.echo("\n".join([*pair.python, "", *pair.c]))
        return
    if console.width < _WIDE:
        for text in _coloured(pair.python, "python"):
            console.print(text)
        console.print()
        for text in _coloured(pair.c, "c"):
            console.print(text)
        return
    from rich.table import Table

    table = Table.grid(padding=(0, 2), expand=True)
    table.add_column(ratio=2, overflow="fold")
    table.add_column(ratio=3, overflow="fold")
    left = _coloured([python for python, _ in pair.rows], "python")
    right = _coloured([c for _, c in pair.rows], "c")
    for python, c in zip(left, right, strict=True):
        table.add_row(python, c)
    console.print(table)


def _coloured(lines: tuple[str, ...] | list[str], language: str) -> list[Text]:
    from rich.syntax import Syntax

    text = Syntax("", language, theme="ansi_dark", background_color="default").highlight("\n".join(lines))
    text.expand_tabs(8)
    made = list(text.split("\n", allow_blank=True))
    # The highlighter may end its text with one more newline than it got.
    return made[: len(lines)]


def _print_index(console: Console, tree: Tree) -> None:
    console.print()
    files = ", ".join(f"{name} ({text.count(chr(10))} lines)" for name, text in tree.files.items())
    console.print(f"The whole module: {files}.", markup=False)
    console.print("landbridge show --file NAME prints one, --all prints all of them.", style="dim")


def _print_files(console: Console, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        if len(files) > 1:
            console.print(f"--- {name}", style="bold", markup=False)
        if not console.is_terminal:
            click.echo(text, nl=False)
            continue
        language = _LANGUAGES.get(name.rsplit(".", 1)[-1], "text")
        for line in _coloured(text.splitlines(), language):
            console.print(line, soft_wrap=True)
