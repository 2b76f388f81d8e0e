"""Compiling interfaces from text, as if the text were a file."""

from __future__ import annotations

import linecache
import sys
import types

from landbridge.compiler import compile_interface, ir
from landbridge.declare import Interface

_PRELUDE = """
import errno
from collections.abc import Iterator
from typing import Annotated

import landbridge as lb
"""


def load_text(text: str, file: str = "example.py") -> list[type[Interface]]:
    """Run the text as a module whose source can be read; give the interfaces that it defines."""
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    name = f"lb_example_{len(sys.modules)}"
    module = types.ModuleType(name)
    module.__file__ = file
    exec(_PRELUDE, module.__dict__)
    sys.modules[name] = module  # annotations are looked up there
    try:
        exec(compile(text, file, "exec"), module.__dict__)
    finally:
        del sys.modules[name]
    return [
        each
        for each in vars(module).values()
        if isinstance(each, type) and issubclass(each, Interface) and each is not Interface
    ]


def compile_text(text: str, file: str = "example.py") -> ir.Program:
    """Compile the only interface of a text."""
    (cls,) = load_text(text, file)
    return compile_interface(cls)
