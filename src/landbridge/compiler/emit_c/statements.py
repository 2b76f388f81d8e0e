"""Statements of the tree in C."""

from __future__ import annotations

import errno as errno_module
from collections.abc import Iterator
from contextlib import contextmanager

from landbridge.compiler import ir
from landbridge.compiler.emit_c import loops, printing
from landbridge.compiler.emit_c.arithmetic import positive
from landbridge.compiler.emit_c.cexpr import CExpr
from landbridge.compiler.emit_c.code import Arm, Blank, Comment, Compound, Node, Text, block
from landbridge.compiler.emit_c.comments import has_gap, line_comment
from landbridge.compiler.emit_c.ctype import is_array, is_scalar
from landbridge.compiler.emit_c.expressions import Expressions
from landbridge.compiler.emit_c.frame import Frame
from landbridge.compiler.emit_c.headers import reader
from landbridge.compiler.emit_c.ranges import Ranges
from landbridge.compiler.emit_c.usage import is_part, is_same
from landbridge.compiler.intrinsics import INTRINSICS
from landbridge.compiler.span import Span
from landbridge.types import Chars, StructType, Type

_NAMES = {errno_module.EOPNOTSUPP: "EOPNOTSUPP", errno_module.EAGAIN: "EAGAIN", errno_module.EDEADLK: "EDEADLK"}
_ASSIGNING = {op for op in ir.BinaryOp if op not in (ir.BinaryOp.FLOORDIV, ir.BinaryOp.MOD, ir.BinaryOp.RSHIFT)}


def errno_name(number: int) -> str:
    """``EPERM`` of 1."""
    return _NAMES.get(number) or errno_module.errorcode.get(number, str(number))


