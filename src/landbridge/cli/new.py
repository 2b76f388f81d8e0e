"""``landbridge new``: a starter project whose tests pass."""

from __future__ import annotations

import keyword
import re
from importlib import resources
from pathlib import Path

import click

# In the starter's files these two words stand for the project's name and its class.
_NAME, _CLASS = "starter_name", "StarterClass"


def _check_name(ctx: click.Context, param: click.Parameter, value: str) -> str:
    base = Path(value).name
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,40}", base) or keyword.iskeyword(base):
        raise click.BadParameter(
            f"{base!r} cannot name a kernel module: use lower-case letters, digits and _, a letter first, at most 41"
        )
    return value


@click.command(short_help="Start a project whose tests pass.")
@click.argument("name", callback=_check_name)
def new(name: str) -> None:
    """Start a project in the directory NAME.

    It gets app.py (an interface and a script that uses it), test_app.py (a test in the simulation and one
    on a throwaway kernel), a Makefile and a README.
    """
    from landbridge.errors import LandbridgeError

    target = Path(name)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise LandbridgeError(f"{target} is there already", code="LB600", hint="choose another name, or remove it")
    words = {_NAME: target.name, _CLASS: "".join(part.capitalize() for part in target.name.split("_"))}
    target.mkdir(parents=True, exist_ok=True)
    for template in resources.files("landbridge.cli").joinpath("starter").iterdir():
        text = template.read_text(encoding="utf-8")
        for word, value in words.items():
            text = text.replace(word, value)
        # They are called *.txt so that no tool takes them for this project's own.
        (target / template.name.removesuffix(".txt")).write_text(text, encoding="utf-8")
    click.echo(f"{target}: ready. Now: cd {target} && make test && landbridge run app.py")
