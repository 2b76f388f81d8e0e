"""Handlers and methods as C functions.

Each becomes one function where it can be the one that the kernel or a channel calls; else two: the body, and
around it the entry, which checks the request, takes the lock and answers for failures.
"""

from __future__ import annotations

from landbridge.compiler import ir
from landbridge.compiler.emit_c.cexpr import CExpr, primary, promoted
from landbridge.compiler.emit_c.code import Blank, Braces, Node, Text
from landbridge.compiler.emit_c.comments import source_comment
from landbridge.compiler.emit_c.ctype import (
    declare,
    declare_argument,
    declare_local,
    integer_of,
    is_array,
    is_scalar,
    pointer_to,
)
from landbridge.compiler.emit_c.entries import Entry
from landbridge.compiler.emit_c.expressions import Expressions
from landbridge.compiler.emit_c.frame import Frame
from landbridge.compiler.emit_c.liveness import starts_unset
from landbridge.compiler.emit_c.names import LocalNames
from landbridge.compiler.emit_c.slots import share
from landbridge.compiler.emit_c.statements import Statements, buffer_of, ends
from landbridge.compiler.emit_c.unit import Unit
from landbridge.compiler.emit_c.usage import EBADMSG, assigned
from landbridge.compiler.headers import HEADERS
from landbridge.spec import CommandSpec, MethodSpec, NetfilterSpec, TableSpec, TimerSpec
from landbridge.types import Chars, StructType, Type, s32


