"""``landbridge doctor``: what this machine has, what it lacks, and what mends that."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from landbridge.cli import exits

if TYPE_CHECKING:
    from landbridge.cli.checks import Finding


@click.command(short_help="Say what this machine has or lacks, and what mends it.")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@click.pass_context
def doctor(ctx: click.Context, as_json: bool) -> None:
    """Say what this machine has or lacks, and how to mend it.

    Exit code 0 if throwaway kernels can run here, 1 if something that they need is missing.
    """
    from landbridge.cli import checks
    from landbridge.cli.progress import step

    with step("looking at this machine"):
        findings = list(checks.all_findings())
    able = checks.able_to_run(findings)
    if as_json:
        click.echo(json.dumps({"able": able, "findings": [dataclasses.asdict(each) for each in findings]}, indent=2))
    else:
        _print(findings)
        click.echo(f"\nThis machine {'can' if able else 'can not'} run throwaway kernels (landbridge run).")
    ctx.exit(exits.OK if able else exits.ERROR)


_TITLES = {
    "run": "For landbridge run",
    "fetch": "To fetch kernels",
    "speed": "For speed",
    "here": "For this machine's own kernel (--here)",
}
_MARKS = {"ok": ("ok", "green"), "missing": ("--", "red"), "can't tell": ("? ", "yellow")}


def _print(findings: Sequence[Finding]) -> None:
    width = max(len(each.thing) for each in findings)
    for need, title in _TITLES.items():
        click.secho(title, bold=True)
        for each in findings:
            if each.need == need:
                mark, colour = _MARKS[each.state]
                click.echo(f"  {click.style(mark, fg=colour)}  {each.thing:<{width}}  {each.detail}")
                if each.fix:
                    click.echo(f"      {'':<{width}}  fix: {click.style(each.fix, bold=True)}")
