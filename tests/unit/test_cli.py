"""The command line: exit codes, errors, JSON, completion, as users and programs meet them."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from landbridge import errors
from landbridge.cli import exits
from landbridge.cli.checks import Finding, Need, State, able_to_run
from landbridge.cli.over import parse
from landbridge.cli.pages import all_pages
from landbridge.cli.root import COMMANDS, landbridge

ROOT = Path(__file__).parents[2]

APP = """
import landbridge as lb

class Small(lb.Interface):
    '''Double a number.'''
    limit = lb.Param(lb.u32, default=10)

    @lb.command
    def twice(self, number: lb.u32) -> lb.u32:
        return number * 2

if __name__ == "__main__":
    raise SystemExit("it was run, not imported")
"""


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(landbridge, list(arguments))


def program(*arguments: str, **more: object) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "landbridge", *arguments]
    environment = {**os.environ, **more.pop("env", {})}  # type: ignore[dict-item]  # a test's own keyword
    return subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment, check=False, **more)  # type: ignore[call-overload, no-any-return]


@pytest.fixture
def app(tmp_path: Path) -> Path:
    file = tmp_path / "small.py"
    file.write_text(APP)
    return file


# --- usage ------------------------------------------------------------------------------------


def test_help_names_every_command() -> None:
    shown = invoke("--help")
    assert shown.exit_code == exits.OK
    for name in COMMANDS:
        assert re.search(rf"^  {name}  +\S", shown.output, re.MULTILINE), name


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(name: str) -> None:
    shown = invoke(name, "--help")
    assert shown.exit_code == exits.OK
    assert shown.output.startswith(f"Usage: landbridge {name}")


def test_a_wrong_command_is_named_with_a_near_one() -> None:
    shown = invoke("exlpain")
    assert shown.exit_code == exits.USAGE
    assert "did you mean 'explain'?" in shown.output


@pytest.mark.parametrize("arguments", [["show"], ["doctor", "--no"], ["run", "/no/such/file.py"], ["new", "Bad-Name"]])
def test_wrong_usage_is_2(arguments: list[str]) -> None:
    assert invoke(*arguments).exit_code == exits.USAGE


def test_documented_exit_codes_are_those_in_use() -> None:
    table = (ROOT / "docs" / "exit-codes.md").read_text().split("## How errors look", maxsplit=1)[0]
    documented = {int(code) for code in re.findall(r"^\| (\d+) \|", table, re.MULTILINE)}
    in_use = {exits.OK, exits.ERROR, exits.USAGE, exits.INTERRUPTED, *(status for _, status in exits._BY_ERROR)}
    assert documented == in_use
    for code in in_use:
        assert re.search(rf"\b{code}\b", exits.EPILOG), code


# --- errors -------------------------------------------------------------------------------------


def test_every_code_of_an_error_has_a_page() -> None:
    def codes(kind: type[errors.LandbridgeError]) -> set[str]:
        return {kind.default_code}.union(*(codes(each) for each in kind.__subclasses__()))

    used = codes(errors.LandbridgeError)
    for file in (ROOT / "src").rglob("*.py"):
        used |= set(re.findall(r"code=\"(LB\d+)\"", file.read_text()))
    assert used - set(all_pages()) <= {"LB200"}  # which stands for the codes of its diagnostics


def test_explain() -> None:
    shown = invoke("explain", "lb112")
    assert shown.exit_code == exits.OK
    assert shown.output.startswith("LB112: ")
    assert invoke("explain", "LB999").exit_code == exits.USAGE
    listed = json.loads(invoke("explain", "--list", "--json").output)
    assert {"code": "LB112", "title": all_pages()["LB112"].title} in listed


def test_an_error_has_code_place_and_hint_and_no_traceback(tmp_path: Path) -> None:
    file = tmp_path / "wrong.py"
    file.write_text("import landbridge as lb\n\n\nclass Wrong(lb.Interface):\n    value = lb.State(float)\n")
    done = program("show", str(file))
    assert done.returncode == exits.SOURCE
    assert re.search(r"^error\[LB101\]: .*float", done.stderr)
    assert "wrong.py:5:" in done.stderr
    assert "5 |     value = lb.State(float)" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_debug_shows_the_traceback(tmp_path: Path) -> None:
    done = program("show", str(tmp_path / "none.py"), env={"LANDBRIDGE_DEBUG": "traceback"})
    assert done.returncode != 0
    assert "Traceback" in done.stderr


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("x = 1\n", "declares no interface", "subclass lb.Interface"),
        ("import landbridge as lb\nclass A(lb.Interface): ...\nclass B(lb.Interface): ...\n", "A, B", ":Class"),
        ("x = \n", "invalid syntax", ""),
        ("\n1 // 0\n", "ZeroDivisionError", "__main__"),
        ("raise SystemExit(0)\n", "SystemExit", "__main__"),
    ],
)
def test_files_that_cannot_be_used(tmp_path: Path, text: str, message: str, hint: str) -> None:
    file = tmp_path / "some.py"
    file.write_text(text)
    shown = invoke("show", str(file))
    assert shown.exit_code == exits.ERROR
    assert "error[LB600]" in shown.output
    assert message in shown.output
    assert hint in shown.output


def test_a_class_that_is_not_there_is_named_with_those_that_are(app: Path) -> None:
    shown = invoke("show", f"{app}:Large")
    assert shown.exit_code == exits.ERROR
    assert "'Large'" in shown.output
    assert "it has: Small" in shown.output


# --- channels as words --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("sockopt", "lb.sockopt(base=0x4c00, pf=PF_INET)"),
        ("sockopt:base=0x4d00,pf=PF_INET6", "lb.sockopt(base=0x4d00, pf=PF_INET6)"),
        ("netlink:unit=24", "lb.netlink(unit=24, readers=1)"),
        ("netlink:family=other", "lb.netlink(family='other')"),
        (
            "limit=sockopt:base=0x4d00,pf=PF_INET6,...=netlink",
            "{'limit': lb.sockopt(base=0x4d00, pf=PF_INET6), Ellipsis: lb.netlink}",
        ),
    ],
)
def test_over(text: str, meant: str) -> None:
    assert repr(parse(text)) == meant


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("carrier", "no channel 'carrier'; there are: netlink, sockopt"),
        ("sockopt:base", "'base' is no setting"),
        ("sockopt:speed=9", "sockopt does not take speed; it takes: base, pf"),
        ("limit=carrier", "no channel 'limit=carrier'"),
    ],
)
def test_over_that_means_nothing(app: Path, text: str, message: str) -> None:
    shown = invoke("show", str(app), "--over", text)
    assert shown.exit_code == exits.USAGE
    assert message in re.sub(r"\s+", " ", shown.output)


def test_over_that_does_not_fit_is_an_error_of_the_source(app: Path) -> None:
    shown = invoke("show", str(app), "--over", "other=sockopt,...=netlink")
    assert shown.exit_code == exits.SOURCE
    assert "error[LB111]" in shown.output


# --- other commands -------------------------------------------------------------------------------


def test_doctor_speaks_json() -> None:
    shown = invoke("doctor", "--json")
    facts = json.loads(shown.output)
    assert shown.exit_code == (exits.OK if facts["able"] else exits.ERROR)
    found = {each["thing"]: each for each in facts["findings"]}
    assert found["Python"]["state"] == "ok"
    for each in found.values():
        assert each["state"] in ("ok", "missing", "can't tell"), each
        assert each["detail"], each


def test_doctor_fails_where_qemu_is_missing() -> None:
    missing = Finding("qemu-system-x86_64", Need.RUN, State.MISSING, "needed to run guests", "apt install it")
    assert not able_to_run([missing])
    assert able_to_run([Finding("KVM", Need.SPEED, State.MISSING, "no /dev/kvm")])


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_script(shell: str) -> None:
    done = program("completion", shell)
    assert done.returncode == 0, done.stderr
    assert f"_LANDBRIDGE_COMPLETE={shell}_complete" in done.stdout


def test_completion_completes() -> None:
    asked = {"_LANDBRIDGE_COMPLETE": "bash_complete", "COMP_WORDS": "landbridge e", "COMP_CWORD": "1"}
    done = program(env=asked)
    assert done.stdout.split() == ["plain,eject", "plain,explain"]


def test_completion_script_of_bash_is_bash() -> None:
    script = program("completion", "bash").stdout
    subprocess.run(["bash", "-n"], input=script, text=True, check=True)


def test_new_writes_a_project_of_that_name(tmp_path: Path) -> None:
    target = tmp_path / "my_driver"
    assert invoke("new", str(target)).exit_code == exits.OK
    assert {each.name for each in target.iterdir()} == {"app.py", "test_app.py", "Makefile", "README.md"}
    assert "class MyDriver(lb.Interface):" in (target / "app.py").read_text()
    again = invoke("new", str(target))
    assert again.exit_code == exits.ERROR
    assert "is there already" in again.output


def test_ctrl_c_is_130_and_quick(tmp_path: Path) -> None:
    """Ctrl-C while a user's file is being imported."""
    file = tmp_path / "slow.py"
    file.write_text("import sys, time\nprint('here', flush=True)\ntime.sleep(60)\n")
    command = [sys.executable, "-m", "landbridge", "show", str(file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "here\n"
        begin = time.monotonic()
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
    assert process.returncode == exits.INTERRUPTED
    assert time.monotonic() - begin < 5
    assert "Traceback" not in said


def test_a_closed_pipe_is_no_drama() -> None:
    done = subprocess.run(
        f"{sys.executable} -m landbridge explain --list | head -n 1",
        shell=True,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("LB000")
    assert "Traceback" not in done.stderr


def test_what_the_machine_lacks_is_named_with_its_fix(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text("print('too far')\n")
    done = program("run", "--kernel", "6.1", str(script), env={"PATH": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)})
    assert done.returncode == exits.HOST
    assert done.stdout == ""
    assert re.search(r"^error\[LB501\]: \S+ is missing", done.stderr)
    assert "fix: apt install" in done.stderr
