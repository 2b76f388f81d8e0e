"""The Markdown files here: each ``python`` block, compiled, says exactly what the ``text`` block after it shows.

A block without a ``text`` block compiles. To write what is said now into the files, after reading the difference with
care: ``UPDATE_DIAGNOSTICS=1 pytest tests/diagnostics``.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from landbridge.compiler.codes import Code
from landbridge.errors import CompileError

from .source import compile_text

_HERE = Path(__file__).parent
_SECTION = re.compile(r"^## (.+)$", re.MULTILINE)
_BLOCK = re.compile(r"^```(python|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Case:
    file: Path
    title: str
    source: str
    said: str

    def __str__(self) -> str:
        return f"{self.file.stem}: {self.title}"


def _cases() -> list[Case]:
    found = []
    for file in sorted(_HERE.glob("*.md")):
        _, *parts = _SECTION.split(file.read_text(encoding="utf-8"))
        for title, body in zip(parts[::2], parts[1::2], strict=True):
            blocks = dict(_BLOCK.findall(body))
            found.append(Case(file, title, blocks["python"], blocks.get("text", "")))
    return found


CASES = _cases()


def _compile(case: Case) -> str:
    try:
        compile_text(case.source)
    except CompileError as error:
        return "\n\n".join(str(each) for each in error.diagnostics) + "\n"
    return ""


def _update(case: Case, said: str) -> None:
    text = case.file.read_text(encoding="utf-8")
    block = f"```python\n{case.source}```\n"
    old = f"{block}\n```text\n{case.said}```\n" if case.said else block
    new = f"{block}\n```text\n{said}```\n" if said else block
    assert text.count(old) == 1, f"{case} occurs more than once"
    case.file.write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.parametrize("case", CASES, ids=str)
def test_document_says_what_the_compiler_says(case: Case) -> None:
    said = _compile(case)
    if os.environ.get("UPDATE_DIAGNOSTICS"):
        _update(case, said)
    else:
        assert said == case.said


def test_every_document_has_cases_and_every_heading_is_one() -> None:
    for file in _HERE.glob("*.md"):
        headings = re.findall(r"^## (.+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
        assert headings == [each.title for each in CASES if each.file == file]


@pytest.mark.parametrize("code", [each.value for each in Code if each is not Code.NO_SOURCE])
def test_every_code_occurs(code: str) -> None:
    assert any(f": {code}: " in each.said for each in CASES)
