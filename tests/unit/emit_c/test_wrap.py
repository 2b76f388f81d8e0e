"""Breaking of long lines."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from landbridge.compiler.emit_c.wrap import LIMIT, TAB, wrap


def columns(line: str) -> int:
    return len(line.expandtabs(TAB))


def test_what_fits_is_left_alone() -> None:
    assert wrap("return 0;", 1) == ["\treturn 0;"]


def test_arguments_align_with_the_parenthesis() -> None:
    text = "static int imp1_something_long(const struct imp1_request *request, struct imp1_reply *reply, u32 more)"
    first, second = wrap(text, 0)
    assert first.endswith("struct imp1_request *request,")
    assert columns(second) - len(second.strip()) == text.index("(") + 1
    assert second.startswith("\t\t\t ")


def test_the_outermost_break_is_taken() -> None:
    text = "if (first_function(argument_one, argument_two) == 0 || second_function(argument_three, argument_four) == 1)"
    first, second = wrap(text, 1)
    assert first == "\tif (first_function(argument_one, argument_two) == 0 ||"
    assert second == "\t    second_function(argument_three, argument_four) == 1)"


def test_conditions_of_a_return_align_with_each_other() -> None:
    text = "return " + " && ".join(f"left->number_{i} == right->number_{i}" for i in range(4)) + ";"
    lines = wrap(text, 1)
    assert [columns(each) - len(each.strip()) for each in lines] == [8, 15, 15, 15][: len(lines)]


def test_literals_are_not_broken() -> None:
    literal = '"' + "a, b && c " * 15 + '"'
    lines = wrap(f"pr_info({literal}, first, second);", 1)
    assert any(literal in each for each in lines)


@given(
    st.lists(st.sampled_from(["alpha", "beta(1, 2)", "gamma[3]", "-delta", '"text, text"']), min_size=1, max_size=30)
)
def test_nothing_is_lost_and_lines_are_short(arguments: list[str]) -> None:
    text = f"function({', '.join(arguments)});"
    lines = wrap(text, 2)
    assert " ".join(each.strip() for each in lines) == text
    assert all(columns(each) <= LIMIT and each == each.rstrip() for each in lines)
