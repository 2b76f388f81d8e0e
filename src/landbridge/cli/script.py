"""Run a user's script so that an error of landbridge that it does not catch looks as on the command line.

``python .../cli/script.py FILE [ARGUMENTS]`` is what ``landbridge run`` starts, in the guest or here. It imports
nothing of landbridge unless there is an error to show: emulated guests are slow, and scripts start in them.
"""

from __future__ import annotations

import os.path
import sys

TYPE_CHECKING = False  # importing typing takes longer than all the rest here
if TYPE_CHECKING:
    from types import TracebackType

    from landbridge.errors import LandbridgeError, Where


def command(script: str, *arguments: str) -> list[str]:
    """The command that runs a script with this Python."""
    return [sys.executable, __file__, script, *arguments]


def environment() -> dict[str, str]:
    """Variables for that command: output comes out as it is made, with colour if it goes to a terminal."""
    from landbridge.cli import failure

    colour = {failure.COLOUR: "1"} if sys.stderr.isatty() else {}
    return {"PYTHONUNBUFFERED": "1", **colour}


def main() -> None:
    """Run the script that the command line names as Python itself would."""
    sys.argv = sys.argv[1:]
    # pathlib is slow to import.
    file = os.path.abspath(sys.argv[0])  # noqa: PTH100
    sys.path[0] = os.path.dirname(os.path.realpath(file))  # noqa: PTH120
    sys.excepthook = _without_us
    with open(file, "rb") as source:  # noqa: PTH123
        code = compile(source.read(), file, "exec", dont_inherit=True)
    module = type(sys)("__main__")
    module.__file__ = file
    sys.modules["__main__"] = module
    try:
        exec(code, module.__dict__)
    except Exception as error:  # Python shows what is not ours
        _show_ours(error, file)
        raise


def _without_us(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Show a traceback that begins with the script's own line."""
    while trace is not None and trace.tb_frame.f_code.co_filename == __file__:
        trace = trace.tb_next
    sys.__excepthook__(kind, error.with_traceback(trace), trace)


def _show_ours(error: Exception, file: str) -> None:
    """Show an error of landbridge and end with its exit code; do nothing about others."""
    if "landbridge.errors" not in sys.modules:
        return
    from landbridge.cli import exits, failure
    from landbridge.errors import LandbridgeError

    if isinstance(error, LandbridgeError) and not failure.wants_traceback():
        sys.stdout.flush()
        failure.show(error, place=_place(error, file))
        sys.exit(exits.status_of(error))


def _place(error: LandbridgeError, file: str) -> Where | None:
    """The line of the script that it came from, if any."""
    import traceback

    from landbridge.errors import Where

    frames = [each for each in traceback.extract_tb(error.__traceback__) if each.filename == file]
    return Where(file, frames[-1].lineno or 1, (frames[-1].colno or 0) + 1) if frames else None


if __name__ == "__main__":
    main()
