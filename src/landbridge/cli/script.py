"""Run a user's script so that an error of landbridge that it does not catch looks as on the command line.

``python -m landbridge.cli.script FILE [ARGUMENTS]`` is what ``landbridge run`` starts, in the guest or here.
"""

from __future__ import annotations

import runpy
import sys
import traceback
from pathlib import Path

from landbridge.cli import exits, failure
from landbridge.errors import LandbridgeError, Where


def command(script: str, *arguments: str) -> list[str]:
    """The command that runs a script with this Python."""
    return [sys.executable, "-m", __name__, script, *arguments]


def environment() -> dict[str, str]:
    """Variables for that command: output comes out as it is made, with colour if it goes to a terminal."""
    colour = {failure.COLOUR: "1"} if sys.stderr.isatty() else {}
    return {"PYTHONUNBUFFERED": "1", **colour}


def main() -> None:
    """Run the script that the command line names as Python itself would."""
    sys.argv = sys.argv[1:]
    file = sys.argv[0]
    sys.path[0] = str(Path(file).resolve().parent)
    try:
        runpy.run_path(file, run_name="__main__")
    except LandbridgeError as error:
        if failure.wants_traceback():
            raise
        failure.show(error, place=_place(error, file))
        sys.stdout.flush()
        # No atexit of the script is skipped by this, and no second message comes.
        sys.exit(exits.status_of(error))


def _place(error: LandbridgeError, file: str) -> Where | None:
    """The line of the script that it came from, if any."""
    frames = [each for each in traceback.extract_tb(error.__traceback__) if each.filename == file]
    return Where(file, frames[-1].lineno or 1, (frames[-1].colno or 0) + 1) if frames else None


if __name__ == "__main__":
    main()
