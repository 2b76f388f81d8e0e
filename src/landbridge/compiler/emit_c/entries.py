"""The functions that a channel, netfilter or a timer calls, around the bodies of handlers."""

from __future__ import annotations

from landbridge.compiler import ir
from landbridge.compiler.emit_c.code import Blank, Braces, Comment, Node, Text, block
from landbridge.compiler.emit_c.ctype import is_array, is_scalar
from landbridge.compiler.emit_c.unit import Unit
from landbridge.compiler.emit_c.validate import checks
from landbridge.spec import CommandSpec, NetfilterSpec, TableSpec, TimerSpec
from landbridge.types import Bool


def head(unit: Unit, function: ir.Function) -> str:
    """The head of what the others call."""
    name, names, member = unit.names.symbol(function.name), unit.names, function.member
    if isinstance(member, NetfilterSpec):
        return f"unsigned int {name}(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)"
    if isinstance(member, TimerSpec):
        return f"void {name}(void)"
    if isinstance(member, TableSpec):
        return f"int {name}({names.dump(member)} *dump)"
    assert isinstance(member, CommandSpec), "a method has no entry"
    arguments = []
    if member.request is not None:
        arguments.append(f"const {names.request(member)} *request")
    if member.reply is not None:
        arguments.append(f"{names.reply(member)} *reply")
    return f"int {name}({', '.join(arguments) or 'void'})"