class FunctionCode:
    """The C of one function of the tree.

    Args:
        unit: The file.
        function: The function.
    """

    def __init__(self, unit: Unit, function: ir.Function) -> None:
        self.unit = unit
        self.function = function
        self.name = unit.names.symbol(function.name)
        self.fails = unit.usage.fails(function)
        self.is_called = isinstance(function.member, MethodSpec) or function.name in unit.usage.called
        self.places: dict[str, CExpr] = {}
        self.copies: list[tuple[str, Type, str]] = []
        self.locals = LocalNames()
        self.shared = share(function)

    def nodes(self) -> list[Node]:
        """The functions, under a comment with the Python."""
        comment = source_comment(self.function.span)
        nodes: list[Node] = [comment] if comment else []
        entry = Entry(self.unit, self.function, self.fails)
        if isinstance(self.function.member, MethodSpec):
            return [*nodes, self._natural(self.name), Blank()]
        if self.is_called:
            body = self._natural(f"{self.name}_body")
            return [*nodes, body, Blank(), entry.around_natural(f"{self.name}_body"), Blank()]
        if isinstance(self.function.member, TableSpec):
            return [*nodes, self._rows(), Blank(), *entry.table(), Blank()]
        if self._needs_entry():
            body = self._body(f"{self.name}_{'locked' if self.function.guarded else 'body'}")
            return [*nodes, body, Blank(), entry.around_body(body_name(body)), Blank()]
        return [*nodes, self._direct(entry), Blank()]

    def _needs_entry(self) -> bool:
        if self.function.guarded and not self._leaves_at_the_end():
            return True
        failures = self.unit.usage.failures(self.function)
        if isinstance(self.function.member, NetfilterSpec):
            return failures is None or not failures <= {EBADMSG}
        return isinstance(self.function.member, TimerSpec) and self.fails

    def _leaves_at_the_end(self) -> bool:
        """Whether the lock can be released in one place: nothing leaves before the end of the body."""
        if self.fails or isinstance(self.function.member, TableSpec):
            return False
        exits = [each for each in ir.walk(self.function.body) if isinstance(each, (ir.Return, ir.InlineC))]
        if not exits:
            return True
        only = exits[0]
        if len(exits) > 1 or only is not self.function.body[-1] or not isinstance(only, ir.Return):
            return False
        return not isinstance(self.function.member, NetfilterSpec) or isinstance(only.value, ir.Const)

    # --- shapes ---

    def _direct(self, entry: Entry) -> Node:
        """The function that others call, with the body in it."""
        member = self.function.member
        if isinstance(member, NetfilterSpec):
            self.unit.include(["linux/netfilter.h"])
            frame = Frame(self.unit, self.locals, "verdict", limits_log=True)
        elif isinstance(member, TimerSpec):
            frame = Frame(self.unit, self.locals, "nothing", limits_log=True)
        else:
            frame = Frame(self.unit, self.locals, "errno", self._reply(), limits_log=self._is_limited())
        return self._function(entry.head, frame, before=entry.opening(), locked=self.function.guarded)

    def _body(self, name: str) -> Node:
        """The body behind an entry, with the entry's own arguments."""
        member = self.function.member
        if isinstance(member, NetfilterSpec):
            skb = self.function.parameters[0][0]
            self.places[skb] = primary("skb")
            head = f"static {'int' if self.fails else 'unsigned int'} {name}(const struct sk_buff *skb)"
            return self._function(
                head, Frame(self.unit, self.locals, "errno" if self.fails else "value", limits_log=True)
            )
        if isinstance(member, TimerSpec):
            frame = Frame(self.unit, self.locals, "errno" if self.fails else "nothing", limits_log=True)
            return self._function(f"static {'int' if self.fails else 'void'} {name}(void)", frame)
        assert isinstance(member, CommandSpec), f"{member} has an entry of another shape"
        frame = Frame(
            self.unit, self.locals, "errno" if self.fails else "nothing", self._reply(), limits_log=self._is_limited()
        )
        head = f"static {'int' if self.fails else 'void'} {name}({command_arguments(self.unit, member)})"
        return self._function(head, frame)

    def _natural(self, name: str) -> Node:
        """A function with the arguments of the Python, for other functions."""
        function, names = self.function, self.unit.names
        arguments = []
        changed = assigned(function.body)
        for each, type_ in function.parameters:
            local = self.locals.of(each)
            if is_scalar(type_) or isinstance(type_, ir.OpaqueType):
                self.places[each] = _local(local, type_)
                arguments.append(declare_argument(names, type_, local))
            elif each in changed:
                self.places[each] = _local(local, type_)
                arguments.append(declare_argument(names, type_, f"{local}_given"))
                self.copies.append((local, type_, _load(local, type_, f"{local}_given", pointer=True)))
            else:
                self.places[each] = CExpr(local, pointer=not is_array(type_))
                arguments.append(declare_argument(names, type_, local))
        result: CExpr | None = None
        returns = "errno" if self.fails else "nothing"
        kind = "int" if self.fails else "void"
        if function.result is not None:
            if not self.fails and is_scalar(function.result):
                returns, kind = "value", declare(names, function.result, "").strip()
            else:
                arguments.append(pointer_to(names, function.result, "result"))
                result = CExpr("result", pointer=True)
        if function.spends:
            arguments.append("u32 *turns")
        frame = Frame(self.unit, self.locals, returns, result, shares_turns=function.spends, limits_log=True)
        return self._function(f"static {kind} {name}({', '.join(arguments) or 'void'})", frame)

    def _rows(self) -> Node:
        walks = any(isinstance(each, (ir.ForProcess, ir.ForNetdev)) for each in ir.walk(self.function.body))
        frame = Frame(self.unit, self.locals, "errno", has_anchor=walks, limits_log=self._is_limited())
        head = f"static int {self.name}_rows({self.unit.names.dump(self.function.member)} *dump)"
        return self._function(head, frame)

    def _reply(self) -> CExpr | None:
        return primary("reply->value") if self.function.result is not None else None

    def _is_limited(self) -> bool:
        """Log lines are limited where packets, or users without privilege, cause them."""
        member = self.function.member
        return self.function.atomic or not isinstance(member, CommandSpec | TableSpec) or member.capability is None

    # --- the function ---

    def _function(self, head: str, frame: Frame, before: list[Node] | None = None, *, locked: bool = False) -> Node:
        self._place_parameters()
        for each, type_ in self.function.locals.items():
            self.places[each] = _local(self.locals.of(self.shared.get(each, each)), type_)
        statements = Statements(Expressions(self.unit, self.places), frame, self.function)
        body = statements.block(self.function.body)
        fails_by_call = any(
            isinstance(each, ir.Yield)
            or (isinstance(each, ir.Call) and self.unit.usage.fails(self.unit.program.function(each.function)))
            for each in ir.walk(self.function.body)
        )
        declarations: list[Node] = [Text(f"{each};") for each in self._declarations(statements)]
        if fails_by_call:
            declarations.append(Text("int err;"))
        copies: list[Node] = [Text(load) for _, _, load in self.copies]
        opening = [*declarations, Blank(), *(before or []), Blank(), *copies]
        body = self._finish(body, frame)
        if locked:
            take, release = self.unit.lock_calls()
            last = [body.pop()] if isinstance(body[-1], Text) and body[-1].text.startswith("return ") else []
            body = [Text(take), *body, Text(release), *last]
        return Braces(head, [*opening, *body], is_function=True, span=self.function.span)

    def _finish(self, body: list[Node], frame: Frame) -> list[Node]:
        last = self.function.body[-1] if self.function.body else None
        if frame.returns == "nothing":
            while body and isinstance(body[-1], Text) and body[-1].text == "return;":
                body.pop()
        elif frame.returns == "errno" and (last is None or not ends(last)):
            body.append(Text("return 0;"))
        return body

    def _place_parameters(self) -> None:
        """Arguments that are still where the entry has them: in the request."""
        changed = assigned(self.function.body)
        inline = [each for each in ir.walk(self.function.body) if isinstance(each, ir.InlineC)]
        for each, type_ in self.function.parameters:
            if each in self.places:
                continue
            if isinstance(self.function.member, NetfilterSpec):
                self.places[each] = primary("skb")
            elif not inline and each not in changed:
                self.places[each] = _local(f"request->{each}", type_)
            elif inline:
                local = self.locals.of(each)
                self.places[each] = _local(local, type_)
                if any(each in node.text for node in inline):
                    self.copies.append((local, type_, ""))
            else:
                local = self.locals.of(each)
                self.places[each] = _local(local, type_)
                self.copies.append((local, type_, _load(local, type_, f"request->{each}", pointer=False)))

    def _declarations(self, statements: Statements) -> list[str]:
        names, function = self.unit.names, self.function
        made = []
        for each, type_ in function.locals.items():
            if each in self.shared:
                continue
            name = self.locals.of(each)
            start = "" if starts_unset(function.body, each) else _zero(type_)
            made.append(declare_local(names, type_, name) + start)
            if isinstance(type_, ir.HeaderType):
                made.append(f"{HEADERS[type_.name].c_type} {self.locals.of(buffer_of(each))}")
        made += [declare_local(names, type_, name) for name, type_ in statements.extra_locals.items()]
        for name, type_, load in self.copies:
            made.append(declare_local(names, type_, name) if load else _inline_argument(self.unit, name, type_))
        if function.spends and not statements.frame.shares_turns:
            macro = names.macro("turns")
            self.unit.defines[macro] = str(ir.LOOP_BUDGET)
            made.append(f"u32 turns = {macro}")
        self.copies = [each for each in self.copies if each[2]]
        return sorted(made, key=lambda text: (" = " not in text, -len(text)))


