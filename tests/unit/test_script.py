"""What ``landbridge run`` starts: a script runs as with Python itself, but for errors of landbridge."""

import subprocess
import sys
from pathlib import Path

import pytest

from landbridge.cli import exits
from landbridge.cli.script import command


def run(folder: Path, text: str, *arguments: str, python: bool = False) -> "subprocess.CompletedProcess[str]":
    (folder / "some.py").write_text(text)
    argv = [sys.executable, "some.py", *arguments] if python else command("some.py", *arguments)
    return subprocess.run(argv, cwd=folder, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(
    "text",
    [
        "import sys\nprint(sys.argv, sys.path[0], __name__, __file__)\nsys.exit(7)\n",
        "import helper\nprint(helper.VALUE)\n",
        "def f():\n    1 // 0\n\nf()\n",
        "raise SystemExit('a message')\n",
        "raise KeyboardInterrupt\n",
        "x = \n",
        "import __main__\nprint(sorted(name for name in vars(__main__) if name[0] != '_'))\n",
        "import pickle\nclass A:\n    pass\nprint(type(pickle.loads(pickle.dumps(A()))))\n",
        "import atexit\natexit.register(print, 'at exit')\nraise OSError(2, 'text')\n",
        "a: int = 1\nprint(__annotations__)\n",
    ],
)
def test_as_with_python(tmp_path: Path, text: str) -> None:
    (tmp_path / "helper.py").write_text("VALUE = 42\n")
    ours, pythons = run(tmp_path, text, "a", "-b"), run(tmp_path, text, "a", "-b", python=True)
    assert (ours.returncode, ours.stdout) == (pythons.returncode, pythons.stdout), ours.stderr
    assert ours.stderr == pythons.stderr


def test_nothing_of_landbridge_is_imported_for_it(tmp_path: Path) -> None:
    done = run(tmp_path, "import sys\nprint([name for name in sys.modules if name.startswith('landbridge')])\n")
    assert done.stdout == "[]\n"


def test_an_error_of_landbridge_is_shown_with_its_line(tmp_path: Path) -> None:
    text = "import landbridge as lb\n\n\nclass A(lb.Interface):\n    'A.'\n\n\nA().close()\nlb.ktime_get_ns()\n"
    done = run(tmp_path, text)
    assert done.returncode == exits.ERROR
    assert done.stderr.startswith("error[LB150]: lb.ktime_get_ns means something only inside a handler")
    assert " --> some.py:9:1" in done.stderr
    assert "9 | lb.ktime_get_ns()" in done.stderr
    assert "Traceback" not in done.stderr