class Entry:
    """The entry of one handler.

    Args:
        unit: The file.
        function: The handler.
        fails: Whether its body can fail.
    """

    def __init__(self, unit: Unit, function: ir.Function, fails: bool) -> None:
        self.unit = unit
        self.function = function
        self.fails = fails
        self.name = unit.names.symbol(function.name)

    @property
    def head(self) -> str:
        return head(self.unit, self.function)

    def opening(self) -> list[Node]:
        """Checks of the request, and a reply of zeroes."""
        member = self.function.member
        if not isinstance(member, CommandSpec):
            return []
        nodes = checks(self.unit, member.request, "request") if member.request is not None else []
        if member.reply is not None:
            self.unit.include(["linux/string.h"])
            nodes.append(Text("memset(reply, 0, sizeof(*reply));"))
        return nodes

    def around_body(self, body: str) -> Node:
        """Take the lock, call the body with the same arguments, answer for its failure."""
        member = self.function.member
        if isinstance(member, CommandSpec):
            given = [
                each for each, there in (("request", member.request), ("reply", member.reply)) if there is not None
            ]
            return self._command(f"{body}({', '.join(given)})")
        if isinstance(member, NetfilterSpec):
            return self._hook(f"{body}(skb)")
        return self._timer(f"{body}()")

    def around_natural(self, body: str) -> Node:
        """The same for a body with the arguments of the Python, which other handlers call too."""
        member = self.function.member
        if isinstance(member, NetfilterSpec):
            return self._hook(f"{body}(skb{self._turns})")
        if isinstance(member, TimerSpec):
            return self._timer(f"{body}({self._turns.removeprefix(', ')})")
        arguments = [
            f"{'' if is_scalar(type_) or is_array(type_) else '&'}request->{each}"
            for each, type_ in self.function.parameters
        ]
        result = self.function.result
        if result is not None and not self.fails and is_scalar(result):
            arguments += ["&turns"] if self.function.spends else []
            return self._command(f"{body}({', '.join(arguments)})", result="reply->value")
        is_bool = isinstance(result, Bool)
        if result is not None:
            # A bool crosses as __u8, which is another type.
            arguments.append("&value" if is_bool else "reply->value" if is_array(result) else "&reply->value")
        arguments += ["&turns"] if self.function.spends else []
        return self._command(f"{body}({', '.join(arguments)})", bool_result=is_bool)

    @property
    def _turns(self) -> str:
        return ", &turns" if self.function.spends else ""

    def _locked(self, nodes: list[Node]) -> list[Node]:
        if not self.function.guarded:
            return nodes
        take, release = self.unit.lock_calls()
        return [Text(take), *nodes, Text(release)]

    def _budget(self, call: str) -> list[Node]:
        if "&turns" not in call:
            return []
        macro = self.unit.names.macro("turns")
        self.unit.defines[macro] = str(ir.LOOP_BUDGET)
        return [Text(f"u32 turns = {macro};")]

    def _command(self, call: str, result: str | None = None, *, bool_result: bool = False) -> Node:
        opening = self.opening()
        declared = self._budget(call)
        if bool_result:
            body = [Text("bool value = false;"), *declared, Text("int err;"), Blank(), *opening, Blank()]
            body += [*self._locked([Text(f"err = {call};")]), Text("reply->value = value;"), Text("return err;")]
        elif self.fails and not self.function.guarded:
            body = [*declared, Blank(), *opening, Blank(), Text(f"return {call};")]
        elif self.fails:
            body = [*declared, Text("int err;"), Blank(), *opening, Blank()]
            body += [*self._locked([Text(f"err = {call};")]), Text("return err;")]
        else:
            stored = f"{result} = {call};" if result else f"{call};"
            body = [*declared, Blank(), *opening, Blank(), *self._locked([Text(stored)]), Text("return 0;")]
        return Braces(self.head, body, is_function=True, span=self.function.span)

    def _hook(self, call: str) -> Node:
        kind = "int" if self.fails else "unsigned int"
        body: list[Node] = [*self._budget(call), Text(f"{kind} verdict;"), Blank()]
        body += self._locked([Text(f"verdict = {call};")])
        if not self.fails:
            body.append(Text("return verdict;"))
            return Braces(self.head, body, is_function=True, span=self.function.span)
        self.unit.include(["linux/netfilter.h", "linux/printk.h", "linux/errno.h"])
        failures = self.unit.usage.failures(self.function)
        warn = Text(f'pr_warn_ratelimited("{self.function.name}: error %d\\n", verdict);')
        body.append(block("if (verdict >= 0)", [Text("return verdict;")]))
        if failures is None or 74 in failures:
            body += [Blank(), Comment(("A packet without the header that was read is nobody's error.",))]
            body.append(block("if (verdict != -EBADMSG)", [warn]))
        else:
            body.append(warn)
        body.append(Text("return NF_ACCEPT;"))
        return Braces(self.head, body, is_function=True, span=self.function.span)

    def _timer(self, call: str) -> Node:
        if not self.fails:
            body = [*self._budget(call), Blank(), *self._locked([Text(f"{call};")])]
            return Braces(self.head, body, is_function=True, span=self.function.span)
        self.unit.include(["linux/printk.h"])
        body = [*self._budget(call), Text("int err;"), Blank(), *self._locked([Text(f"err = {call};")])]
        body.append(block("if (err)", [Text(f'pr_warn_ratelimited("{self.function.name}: error %d\\n", err);')]))
        return Braces(self.head, body, is_function=True, span=self.function.span)

    def table(self) -> list[Node]:
        """The function that gives rows, and the entry of a table. To be put around ``_rows``."""
        call = f"{self.name}_rows(dump)"
        body: list[Node] = [
            Text("int err;"),
            Blank(),
            Text("dump->index = 0;"),
            *self._locked([Text(f"err = {call};")]),
            block("if (!err && dump->index < dump->position)", [Text("dump->moved = true;")]),
            Text("return err;"),
        ]
        return [Braces(self.head, body, is_function=True, span=self.function.span)]


def give(unit: Unit, function: ir.Function) -> list[Node]:
    """The function that hands one row of a table on, or passes over it when a dump goes on where it stopped."""
    member = function.member
    assert isinstance(member, TableSpec), "only tables have rows"
    walks = any(isinstance(each, (ir.ForProcess, ir.ForNetdev)) for each in ir.walk(function.body))
    name, names = unit.names.symbol(function.name), unit.names
    arguments = [f"{names.dump(member)} *dump", f"const {names.struct(member.row)} *row"]
    skipped: list[Node] = [Text("return 0;")]
    accepted: list[Node] = [Text("dump->position++;")]
    if walks:
        arguments.append("u64 anchor")
        moved = block("if (dump->index == dump->position && anchor != dump->anchor)", [Text("dump->moved = true;")])
        skipped = [Comment(("The last row of the pass before: is it still about the same?",)), moved, *skipped]
        accepted.append(Text("dump->anchor = anchor;"))
    body: list[Node] = [
        Text("int err;"),
        Blank(),
        block("if (dump->index++ < dump->position)", skipped),
        Text("err = dump->row(dump, row);"),
        block("if (err)", [Text("return err;")]),
        *accepted,
        Text("return 0;"),
    ]
    return [Braces(f"static int {name}_give({', '.join(arguments)})", body, is_function=True), Blank()]
