"""Lowering one function: what all parts of the front end share.

The parts are functions that take the :class:`Lowering` first: :mod:`expressions`, :mod:`operators`, :mod:`calls`,
:mod:`members` and so on; one noun a file.
"""

from __future__ import annotations

import ast
import types
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from landbridge.compiler import effects, ir
from landbridge.compiler.codes import Code
from landbridge.compiler.frontend.names import Namespace
from landbridge.compiler.frontend.scope import Scope, Variable, assigned_names, changed_names
from landbridge.compiler.frontend.values import Items, Literal, Text, Value
from landbridge.compiler.reporter import Reported, Reporter
from landbridge.compiler.span import Span
from landbridge.declare.interface import Interface
from landbridge.spec import InterfaceSpec
from landbridge.types import Type, boolean


@dataclass(slots=True)
class Signature:
    """What callers know of a function.

    Attributes:
        parameters: Names and types, without self.
        result: None: it has none.
    """

    parameters: tuple[tuple[str, Type], ...]
    result: Type | None


@dataclass(slots=True)
class Lowering:
    """The state of lowering one function.

    Attributes:
        tree: Its syntax.
        signature_of: Gives the signature of another function of the class by name, and has it compiled too;
            None if that one cannot be compiled (which was reported).
    """

    cls: type[Interface]
    spec: InterfaceSpec
    name: str
    member: ir.Handler
    function: types.FunctionType
    tree: ast.FunctionDef
    signature: Signature
    reporter: Reporter
    signature_of: Callable[[str], Signature | None]
    names: Namespace = field(init=False)
    scope: Scope = field(init=False)
    self_name: str = field(init=False)

    def __post_init__(self) -> None:
        self.names = Namespace(self.function, self.cls)
        self.scope = Scope()
        self.scope.assigned = assigned_names(self.tree.body)
        self.self_name = self.tree.args.args[0].arg if self.tree.args.args else "self"
        stored = changed_names(self.tree.body)
        self.scope.reserve({*stored, *(each.arg for each in self.tree.args.args)})
        for name, type_ in self.signature.parameters:
            span = self.span(self.tree)
            self.scope.variables[name] = Variable(name, type_, span)
            if name in stored:
                # Arguments are never assigned in the tree; one that Python assigns gets a variable.
                copy = self.scope.temporary(name, type_, span)
                self.emit(ir.Set(place=copy, value=ir.Local(name=name, type=type_, span=span), span=span))
                self.scope.variables[name] = Variable(copy.name, type_, span)

    # --- places and diagnostics ------------------------------------------------------------

    def span(self, node: ast.AST) -> Span:
        """Where a node is."""
        return Span.of(node, self.function.__code__.co_filename)

    def report(self, code: Code, message: str, at: ast.AST | Span, hint: str | None = None) -> None:
        """Record a diagnostic and go on."""
        self.reporter.report(code, message, at if isinstance(at, Span) else self.span(at), hint)

    def fail(self, code: Code, message: str, at: ast.AST | Span, hint: str | None = None) -> Reported:
        """Record a diagnostic; raise what this returns, to give up the statement."""
        self.report(code, message, at, hint)
        return Reported()

    # --- statements ----------------------------------------------------------------------------

    def emit(self, statement: ir.Stmt) -> None:
        """Add a statement to the current block."""
        self.scope.emit(statement)

    def check(self, condition: ir.Expr, errno: int, reason: str, span: Span) -> None:
        """Fail at run time unless the condition holds."""
        self.emit(ir.Check(condition=condition, errno=errno, reason=reason, span=span))

    def keep(self, value: ir.Expr, base: str = "value") -> ir.Local:
        """Evaluate now, into a temporary."""
        place = self.scope.temporary(base, value.type, value.span)
        self.emit(ir.Set(place=place, value=value, span=value.span))
        return place

    def stable(self, value: ir.Expr, base: str = "value") -> ir.Expr:
        """The same value in a form that may be used more than once: it reads nothing that others may change."""
        return value if effects.is_stable(value) else self.keep(value, base)

    # --- values ----------------------------------------------------------------------------------

    def value(self, node: ast.expr, expected: Type | None = None) -> Value:
        """Lower an expression; ``expected`` is a wish that literals inside may take."""
        from landbridge.compiler.frontend import expressions  # noqa: PLC0415  # the parts need this class

        return expressions.lower(self, node, expected)

    def typed(self, node: ast.expr, expected: Type, what: str) -> ir.Expr:
        """Lower an expression to a value of this type."""
        return self.coerce(self.value(node, expected), expected, what)

    def settled(self, node: ast.expr) -> ir.Expr:
        """Lower an expression that must have a type of its own."""
        return self.settle(self.value(node))

    def settle(self, value: Value) -> ir.Expr:
        """Give a value the type that it has by itself."""
        from landbridge.compiler.frontend import coercion  # noqa: PLC0415

        return coercion.settle(self, value)

    def coerce(self, value: Value, expected: Type, what: str) -> ir.Expr:
        """Give a value this type, if it is a literal; else it must have it."""
        from landbridge.compiler.frontend import coercion  # noqa: PLC0415

        return coercion.coerce(self, value, expected, what)

    def condition(self, node: ast.expr) -> ir.Expr:
        """Lower a condition: a bool."""
        value = self.value(node, boolean)
        if isinstance(value, (Literal, Text, Items)) or value.type != boolean:
            from landbridge.compiler.frontend.values import describe  # noqa: PLC0415

            text = ast.unparse(node)
            number = isinstance(value, Literal) or (isinstance(value, ir.Expr) and value.type.name[0] in "usb")
            hint = f"write {text} != 0" if number else "compare it with something"
            raise self.fail(Code.CONDITION_NOT_BOOL, f"a condition is a bool, not {describe(value)}", node, hint)
        return value

    def in_order(self, lowered: Sequence[Callable[[], Value]]) -> list[Value]:
        """Lower operands from left to right.

        Where a later one changes what an earlier one reads, the earlier one is evaluated first, into a temporary.
        """
        values: list[Value] = []
        ends: list[int] = []
        for each in lowered:
            values.append(each())
            ends.append(len(self.scope.block))
        for i in reversed(range(len(values))):
            value = values[i]
            later = tuple(self.scope.block[ends[i] :])
            if isinstance(value, ir.Expr) and effects.changes(later, value):
                place = self.scope.temporary("value", value.type, value.span)
                self.scope.block.insert(ends[i], ir.Set(place=place, value=value, span=value.span))
                values[i] = place
        return values