class Statements:
    """Writes the statements of one function.

    Args:
        expressions: Its expressions.
        frame: How it returns and fails.
        function: The function.
    """

    def __init__(self, expressions: Expressions, frame: Frame, function: ir.Function) -> None:
        self.expressions = expressions
        self.unit = expressions.unit
        self.frame = frame
        self.function = function
        self.leaving: list[str] = []
        self.extra_locals: dict[str, Type] = {}
        self.walked: str | None = None
        self.ranges = Ranges()
        self._span: Span | None = None

    # --- blocks ---

    def block(self, statements: ir.Block) -> list[Node]:
        """Some statements, up to the first after which none is reached."""
        nodes: list[Node] = []
        previous: ir.Stmt | None = None
        for i, each in enumerate(statements):
            if previous is not None and has_gap(previous.span, each.span):
                nodes.append(Blank())
            if self._opens_group(statements, i):
                nodes.append(Comment((line_comment(each.span),), each.span))
            if not self._is_filled_next(statements, i):
                nodes += self.statement(each)
            if ends(each):
                break
            previous = each
        return nodes

    def _opens_group(self, statements: ir.Block, i: int) -> bool:
        """Whether one line of Python starts here that became several statements."""
        line = statements[i].span.line
        if i and statements[i - 1].span.line == line:
            return False
        group = [each for each in statements[i : i + 4] if each.span.line == line and not self._is_certain(each)]
        return len(group) > 1 and not any(isinstance(each, (ir.If, ir.While, ir.ForMap)) for each in group)

    def _is_certain(self, node: ir.Stmt) -> bool:
        return isinstance(node, ir.Check) and self.ranges.proves(node.condition)

    def _is_filled_next(self, statements: ir.Block, i: int) -> bool:
        """Whether a struct is cleared only to have each of its bytes set at once."""
        node = statements[i]
        if not isinstance(node, ir.Clear) or not isinstance(node.place.type, StructType) or node.place.type.padding:
            return False
        missing = {each.name for each in node.place.type.fields}
        for each in statements[i + 1 :]:
            if not isinstance(each, ir.Set) or not isinstance(each.place, ir.FieldOf):
                return False
            if not is_same(each.place.base, node.place) or is_part(node.place, each.value):
                return False
            missing.discard(each.place.name)
            if not missing:
                return True
        return False

    @contextmanager
    def inside(self, leave: str) -> Iterator[None]:
        """Statements that must be followed by ``leave`` before the function is left."""
        self.leaving.append(leave)
        yield
        self.leaving.pop()

    def text(self, text: str) -> Text:
        """A line of C for the statement at hand."""
        return Text(text, self._span)

    def leave(self, statements: list[str]) -> list[Node]:
        """Leave the function, by way of what is still open."""
        return [self.text(each) for each in [*reversed(self.leaving), *statements]]

    # --- statements ---

    def statement(self, node: ir.Stmt) -> list[Node]:
        """One statement of the tree."""
        self._span = node.span
        match node:
            case ir.Set() if is_same(node.place, node.value):
                return []
            case ir.Set():
                return [self.text(self._set(node.place, node.value))]
            case ir.Clear():
                return [self.text(self._clear(node.place))]
            case ir.Check() if self._is_certain(node):
                return []
            case ir.Check():
                return self._unless(self.expressions.negated(node.condition), node.errno)
            case ir.Fail():
                return self.leave(self.frame.fail(f"-{errno_name(node.errno)}"))
            case ir.Return():
                return self._return(node)
            case ir.If():
                return self._if(node)
            case ir.ForRange():
                return loops.for_range(self, node)
            case ir.While():
                return loops.while_(self, node)
            case ir.Spend():
                turns = CExpr("turns", pointer=self.frame.shares_turns)
                return self._unless(CExpr(f"!({turns.object})--" if turns.pointer else "!turns--"), errno_module.ELOOP)
            case ir.ForProcess() | ir.ForNetdev():
                return loops.for_kernel_list(self, node)
            case ir.ForMap():
                return loops.for_map(self, node)
            case ir.Break():
                return [self.text("break;")]
            case ir.Continue():
                return [self.text("continue;")]
            case ir.MapFind() | ir.MapInsert():
                verb = "find" if isinstance(node, ir.MapFind) else "insert"
                slot = self.expressions.places[node.slot].text
                return [self.text(f"{slot} = {self._map(node.map.name, verb, node.key)};")]
            case ir.MapRemove():
                found = self.expressions.places[node.found].text
                return [self.text(f"{found} = {self._map(node.map.name, 'remove', node.key)};")]
            case ir.MapClear():
                return [self.text(f"{self.unit.names.symbol(node.map.name)}_clear();")]
            case ir.CounterAdd():
                name = self.unit.names.symbol(node.counter.name)
                return [self.text(f"{name}_add({self.expressions.of(node.value).text});")]
            case ir.ReadHeader():
                return self._read_header(node)
            case ir.Emit():
                name = self.unit.names.symbol(node.event.name)
                return [self.text(f"{name}_emit({self.expressions.pointer(node.record)});")]
            case ir.Yield():
                return self._yield(node)
            case ir.Call():
                return self._call(node)
            case ir.Print():
                return [self.text(printing.print_call(self.expressions, node, limited=self.frame.limits_log))]
            case ir.Do():
                spec = INTRINSICS[node.name]
                self.unit.include(spec.headers)
                return [self.text(spec.c.format(*(self.expressions.of(each).text for each in node.arguments)) + ";")]
            case ir.InlineC():
                return [Text(line, node.span) for line in node.text.splitlines()]
            case _:
                raise TypeError(f"{type(node).__name__} is no statement that C can have")

    def assign(self, place: CExpr, type_: Type, value: ir.Expr) -> str:
        """Store a value of a type in a place."""
        if isinstance(value, ir.Intrinsic) and INTRINSICS[value.name].into:
            spec = INTRINSICS[value.name]
            self.unit.include(spec.headers)
            arguments = [self.expressions.pointer(each) for each in value.arguments]
            return spec.c.format(*arguments, result=place.text) + ";"
        if isinstance(type_, Chars):
            self.unit.include(["linux/string.h"])
            size = str(type_.length) if place.pointer else f"sizeof({place.text})"
            copy = "strscpy" if place is self.frame.result else "strscpy_pad"
            return f"{copy}({place.text}, {self.expressions.pointer(value)}, {size});"
        if is_array(type_):
            self.unit.include(["linux/string.h"])
            size = str(type_.size) if place.pointer else f"sizeof({place.text})"
            # A choice may be the place itself.
            copy = "memmove" if isinstance(value, ir.Choose) else "memcpy"
            return f"{copy}({place.text}, {self.expressions.pointer(value)}, {size});"
        made = self.expressions.of(value)
        return f"{place.object} = {made.object if not is_scalar(type_) else made.text};"

    def _set(self, place: ir.Expr, value: ir.Expr) -> str:
        target = self.expressions.place(place)
        if isinstance(place, ir.Member) and is_scalar(place.type) and self.unit.usage.is_shared(place.member):
            return f"WRITE_ONCE({target.text}, {self.expressions.of(value).text});"
        if isinstance(value, ir.Binary) and value.op in _ASSIGNING and is_same(place, value.left):
            value = positive(value)
            if isinstance(value.right, ir.Const) and value.right.value == 1 and value.op.value in "+-":
                return f"{target.text}{value.op.value * 2};"
            return f"{target.text} {value.op.value}= {self.expressions.of(value.right).text};"
        return self.assign(target, place.type, value)

    def _clear(self, place: ir.Expr) -> str:
        target = self.expressions.place(place)
        if is_scalar(place.type):
            return f"{target.object} = 0;"
        self.unit.include(["linux/string.h"])
        size = str(place.type.size) if target.pointer else f"sizeof({target.object})"
        pointer = target.text if target.pointer or is_array(place.type) else target.address
        return f"memset({pointer}, 0, {size});"

    def _unless(self, condition: CExpr, errno: int) -> list[Node]:
        return [block(f"if ({condition.text})", self.leave(self.frame.fail(f"-{errno_name(errno)}")), self._span)]

    def _return(self, node: ir.Return) -> list[Node]:
        if node.value is None or self.function.result is None:
            return self.leave(self.frame.done())
        if self.frame.result is None:
            return self.leave([f"return {self.expressions.of(node.value).text};"])
        stored = self.assign(self.frame.result, self.function.result, node.value)
        return [self.text(stored), *self.leave(self.frame.done())]

    def _if(self, node: ir.If) -> list[Node]:
        head, opposite = self.expressions.condition(node.condition).text, self.expressions.negated(node.condition).text
        then = self.block(node.then)
        if not then:
            # Nothing is done: conditions have no effect of their own.
            other = self.block(node.other)
            return [block(f"if ({opposite})", other, node.span)] if other else []
        arms = [Arm(f"if ({head})", then, node.span)]
        if node.then and ends(node.then[-1]):
            # Nothing follows what left: no else.
            return [Compound(arms), *self.block(node.other)]
        other = self.block(node.other)
        if len(other) == 1 and isinstance(other[0], Compound) and other[0].arms[0].head.startswith("if ("):
            first, *rest = other[0].arms
            arms += [Arm(f"else {first.head}", first.body, first.span), *rest]
        elif other:
            arms.append(Arm("else", other, node.other[0].span))
        return [Compound(arms)]

    def _map(self, name: str, verb: str, key: ir.Expr) -> str:
        return f"{self.unit.names.symbol(name)}_{verb}({self.expressions.pointer(key)})"

    def _read_header(self, node: ir.ReadHeader) -> list[Node]:
        type_ = self.function.locals[node.header]
        assert isinstance(type_, ir.HeaderType), "a header has the type of one"
        header, skb = self.expressions.places[node.header].text, self.expressions.places[node.skb].text
        buffer = self.frame.locals.of(buffer_of(node.header))
        read = self.text(f"{header} = {reader(self.unit, type_.name)}({skb}, &{buffer});")
        return [read, *self._unless(CExpr(f"!{header}"), errno_module.EBADMSG)]

    def _yield(self, node: ir.Yield) -> list[Node]:
        arguments = ["dump", self.expressions.pointer(node.row)]
        if self.frame.has_anchor:
            arguments.append(self.walked or "0")
        give = self.text(f"err = {self.unit.names.symbol(self.function.name)}_give({', '.join(arguments)});")
        return [give, block("if (err)", self.leave(["return err;"]), self._span)]

    def _call(self, node: ir.Call) -> list[Node]:
        callee = self.unit.program.function(node.function)
        arguments = [self.expressions.pointer(each) for each in node.arguments]
        result = self.expressions.places[node.result] if node.result else None
        fails = self.unit.usage.fails(callee)
        if callee.result is not None and (fails or not is_scalar(callee.result)):
            if result is None:
                name = self.unused(callee)
                arguments.append(name if is_array(callee.result) else f"&{name}")
            else:
                arguments.append(result.text if is_array(callee.result) else result.address)
        if callee.spends:
            arguments.append("turns" if self.frame.shares_turns else "&turns")
        call = f"{self.frame.body_name(callee)}({', '.join(arguments)})"
        if fails:
            return [self.text(f"err = {call};"), block("if (err)", self.leave(self.frame.fail("err")), self._span)]
        if result is not None and callee.result is not None and is_scalar(callee.result):
            return [self.text(f"{result.text} = {call};")]
        return [self.text(f"{call};")]

    def unused(self, callee: ir.Function) -> str:
        """A local for a result that nobody wants."""
        assert callee.result is not None, "there is a result"
        return self.fresh(f"{callee.name}_result", callee.result)

    def fresh(self, name: str, type_: Type) -> str:
        """A local that the Python does not have. Gives its name."""
        made = self.frame.locals.fresh(name)
        self.extra_locals[made] = type_
        return made


def buffer_of(header: str) -> str:
    """What the room for a packet header is called."""
    return f"{header}.buffer"


def ends(node: ir.Stmt) -> bool:
    """Whether no statement after this one is reached."""
    if isinstance(node, ir.If):
        return bool(node.then and node.other) and ends(node.then[-1]) and ends(node.other[-1])
    return isinstance(node, (ir.Return, ir.Fail, ir.Break, ir.Continue, ir.InlineC))
