"""What README.md and docs/ show is true: their Python runs, their commands print what they say.

A block ``python NAME`` is a file of that name for the other blocks of its page. Python without a main guard is
run; with one, its interfaces are loaded in the simulation. In a ``console`` block each line after ``$`` is run and
must print the lines that follow it, in any order and apart from spaces; ``...`` stands for anything, also for
further lines. Lines of the kernel's log need not be shown.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import landbridge as lb
from landbridge.cli.appfile import import_file, interfaces_of
from landbridge.cli.root import COMMANDS

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), ROOT / "CONTRIBUTING.md"]
BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
GUARD = 'if __name__ == "__main__":'


@dataclass(frozen=True)
class Block:
    page: Path
    line: int
    language: str
    name: str | None
    text: str

    @property
    def id(self) -> str:
        return f"{self.page.stem}-{self.name or self.line}"

    @property
    def boots(self) -> bool:
        return re.search(r"landbridge run|lab exec|lab\.Guest", self.text) is not None and GUARD not in self.text


def blocks(language: str) -> list[Block]:
    return [
        Block(page, text.count("\n", 0, found.start()) + 1, *found.groups())
        for page in PAGES
        for text in [page.read_text()]
        for found in BLOCK.finditer(text)
        if found[1] == language
    ]


def params(language: str) -> list[object]:
    return [
        pytest.param(each, id=each.id, marks=[pytest.mark.guest] if each.boots else []) for each in blocks(language)
    ]


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, Path]:
    """A directory for each page, with the files that the page shows."""
    made = {page: tmp_path_factory.mktemp(page.stem) for page in PAGES}
    for each in blocks("python"):
        if each.name:
            (made[each.page] / each.name).write_text(each.text)
    return made


def run(command: list[str], folder: Path) -> tuple[int, str]:
    # As in a shell where the environment is active.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PATH": path},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=400,
        check=False,
    )
    return done.returncode, done.stdout


@pytest.mark.parametrize("block", params("python"))
def test_python(block: Block, folders: dict[Path, Path]) -> None:
    folder = folders[block.page]
    file = folder / (block.name or f"line_{block.line}.py")
    file.write_text(block.text)
    if GUARD not in block.text:
        status, output = run([sys.executable, file.name], folder)
        assert status == 0, output
        return
    found = interfaces_of(import_file(file))
    assert found
    for interface in found:
        lb.load(interface, kernel=lb.sim()).close()


@pytest.mark.parametrize("block", params("console"))
def test_console(block: Block, folders: dict[Path, Path]) -> None:
    for command, expected in commands_of(block):
        status, output = run(["bash", "-c", command], folders[block.page])
        fails = any("error[" in line for line in expected)
        assert (status != 0) == fails, f"$ {command}\nstatus {status}\n{output}"
        compare(command, expected, output)


def commands_of(block: Block) -> Iterator[tuple[str, list[str]]]:
    assert block.text.startswith("$ "), f"{block.page.name}:{block.line}: a console block begins with a command"
    for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
        command, *expected = part.splitlines()
        yield command, [line for line in expected if line.strip()]


def compare(command: str, expected: list[str], output: str) -> None:
    left = [squeeze(line) for line in output.splitlines() if line.strip()]
    for line in expected:
        if line.strip() == "...":
            continue
        pattern = re.compile(".*".join(re.escape(part) for part in squeeze(line).split("...")))
        match = next((each for each in left if pattern.fullmatch(each)), None)
        assert match is not None, f"$ {command}\ndoes not print: {line}\nbut:\n{output}"
        left.remove(match)
    if "..." not in (line.strip() for line in expected):
        unexpected = [each for each in left if not each.startswith("kernel | ")]
        assert not unexpected, f"$ {command}\nalso prints: {unexpected}"


def squeeze(line: str) -> str:
    return re.sub(r"\s+", " ", line).strip()


def test_the_comparison_can_fail() -> None:
    compare("echo", ["one ...", "..."], "one 1\ntwo\n")
    with pytest.raises(AssertionError, match="does not print"):
        compare("echo", ["two"], "one\n")
    with pytest.raises(AssertionError, match="also prints"):
        compare("echo", ["one"], "one\ntwo\n")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_targets_and_commands_exist(page: Path) -> None:
    text = page.read_text()
    for link in re.findall(r"\]\((?!https?:)([^)#]+)\)", text):
        assert (page.parent / link).exists(), link
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    for target in re.findall(r"`make (\w+)`|^make (\w+)", text, re.MULTILINE):
        assert "".join(target) in targets, target
    for command in re.findall(r"(?:`|^\$ )landbridge ([a-z]+)", text, re.MULTILINE):
        assert command in COMMANDS, command
