"""From a class to a Program: everything that is decided about handlers is decided here.

The straight line: :mod:`source` finds the syntax tree; :mod:`function` lowers it, statement by statement
(:mod:`statements`, :mod:`assignments`, :mod:`loops`, :mod:`raising`) and expression by expression (:mod:`expressions`,
:mod:`operators`, :mod:`subscripts`, :mod:`calls`, :mod:`conversions`, :mod:`members`, :mod:`maps`, :mod:`objects`,
:mod:`log`), to the total expressions of :mod:`landbridge.compiler.ir`; then the passes of
:mod:`landbridge.compiler.passes` run.
"""

from __future__ import annotations

import ast
import types
import weakref

from landbridge.compiler import ir
from landbridge.compiler.codes import Code
from landbridge.compiler.draft import Draft
from landbridge.compiler.frontend import function as function_module
from landbridge.compiler.frontend.lowering import Signature
from landbridge.compiler.frontend.source import NoSourceError, function_span, function_tree
from landbridge.compiler.passes import run_passes
from landbridge.compiler.reporter import Reporter
from landbridge.declare.interface import Interface
from landbridge.errors import CompileError
from landbridge.spec import CommandSpec, MethodSpec, NetfilterSpec, TableSpec, TimerSpec

_compiled: weakref.WeakKeyDictionary[type[Interface], ir.Program] = weakref.WeakKeyDictionary()


def compile_interface(cls: type[Interface]) -> ir.Program:
    """Compile the handlers of an interface.

    Args:
        cls: The class.

    Returns:
        Its program; the same object for the same class.

    Raises:
        CompileError: With everything that is wrong with the handlers, in the order of the source.
    """
    program = _compiled.get(cls)
    if program is None:
        program = _Compilation(cls).run()
        _compiled[cls] = program
    return program


class _Compilation:
    """Compiling one class: the handlers, and the methods that they call."""

    def __init__(self, cls: type[Interface]) -> None:
        self.cls = cls
        self.spec = cls.__lb_spec__
        self.reporter = Reporter()
        self.trees: dict[str, ast.FunctionDef | None] = {}
        self.signatures: dict[str, Signature | None] = {}
        self.drafts: dict[str, Draft] = {}
        self.waiting: list[str] = []

    def run(self) -> ir.Program:
        for member in self.spec.members:
            if isinstance(member, (CommandSpec, TableSpec, NetfilterSpec, TimerSpec)):
                self._signature_of(member.name)
        while self.waiting:
            self._compile(self.waiting.pop(0))
        program = run_passes(self.spec, list(self.drafts.values()), self.reporter)
        if program is None:
            raise CompileError(self.reporter.diagnostics)
        return program

    def _signature_of(self, name: str) -> Signature | None:
        """The signature of a function; on the first call it is put in line to be compiled."""
        if name not in self.signatures:
            self.signatures[name] = None
            tree = self._tree(name)
            member = self._member(name)
            if tree is not None:
                found = function_module.signature(self.cls, member, self._function(name), tree, self.reporter)
                self.signatures[name] = found
                if found is not None:
                    self.waiting.append(name)
        return self.signatures[name]

    def _compile(self, name: str) -> None:
        tree, known = self.trees[name], self.signatures[name]
        assert tree is not None
        assert known is not None
        self.drafts[name] = function_module.compile_function(
            cls=self.cls,
            spec=self.spec,
            member=self._member(name),
            function=self._function(name),
            tree=tree,
            known=known,
            reporter=self.reporter,
            signature_of=self._signature_of,
        )

    def _tree(self, name: str) -> ast.FunctionDef | None:
        if name not in self.trees:
            function = self._function(name)
            try:
                self.trees[name] = function_tree(function)
            except NoSourceError as error:
                self.trees[name] = None
                hint = "handlers are compiled from their source: define the class in a file, and restart after edits"
                self.reporter.report(Code.NO_SOURCE, str(error), function_span(function), hint)
        return self.trees[name]

    def _function(self, name: str) -> types.FunctionType:
        return self.cls.__lb_functions__[name]

    def _member(self, name: str) -> ir.Handler:
        member = self.spec.member(name)
        assert isinstance(member, (CommandSpec, TableSpec, NetfilterSpec, TimerSpec, MethodSpec))
        return member
