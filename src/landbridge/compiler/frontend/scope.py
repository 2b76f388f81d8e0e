"""The variables of one function, and the block that statements are added to."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from landbridge.compiler import ir
from landbridge.compiler.effects import root
from landbridge.compiler.intrinsics import INTRINSICS
from landbridge.compiler.span import Span
from landbridge.spec import MapSpec
from landbridge.types import Type, check_name


@dataclass(slots=True)
class Variable:
    """A variable as Python sees it.

    Attributes:
        local: Its name in the tree.
        type: None where an error hides it.
        span: Where it got its type.
    """

    local: str
    type: Type | None
    span: Span


@dataclass(slots=True)
class MapLoop:
    """A loop over a Map that is being lowered.

    Attributes:
        key: Name of the key's variable, if the body does not assign it.
        slot: Local of the entry.
    """

    map: MapSpec
    key: str | None
    slot: str


@dataclass(slots=True)
class Scope:
    """What is known while a function is lowered.

    Attributes:
        variables: By name in Python.
        locals: Types by name in the tree, parameters left out.
        block: Statements so far.
        map_loops: Loops over Maps around the current statement, outermost first.
        loop_depth: Number of loops around the current statement.
        assigned: Names that the function assigns anywhere: they are its own, as in Python.
        headers: Locals of the packet headers that were read on the way here, by skb and kind.
        entries: Locals of entries of Maps that were found on the way here, and are still there, by Map and key.
        looked_up: What each slot was looked up by, for tests such as ``key in self.m``.
        preferred: Name that the next header would like to have.
    """

    variables: dict[str, Variable] = field(default_factory=dict)
    locals: dict[str, Type] = field(default_factory=dict)
    block: list[ir.Stmt] = field(default_factory=list)
    map_loops: list[MapLoop] = field(default_factory=list)
    assigned: set[str] = field(default_factory=set)
    preferred: str | None = None
    headers: dict[tuple[str, str], str] = field(default_factory=dict)
    entries: dict[tuple[str, ir.Expr], str] = field(default_factory=dict)
    looked_up: dict[str, tuple[str, ir.Expr]] = field(default_factory=dict)
    _taken: set[str] = field(default_factory=set)

    def reserve(self, names: Iterable[str]) -> None:
        """Keep names from being given to temporaries."""
        self._taken.update(names)

    def declare(self, name: str, type_: Type | None, span: Span) -> Variable:
        """Add a variable of the user; its name stays unless C cannot bear it."""
        plain = check_name(name) is None and name not in INTRINSICS
        local = name if plain else self._fresh(f"{name.strip('_') or 'unused'}_v")
        if not local.isascii() or check_name(local) is not None:
            local = self._fresh("v")
        variable = Variable(local, type_, span)
        self.variables[name] = variable
        if type_ is not None:
            self.locals[local] = type_
        return variable

    def temporary(self, base: str, type_: Type, span: Span) -> ir.Local:
        """Add a variable of our own."""
        name = base if base == self.preferred and base not in self.locals else self._fresh(base)
        self.locals[name] = type_
        return ir.Local(name=name, type=type_, span=span)

    def _fresh(self, base: str) -> str:
        name, number = base, 1
        while name in self._taken or name in self.locals:
            number += 1
            name = f"{base}{number}"
        self._taken.add(name)
        return name

    def emit(self, statement: ir.Stmt) -> None:
        """Add a statement to the current block."""
        self.block.append(statement)
        match statement:
            case ir.Call():
                self.entries.clear()  # it may take any of them away
            case ir.MapRemove() | ir.MapClear():
                name = statement.map.name
                self.entries = {known: slot for known, slot in self.entries.items() if known[0] != name}
            case ir.Set() | ir.Clear():
                self._forget_key(root(statement.place))

    def _forget_key(self, place: ir.Expr) -> None:
        if isinstance(place, ir.Local):
            self.entries = {
                known: slot
                for known, slot in self.entries.items()
                if not (isinstance(known[1], ir.Local) and known[1].name == place.name)
            }

    @contextmanager
    def nested(self, *, loop: bool = False) -> Iterator[list[ir.Stmt]]:
        """Collect statements into a block of their own; what is found or read inside is forgotten after it.

        Args:
            loop: The block may run again: what was found before it may be gone by then.
        """
        outer, headers, entries = self.block, dict(self.headers), dict(self.entries)
        inner: list[ir.Stmt] = []
        self.block = inner
        if loop:
            self.entries = {}
        try:
            yield inner
        finally:
            left = self.entries
            self.block, self.headers = outer, headers
            self.entries = {known: slot for known, slot in entries.items() if left.get(known) == slot}


def assigned_names(nodes: Iterable[ast.AST]) -> set[str]:
    """Names of variables that these statements assign."""
    return {
        each.id
        for node in nodes
        for each in ast.walk(node)
        if isinstance(each, ast.Name) and not isinstance(each.ctx, ast.Load)
    }


def changed_names(nodes: Iterable[ast.AST]) -> set[str]:
    """Names of variables that these statements assign, or of which they assign a part."""
    found = assigned_names(nodes)
    for node in nodes:
        for each in ast.walk(node):
            if isinstance(each, (ast.Attribute, ast.Subscript)) and not isinstance(each.ctx, ast.Load):
                root: ast.AST = each
                while isinstance(root, (ast.Attribute, ast.Subscript)):
                    root = root.value
                if isinstance(root, ast.Name):
                    found.add(root.id)
    return found
