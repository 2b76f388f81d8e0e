"""Whatever the source: the compiler compiles it, or says why not; it never fails in another way."""

from __future__ import annotations

import ast
import copy
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from landbridge.compiler import compile_interface, ir
from landbridge.compiler.explain import pages
from landbridge.errors import CompileError, DeclarationError
from tests.diagnostics.source import load_text
from tests.diagnostics.test_documents import CASES

_SOURCES = [case.source for case in CASES]
_EXAMPLES = [
    text.partition('if __name__ == "__main__":')[0]
    for path in sorted((Path(__file__).parents[2] / "examples").glob("*.py"))
    if "(lb.Interface)" in (text := path.read_text(encoding="utf-8"))
]
_VALID = [*_EXAMPLES, *(page.examples[1] for page in pages().values() if page.examples)]
_ALL = [*_SOURCES, *_VALID, *_VALID]


def _statements(tree: ast.AST) -> list[list[ast.stmt]]:
    """Bodies of the handlers: where mutations happen (declarations are not what is tested here)."""
    found = []
    handlers = (each for cls in ast.walk(tree) if isinstance(cls, ast.ClassDef) for each in cls.body)
    for function in handlers:
        if isinstance(function, ast.FunctionDef):
            for node in ast.walk(function):
                for name in ("body", "orelse"):
                    block = getattr(node, name, None)
                    if isinstance(block, list) and block:
                        found.append(block)
    return found


def _expressions(tree: ast.AST) -> list[tuple[ast.AST, str, int | None]]:
    found: list[tuple[ast.AST, str, int | None]] = []
    for block in _statements(tree):
        for statement in block:
            for node in ast.walk(statement):
                for name, value in ast.iter_fields(node):
                    if name in ("annotation", "returns", "decorator_list", "args") and isinstance(
                        node, ast.FunctionDef
                    ):
                        continue
                    if isinstance(value, ast.expr) and name not in ("annotation", "target"):
                        found.append((node, name, None))
                    elif isinstance(value, list):
                        found += [(node, name, i) for i, each in enumerate(value) if isinstance(each, ast.expr)]
    return found


def _swap(tree: ast.Module, other: ast.Module, pick: random.Random) -> None:
    """Put an expression or statement of one program where another has one."""
    if pick.random() < 0.3:
        target, source = pick.choice(_statements(tree)), pick.choice(_statements(other))
        at = pick.randrange(len(target))
        target[at : at + pick.randrange(2)] = [copy.deepcopy(pick.choice(source))]
        return
    places, sources = _expressions(tree), _expressions(other)
    if not places or not sources:
        return
    (node, name, at_), (from_node, from_name, from_at) = pick.choice(places), pick.choice(sources)
    value = getattr(from_node, from_name)
    new = copy.deepcopy(value if from_at is None else value[from_at])
    if at_ is None:
        if isinstance(getattr(getattr(node, name), "ctx", None), (ast.Store, ast.Del)):
            return
        setattr(node, name, new)
    else:
        if isinstance(getattr(getattr(node, name)[at_], "ctx", None), (ast.Store, ast.Del)):
            return
        getattr(node, name)[at_] = new


def _mutated(seed: int) -> str | None:
    pick = random.Random(seed)
    tree, other = ast.parse(pick.choice(_ALL)), ast.parse(pick.choice(_ALL))
    for _ in range(pick.randint(1, 4)):
        _swap(tree, other if pick.random() < 0.5 else tree, pick)
    try:
        text = ast.unparse(ast.fix_missing_locations(tree))
        compile(text, "example.py", "exec")
    except (SyntaxError, RecursionError, ValueError, AttributeError, TypeError):
        return None  # not Python any more
    return text + "\n"


def _check_total(program: ir.Program) -> None:
    """What the targets rely on."""
    for function in program.functions:
        known = {name for name, _ in function.parameters} | set(function.locals)
        for node in ir.walk(function.body):
            if isinstance(node, ir.Local):
                assert node.name in known
            if isinstance(node, ir.Binary):
                assert node.left.type == node.right.type == node.type
            if isinstance(node, ir.Set):
                assert node.place.type == node.value.type
            if isinstance(node, ir.Choose):
                assert node.then.type == node.other.type == node.type


def _outcome(text: str) -> ir.Program | CompileError | None:
    """The program, or what is wrong with it; None if the class body itself fails."""
    try:
        classes = load_text(text)
    except (DeclarationError, ImportError, ValueError, NameError, TypeError, AttributeError, LookupError):
        return None
    if len(classes) != 1:
        return None
    try:
        return compile_interface(classes[0])
    except CompileError as error:
        return error


def _check(outcome: ir.Program | CompileError | None) -> None:
    if isinstance(outcome, CompileError):
        assert outcome.diagnostics
        assert all(each.code.startswith("LB2") and each.span.line >= 1 for each in outcome.diagnostics)
    elif outcome is not None:
        _check_total(outcome)


@pytest.mark.filterwarnings("ignore::SyntaxWarning")
@settings(max_examples=400, deadline=None)
@given(st.integers(min_value=0, max_value=2**32))
def test_mutated_handlers_compile_or_are_refused(seed: int) -> None:
    text = _mutated(seed)
    if text is not None:
        _check(_outcome(text))


@pytest.mark.parametrize("source", _EXAMPLES)
def test_examples_compile(source: str) -> None:
    outcome = _outcome(source)
    assert isinstance(outcome, ir.Program)
    _check_total(outcome)


_NOISE = ["0", "self", "(", ")", " not ", "-", "lb.", "[0]", ".x", "=="]


@pytest.mark.filterwarnings("ignore::SyntaxWarning")
@settings(max_examples=300, deadline=None)
@given(st.sampled_from(_VALID), st.floats(min_value=0, max_value=1), st.sampled_from(_NOISE))
def test_noise_in_the_text_never_crashes(source: str, where: float, noise: str) -> None:
    at = int(where * len(source))
    text = source[:at] + noise + source[at:]
    try:
        compile(text, "example.py", "exec")
    except SyntaxError:
        return
    _check(_outcome(text))
