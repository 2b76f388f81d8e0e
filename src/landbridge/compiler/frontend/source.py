"""From a function object to its syntax tree, with positions in the file."""

from __future__ import annotations

import ast
import functools
import linecache
from types import FunctionType

from landbridge.compiler.span import Span


class NoSourceError(Exception):
    """The source of a function cannot be had; the message says why."""


def function_tree(function: FunctionType) -> ast.FunctionDef:
    """The syntax tree of a function; its positions are those of the file.

    Raises:
        NoSourceError: There is no source (REPL, ``exec``), or it is not what was imported.
    """
    code = function.__code__
    lines = linecache.getlines(code.co_filename, function.__globals__)
    if not lines:
        raise NoSourceError(f"the source of {function.__qualname__} cannot be read ({code.co_filename})")
    try:
        definitions = _definitions("".join(lines))
    except SyntaxError as error:
        raise NoSourceError(f"{code.co_filename} changed since it was imported: {error.msg}") from None
    for node in definitions.get(code.co_firstlineno, ()):
        if node.name == code.co_name:
            if isinstance(node, ast.FunctionDef):
                return node
            raise NoSourceError(f"{function.__qualname__} is async; handlers are ordinary functions")
    raise NoSourceError(
        f"{code.co_filename} changed since it was imported: {code.co_name} is not at line {code.co_firstlineno}"
    )


def function_span(function: FunctionType) -> Span:
    """Where a function starts, for when there is no more to point at."""
    code = function.__code__
    return Span(code.co_filename, code.co_firstlineno, 1, code.co_firstlineno, 1)


@functools.lru_cache(maxsize=64)
def _definitions(source: str) -> dict[int, list[ast.FunctionDef | ast.AsyncFunctionDef]]:
    found: dict[int, list[ast.FunctionDef | ast.AsyncFunctionDef]] = {}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            # A code object starts at its first decorator.
            first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
            found.setdefault(first, []).append(node)
    return found
