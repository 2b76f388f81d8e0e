"""``landbridge explain``: more about an error code."""

from __future__ import annotations

import difflib
import json
import sys

import click


@click.command(short_help="Say more about an error code.")
@click.argument("code", required=False)
@click.option("--list", "list_all", is_flag=True, help="List all codes.")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def explain(code: str | None, list_all: bool, as_json: bool) -> None:
    """Say what an error CODE such as LB212 means, with an example and what would be right."""
    from landbridge.cli import pages

    known = pages.all_pages()
    if list_all:
        if as_json:
            click.echo(json.dumps([{"code": each.code, "title": each.title} for each in known.values()], indent=2))
        else:
            click.echo("\n".join(f"{each.code}  {each.title}" for each in known.values()))
        return
    if code is None:
        raise click.UsageError("which CODE? such as: landbridge explain LB212; --list shows all")
    page = known.get(code.upper())
    if page is None:
        near = difflib.get_close_matches(code.upper(), known, n=3)
        raise click.UsageError(f"there is no error {code}; near it: {', '.join(near)}" if near else f"no error {code}")
    if as_json:
        click.echo(json.dumps({"code": page.code, "title": page.title, "text": page.text}, indent=2))
    elif sys.stdout.isatty():
        from rich.console import Console
        from rich.markdown import Markdown

        Console().print(Markdown(f"# {page.code}: {page.title}\n\n{page.text}"))
    else:
        click.echo(f"{page.code}: {page.title}\n\n{page.text}")
