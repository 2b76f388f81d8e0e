"""From the typed tree to Python code: each function becomes one Python function, compiled once.

Its code carries the file and lines of the handler that it came from, so that a traceback, a debugger and a coverage
tool show the user's own source.
"""

from __future__ import annotations

import ast
import errno
import functools
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from types import CodeType
from typing import Any

from landbridge.compiler import ir
from landbridge.compiler.span import Span
from landbridge.sim.expressions import Expressions
from landbridge.sim.failure import HandlerFailed
from landbridge.sim.logtext import formatter
from landbridge.sim.values import copier, encode, freeze, is_aggregate, thaw, zero
from landbridge.spec import CommandSpec, TableSpec
from landbridge.types import StructType, Type


@dataclass(frozen=True, slots=True)
class Translation:
    """A program as Python code.

    Attributes:
        functions: Code that defines each function, by name.
        constants: What the code uses by name: copiers, encoders, formatters.
        source: The generated Python, for curious people and bug reports.
    """

    functions: Mapping[str, CodeType]
    constants: Mapping[str, Any]
    source: str


def translate(program: ir.Program) -> Translation:
    """Compile all functions of a program."""
    constants = _Constants()
    functions, sources = {}, []
    for each in program.functions:
        writer = _Writer(each, constants)
        functions[each.name] = writer.compile()
        sources.append(writer.text)
    return Translation(functions, constants.values, "\n\n".join(sources))


