"""The ``landbridge`` command and how it finds its subcommands."""

from __future__ import annotations

import difflib
import importlib
import signal
import sys
from types import FrameType
from typing import Any, NoReturn, cast

import click

from landbridge.cli import exits, failure

# In the order of help. Each is a module of this package that has the command under the same name, or with "_command".
COMMANDS = ("run", "build", "eject", "show", "lab", "doctor", "explain", "new", "completion")


class Commands(click.Group):
    """A group that imports a command when it is asked for, and shows landbridge's errors as users want them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"landbridge.cli.{cmd_name}")
        return cast(click.Command, getattr(module, cmd_name))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            near = difflib.get_close_matches(args[0], COMMANDS, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(COMMANDS)}"
            ctx.fail(f"no command {args[0]!r}; {hint}")
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        with failure.shown():
            return super().invoke(ctx)


@click.group(cls=Commands, epilog=exits.EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="landbridge", message="%(prog)s %(version)s")
def landbridge() -> None:
    """Declare what crosses between kernel and user space in one Python class; get both ends."""


def _end(number: int, frame: FrameType | None) -> NoReturn:
    # Unwinds like any error, so that guests and temporary files go away.
    raise SystemExit(exits.SIGNALLED + number)


def main() -> NoReturn:
    """The entry point of the ``landbridge`` program."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _end)
    try:
        landbridge(prog_name="landbridge")
    except KeyboardInterrupt:
        sys.exit(exits.INTERRUPTED)
    sys.exit(exits.OK)
