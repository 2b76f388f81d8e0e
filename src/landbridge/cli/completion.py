"""``landbridge completion``: what a shell needs to complete our commands."""

from __future__ import annotations

import click

_PLACES = {
    "bash": 'eval "$(landbridge completion bash)"       # in ~/.bashrc',
    "zsh": 'eval "$(landbridge completion zsh)"        # in ~/.zshrc, after compinit',
    "fish": "landbridge completion fish | source         # in ~/.config/fish/config.fish",
}


@click.command(short_help="Print the completion script of a shell.", epilog="\b\n" + "\n".join(_PLACES.values()))
@click.argument("shell", type=click.Choice(list(_PLACES)))
def completion(shell: str) -> None:
    """Print the completion script of a shell."""
    from click.shell_completion import get_completion_class

    from landbridge.cli.root import landbridge

    kind = get_completion_class(shell)
    assert kind is not None  # the choices are those that click has
    click.echo(kind(landbridge, {}, "landbridge", "_LANDBRIDGE_COMPLETE").source())