def command_arguments(unit: Unit, member: CommandSpec) -> str:
    """``const struct P_m_request *request, struct P_m_reply *reply``, as far as there are any."""
    arguments = []
    if member.request is not None:
        arguments.append(f"const {unit.names.request(member)} *request")
    if member.reply is not None:
        arguments.append(f"{unit.names.reply(member)} *reply")
    return ", ".join(arguments) or "void"


def body_name(node: Node) -> str:
    """Name of an emitted function."""
    assert isinstance(node, Braces), "a function has braces"
    return node.head.split("(")[0].rsplit(" ", 1)[-1].lstrip("*")


def _local(text: str, type_: Type) -> CExpr:
    number = integer_of(type_)
    return primary(text, promoted(number) if number else s32)


def _zero(type_: Type) -> str:
    if isinstance(type_, ir.OpaqueType):
        return " = NULL"
    if isinstance(type_, Chars):
        return ' = ""'
    return " = 0" if is_scalar(type_) else " = { }"


def _load(local: str, type_: Type, source: str, *, pointer: bool) -> str:
    """The statement that copies an argument which the function changes."""
    if isinstance(type_, Chars):
        return f"strscpy({local}, {source}, sizeof({local}));"
    if is_array(type_):
        return f"memcpy({local}, {source}, sizeof({local}));"
    return f"{local} = {'*' if pointer and isinstance(type_, StructType) else ''}{source};"


def _inline_argument(unit: Unit, name: str, type_: Type) -> str:
    """An argument of a body in C, under its own name."""
    if is_scalar(type_):
        return f"{declare(unit.names, type_, name)} = request->{name}"
    amp = "" if is_array(type_) else "&"
    return f"const {pointer_to(unit.names, type_, name)} = {amp}request->{name}"
