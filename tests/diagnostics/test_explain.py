"""Every code has a page, and what the page shows is true."""

from __future__ import annotations

import pytest

from landbridge.compiler.codes import Code
from landbridge.compiler.explain import explain, pages
from landbridge.errors import CompileError

from .source import compile_text


def test_every_code_has_a_page_and_every_page_a_code() -> None:
    assert set(pages()) == {each.value for each in Code}


@pytest.mark.parametrize("code", [each.value for each in Code if each is not Code.NO_SOURCE])
def test_wrong_example_gives_the_code_and_only_that(code: str) -> None:
    wrong, _ = pages()[code].examples
    with pytest.raises(CompileError) as caught:
        compile_text(wrong)
    assert {each.code for each in caught.value.diagnostics} == {code}


@pytest.mark.parametrize("code", [each.value for each in Code if each is not Code.NO_SOURCE])
def test_right_example_compiles(code: str) -> None:
    _, right = pages()[code].examples
    assert compile_text(right).functions


def test_explain_knows_codes_in_any_case_and_no_others() -> None:
    text = explain("lb212")
    assert text is not None
    assert text.startswith("# LB212: Mixed types")
    assert explain("LB299") is None