class _Constants:
    """The helpers that the generated code uses by name; equal ones share a name."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {
            "_Failed": HandlerFailed,
            "_int": int,
            "_len": len,
            "_range": range,
            "_freeze": freeze,
            "_thaw": thaw,
        }
        self._names: dict[tuple[str, Hashable], str] = {}

    def name(self, kind: str, of: Hashable, value: Any) -> str:
        made = self._names.setdefault((kind, of), f"_{kind}{len(self._names)}")
        self.values.setdefault(made, value)
        return made


class _Writer:
    """Writes one function, line by line, each with the span that it came from."""

    def __init__(self, function: ir.Function, constants: _Constants) -> None:
        self._function = function
        self._constants = constants
        self._expressions = Expressions()
        self._lines: list[tuple[str, Span]] = []
        self._depth = 0
        self._write_function()

    @property
    def text(self) -> str:
        return "\n".join(line for line, _ in self._lines)

    def compile(self) -> CodeType:
        tree = ast.parse(self.text)
        for node in ast.walk(tree):
            line = getattr(node, "lineno", None)
            if line is not None:
                span = self._lines[line - 1][1]
                ast.copy_location(node, _marker(span))
        return compile(tree, self._function.span.file, "exec")

    # --- helpers -------------------------------------------------------------------------------

    def _line(self, text: str, span: Span) -> None:
        self._lines.append(("    " * self._depth + text, span))

    def _value(self, node: ir.Expr) -> str:
        """An expression whose value may be kept: lists are copied."""
        text = self._expressions.write(node)
        if is_aggregate(node.type):
            return f"{self._constants.name('copy', node.type, copier(node.type))}({text})"
        return text

    def _zero(self, type_: Type) -> str:
        if type_.size <= 64:
            return repr(zero(type_))
        return f"{self._constants.name('zero', type_, functools.partial(zero, type_))}()"

    def _block(self, block: ir.Block, span: Span) -> None:
        self._depth += 1
        if not block:
            self._line("pass", span)
        for each in block:
            self._statement(each)
        self._depth -= 1

    def _fail(self, number: int, span: Span) -> None:
        self._line(f"raise _Failed({number})", span)

    # --- the function ----------------------------------------------------------------------------

    def _write_function(self) -> None:
        function, local = self._function, self._expressions.local
        names = [local(name) for name, _ in function.parameters]
        self._line(f"def {function.name}({', '.join(names)}):", function.span)
        self._depth += 1
        for name, type_ in function.locals.items():
            self._line(f"{local(name)} = {self._zero(type_)}", function.span)
        self._depth -= 1
        self._block(function.body, function.span)

    @functools.singledispatchmethod
    def _statement(self, node: ir.Stmt) -> None:
        raise NotImplementedError(f"the simulation does not know {type(node).__name__}")

    @_statement.register
    def _(self, node: ir.Set) -> None:
        self._line(f"{self._expressions.write(node.place)} = {self._value(node.value)}", node.span)

    @_statement.register
    def _(self, node: ir.Clear) -> None:
        self._line(f"{self._expressions.write(node.place)} = {self._zero(node.place.type)}", node.span)

    @_statement.register
    def _(self, node: ir.Check) -> None:
        self._line(f"if not {self._expressions.write(node.condition)}: raise _Failed({node.errno})", node.span)

    @_statement.register
    def _(self, node: ir.Fail) -> None:
        self._fail(node.errno, node.span)

    @_statement.register
    def _(self, node: ir.Return) -> None:
        self._line("return" if node.value is None else f"return {self._value(node.value)}", node.span)

    @_statement.register
    def _(self, node: ir.If) -> None:
        self._line(f"if {self._expressions.write(node.condition)}:", node.condition.span)
        self._block(node.then, node.span)
        if node.other:
            self._line("else:", node.span)
            self._block(node.other, node.span)

    @_statement.register
    def _(self, node: ir.ForRange) -> None:
        start, stop = self._expressions.write(node.start), self._expressions.write(node.stop)
        self._line(f"for {self._expressions.local(node.variable)} in _range({start}, {stop}, {node.step}):", node.span)
        self._block(node.body, node.span)

    @_statement.register
    def _(self, node: ir.While) -> None:
        self._line("while True:", node.span)
        self._depth += 1
        for each in node.prelude:
            self._statement(each)
        self._line(f"if not {self._expressions.write(node.condition)}: break", node.condition.span)
        self._depth -= 1
        self._block(node.body, node.span)

    @_statement.register
    def _(self, node: ir.Spend) -> None:
        self._line("_k.budget -= 1", node.span)
        self._line(f"if _k.budget < 0: raise _Failed({errno.ELOOP})", node.span)

    @_statement.register
    def _(self, node: ir.ForProcess) -> None:
        self._line(f"for {self._expressions.local(node.variable)} in _k.tasks():", node.span)
        self._block(node.body, node.span)

    @_statement.register
    def _(self, node: ir.ForNetdev) -> None:
        self._line(f"for {self._expressions.local(node.variable)} in _k.devices():", node.span)
        self._block(node.body, node.span)

    @_statement.register
    def _(self, node: ir.ForMap) -> None:
        slot, entries = self._expressions.local(node.slot), f"_m.{node.map.name}"
        if node.key is None:
            self._line(f"for {slot} in {entries}.values():", node.span)
        else:
            key = self._expressions.local(node.key)
            self._line(f"for {key}, {slot} in {entries}.items():", node.span)
            if isinstance(node.map.key, StructType):
                self._line(f"    {key} = _thaw({key})", node.span)
        self._block(node.body, node.span)

    @_statement.register
    def _(self, node: ir.Break) -> None:
        self._line("break", node.span)

    @_statement.register
    def _(self, node: ir.Continue) -> None:
        self._line("continue", node.span)

    def _key(self, node: ir.MapFind | ir.MapInsert | ir.MapRemove) -> str:
        key = self._expressions.write(node.key)
        return f"_freeze({key})" if isinstance(node.map.key, StructType) else key

    @_statement.register
    def _(self, node: ir.MapFind) -> None:
        self._line(f"{self._expressions.local(node.slot)} = _m.{node.map.name}.get({self._key(node)})", node.span)

    @_statement.register
    def _(self, node: ir.MapInsert) -> None:
        slot, entries = self._expressions.local(node.slot), f"_m.{node.map.name}"
        self._line(f"{slot} = {entries}.get({self._key(node)})", node.span)
        self._line(f"if {slot} is None and _len({entries}) < {node.map.entries}:", node.span)
        made = f"[{self._zero(node.map.value)}]"
        self._line(f"    {slot} = {entries}[{self._key(node)}] = {made}", node.span)

    @_statement.register
    def _(self, node: ir.MapRemove) -> None:
        found = self._expressions.local(node.found)
        self._line(f"{found} = _m.{node.map.name}.pop({self._key(node)}, None) is not None", node.span)

    @_statement.register
    def _(self, node: ir.MapClear) -> None:
        self._line(f"_m.{node.map.name}.clear()", node.span)

    @_statement.register
    def _(self, node: ir.CounterAdd) -> None:
        counter = f"_m.{node.counter.name}"
        self._line(f"{counter} = ({counter} + {self._expressions.write(node.value)}) & {(1 << 64) - 1:#x}", node.span)

    @_statement.register
    def _(self, node: ir.ReadHeader) -> None:
        type_ = self._function.locals[node.header]
        header, skb = self._expressions.local(node.header), self._expressions.local(node.skb)
        self._line(f"{header} = {skb}.header({type_.name!r})", node.span)
        self._line(f"if {header} is None: raise _Failed({errno.EBADMSG})", node.span)

    @_statement.register
    def _(self, node: ir.Emit) -> None:
        self._line(f"_k.emit({node.event.name!r}, {self._bytes(node.record)})", node.span)

    @_statement.register
    def _(self, node: ir.Yield) -> None:
        self._line(f"_k.rows.append({self._bytes(node.row)})", node.span)

    def _bytes(self, node: ir.Expr) -> str:
        name = self._constants.name("encode", node.type, functools.partial(encode, node.type))
        return f"{name}({self._expressions.write(node)})"

    @_statement.register
    def _(self, node: ir.Call) -> None:
        arguments = ", ".join(self._value(each) for each in node.arguments)
        result = "" if node.result is None else f"{self._expressions.local(node.result)} = "
        self._line(f"{result}_call_{node.function}({arguments})", node.span)

    @_statement.register
    def _(self, node: ir.Print) -> None:
        types = tuple(each.type for each in node.arguments)
        name = self._constants.name("format", (node.format, types), formatter(node.format, types))
        values = "".join(f"{self._expressions.write(each)}, " for each in node.arguments)
        text = f"{node.level!r}, {name}(({values}))"
        if _limits_log(self._function):
            place = f"{node.span.line}:{node.span.column}"
            self._line(f"_k.log_limited({place!r}, {text})", node.span)
        else:
            self._line(f"_k.log({text})", node.span)

    @_statement.register
    def _(self, node: ir.Do) -> None:
        arguments = "".join(f", {self._expressions.write(each)}" for each in node.arguments)
        self._line(f"_k.ask({node.name!r}{arguments})", node.span)

    @_statement.register
    def _(self, node: ir.InlineC) -> None:
        self._line(f"_k.refuse_c({self._function.name!r})", node.span)


def _limits_log(function: ir.Function) -> bool:
    """Whether the module limits the rate of its lines: where packets, or users without privilege, cause them."""
    member = function.member
    return function.atomic or not isinstance(member, (CommandSpec, TableSpec)) or member.capability is None


def _marker(span: Span) -> ast.AST:
    """A node that only carries a place."""
    return ast.Pass(
        lineno=span.line, end_lineno=span.end_line, col_offset=span.column - 1, end_col_offset=span.end_column - 1
    )
