"""The command line: one file per command, named like it.

:mod:`root` finds the commands, :mod:`failure` shows errors and chooses the exit code, :mod:`progress`
tells how long things take, :mod:`appfile` and :mod:`over` turn ``app.py:Class`` and ``--over`` into objects.
What a command needs is imported when it runs, so that ``--help`` and completion stay fast.
"""

from landbridge.cli.root import main

__all__ = ["main"]
