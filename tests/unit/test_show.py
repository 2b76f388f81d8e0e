"""``landbridge show``: the C beside the Python, and how members are reached."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from landbridge.channels.placement import place
from landbridge.channels.sockopt import sockopt
from landbridge.cli import appfile
from landbridge.cli.root import landbridge
from landbridge.cli.sidebyside import Pair, pairs
from landbridge.compiler import compile_interface
from landbridge.module.tree import emit

ROOT = Path(__file__).parents[2]
IMP1 = str(ROOT / "examples" / "imp1.py")

APP = '''
import landbridge as lb

OVER = lb.sockopt(base=0x4D00)

class Sums(lb.Interface):
    """Sum numbers."""

    total = lb.State(lb.u64)

    @lb.command
    def add(self, low: lb.u32, high: lb.u32) -> lb.u64:
        """Add all from low to high."""
        for number in range(low, high):
            if number % 2 == 0:
                self.total += lb.u64(number)
            else:
                self.odd(number)
        return self.total

    def odd(self, number: lb.u32) -> None:
        lb.pr_info("%u is odd", number)

with lb.load(Sums, over=OVER) as sums:
    raise SystemExit("the file was run")
'''


@pytest.fixture
def app(tmp_path: Path) -> Path:
    file = tmp_path / "sums.py"
    file.write_text(APP)
    return file


@pytest.fixture
def shown(app: Path) -> dict[str, Pair]:
    program = compile_interface(appfile.find(str(app)).interface)
    tree = emit(program, place(program.spec, sockopt))
    return {pair.name: pair for pair in pairs(program, tree)}


def show(*arguments: str) -> str:
    done = CliRunner().invoke(landbridge, ["show", *arguments])
    assert done.exit_code == 0, done.output
    return done.output


def test_members_and_both_languages() -> None:
    text = show(IMP1, "--over", "sockopt")
    assert "tell  command  sockopt  setsockopt(IPPROTO_IP, IMP1_SO_TELL = 0x4c01)" in text
    assert 'lb.pr_info("umsg: %s", message)' in text
    assert 'pr_info("umsg: %*pE\\n"' in text


def test_a_file_that_loads_at_its_top_level_is_not_run(app: Path) -> None:
    """And its OVER says which channel, unless --over does."""
    assert "SUMS_SO_ADD = 0x4d01" in show(str(app))
    assert "SUMS_SO_ADD = 0x4c01" in show(str(app), "--over", "sockopt")


def test_json_has_all_files_and_where_their_lines_come_from(app: Path) -> None:
    facts = json.loads(show(str(app), "--json"))
    assert facts["interface"] == "Sums"
    assert {"sums.h", "sums_main.c", "sums_handlers.c", "sums_sockopt.c", "Kbuild"} <= set(facts["files"])
    lines = facts["files"]["sums_handlers.c"].splitlines()
    python = APP.splitlines()
    origins = [(python[each["python_line"] - 1].strip(), lines[each["line"] - 1]) for each in facts["origins"]]
    assert "for (" in next(c for text, c in origins if text == "for number in range(low, high):")


def test_one_file_is_printed_as_it_is(app: Path) -> None:
    files = json.loads(show(str(app), "--json"))["files"]
    assert show(str(app), "--file", "sums_main.c") == files["sums_main.c"]
    wrong = CliRunner().invoke(landbridge, ["show", str(app), "--file", "other.c"])
    assert wrong.exit_code == 2
    assert "sums_main.c" in wrong.output


def test_side_by_side_has_every_line_of_both_once(shown: dict[str, Pair]) -> None:
    assert set(shown) == {"add", "odd"}
    for pair in shown.values():
        assert [left for left, _ in pair.rows if left] == [line for line in pair.python if line]
        assert [right for _, right in pair.rows if right] == [line for line in pair.c if line]


def test_side_by_side_puts_python_beside_its_c(shown: dict[str, Pair]) -> None:
    rows = {left.strip(): right for left, right in shown["add"].rows}
    assert "for (" in rows["for number in range(low, high):"]
    assert rows["else:"].strip().endswith("else")
    assert "sums_odd(number)" in rows["self.odd(number)"]
    beside = next(right for left, right in shown["odd"].rows if "pr_info" in left)
    assert "pr_info" in beside


def test_a_wide_terminal_has_two_columns(app: Path) -> None:
    text = on_terminal(200, "show", str(app))
    line = next(each for each in text.splitlines() if "for number in range(low, high):" in each)
    assert "for (" in line
    narrow = on_terminal(100, "show", str(app))
    line = next(each for each in narrow.splitlines() if "for number in range(low, high):" in each)
    assert "for (" not in line


def on_terminal(columns: int, *arguments: str) -> str:
    """What a terminal of that width gets, without colours."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "COLUMNS": str(columns), "NO_COLOR": "1", "TERM": "xterm"}
    command = [sys.executable, "-m", "landbridge", *arguments]
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=subprocess.PIPE, env=environment) as process:
        os.close(theirs)
        text = b""
        try:
            while piece := os.read(ours, 1 << 16):
                text += piece
        except OSError:
            pass  # how Linux says that the other end of a terminal is closed
        finally:
            os.close(ours)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    return text.decode()
