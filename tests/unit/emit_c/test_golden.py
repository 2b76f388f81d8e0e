"""The C of whole interfaces, against what was read and approved by a person."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from landbridge.channels.placement import Placement
from landbridge.compiler import compile_interface
from landbridge.declare import Interface
from landbridge.module.tree import emit
from tests.unit.emit_c.interfaces import Greeter, Ledger, Lister, Watcher

GOLDEN = Path(__file__).parent / "golden"
INTERFACES = (Greeter, Watcher, Lister, Ledger)


def files_of(cls: type[Interface]) -> dict[str, str]:
    program = compile_interface(cls)
    return dict(emit(program, Placement(program.spec, ())).files)


@pytest.mark.parametrize("cls", INTERFACES, ids=lambda cls: cls.__name__)
def test_the_emitted_c_is_the_approved_one(cls: type[Interface]) -> None:
    files = files_of(cls)
    for name in (f"{cls.__lb_spec__.c_name}.h", f"{cls.__lb_spec__.c_name}_handlers.c"):
        # If the change is meant: python -m tests.unit.emit_c.test_golden, and read the diff.
        assert files[name] == (GOLDEN / f"{name}.txt").read_text()


@pytest.mark.parametrize("cls", INTERFACES, ids=lambda cls: cls.__name__)
def test_each_line_from_python_names_a_line_of_the_handlers(cls: type[Interface]) -> None:
    program = compile_interface(cls)
    tree = emit(program, Placement(program.spec, ()))
    spans = {each.name: each.span for each in program.functions}
    lines = tree.files[f"{tree.name}_handlers.c"].splitlines()
    assert tree.line_map
    for each in tree.line_map:
        assert lines[each.line - 1].strip()
        assert any(span.line <= each.span.line <= span.end_line for span in spans.values())


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    for each in INTERFACES:
        for path, text in files_of(each).items():
            if path.endswith(("_handlers.c", f"{each.__lb_spec__.c_name}.h")):
                (GOLDEN / f"{path}.txt").write_text(text)
    sys.exit(0)
