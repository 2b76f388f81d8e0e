"""What the names of a handler mean outside of it: globals, closures, builtins."""

from __future__ import annotations

import ast
import builtins
import functools
import types
import typing
from collections.abc import Mapping
from typing import Any

from landbridge.declare.interface import Interface

MISSING: Any = object()
"""Answer for a name that means nothing."""


class Namespace:
    """The names that one function sees, beside its own variables.

    Args:
        function: The function.
        cls: The interface that it belongs to.
    """

    def __init__(self, function: types.FunctionType, cls: type[Interface]) -> None:
        self._function = function
        closure = {}
        for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
            try:
                closure[name] = cell.cell_contents
            except ValueError:
                continue  # not assigned yet: unknown
        # Annotations are not closed over, so the names around the class help out.
        around = (function.__globals__, cls.__lb_namespace__, vars(builtins))
        self._scopes: tuple[Mapping[str, Any], ...] = (closure, *around)

    def lookup(self, name: str) -> Any:
        """The object of a name, or MISSING."""
        for scope in self._scopes:
            if name in scope:
                return scope[name]
        return MISSING

    def evaluate(self, node: ast.expr) -> Any:
        """The object that an annotation means; strings are looked into.

        Raises:
            Exception: Whatever evaluating it raises.
        """
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node = ast.parse(node.value, mode="eval").body
        code = compile(ast.Expression(node), self._function.__code__.co_filename, "eval")
        return eval(code, _Chain(self))

    @functools.cached_property
    def hints(self) -> dict[str, Any]:
        """The function's own annotations, resolved.

        Raises:
            Exception: Whatever evaluating one raises.
        """
        return typing.get_type_hints(self._function, localns=_Chain(self), include_extras=True)


class _Chain(dict[str, Any]):
    """A Namespace as the dictionary that eval takes."""

    def __init__(self, namespace: Namespace) -> None:
        super().__init__()
        self._namespace = namespace

    def __missing__(self, name: str) -> Any:
        value = self._namespace.lookup(name)
        if value is MISSING:
            raise NameError(f"name {name!r} is not defined")
        return value
