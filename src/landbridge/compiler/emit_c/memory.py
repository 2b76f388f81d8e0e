"""The kernel end's own memory: state, Params, counters, maps, the lock that guards them."""

from __future__ import annotations

from landbridge.compiler import ir
from landbridge.compiler.emit_c.code import Arm, Blank, Braces, Comment, Compound, Node, Text, block
from landbridge.compiler.emit_c.constants import initializer, is_zero
from landbridge.compiler.emit_c.ctype import declare
from landbridge.compiler.emit_c.maps import MapCode
from landbridge.compiler.emit_c.unit import Unit
from landbridge.spec import CounterSpec, ParamSpec, StateSpec


class Memory:
    """Declarations of all memory, and the functions that take it and give it back.

    Args:
        unit: The file.
    """

    def __init__(self, unit: Unit) -> None:
        self.unit = unit
        self.spec = unit.program.spec
        self.maps = [MapCode(unit, each) for each in self.spec.maps]

    def declarations(self) -> list[Node]:
        """Variables, in the order of the class."""
        unit, nodes = self.unit, list[Node]()
        if unit.lock is not ir.Lock.NONE:
            kind = "DEFINE_MUTEX" if unit.lock is ir.Lock.MUTEX else "DEFINE_SPINLOCK"
            unit.lock_calls()
            nodes += [Comment(("Guards what follows.",)), Text(f"static {kind}({unit.names.symbol('lock')});"), Blank()]
        for member in self.spec.members:
            if isinstance(member, (StateSpec, ParamSpec)):
                nodes.append(self._variable(member))
            elif isinstance(member, CounterSpec):
                unit.include(["asm/local64.h", "linux/percpu.h"])
                nodes.append(Text(f"static local64_t __percpu *{unit.names.symbol(member.name)};"))
        for each in self.maps:
            nodes += [Blank(), *each.declarations()]
        if (self.spec.tables and self.maps) or any(each.changes_membership for each in self.maps):
            unit.include(["linux/atomic.h"])
            about = Comment(("Counts what maps gain and lose, so that a dump knows what changed under it.",))
            nodes += [Blank(), about, Text(f"static atomic64_t {unit.names.symbol('changes')};")]
        return nodes

    def _variable(self, member: StateSpec | ParamSpec) -> Node:
        names, type_ = self.unit.names, member.type
        start = "" if is_zero(type_, member.default) else f" = {initializer(self.unit, type_, member.default)}"
        return Text(f"static {declare(names, type_, names.symbol(member.name))}{start};")

    def functions(self) -> list[Node]:
        """What handlers call to reach memory."""
        nodes: list[Node] = []
        for counter in self.spec.counters:
            nodes += self._counter(counter)
        for each in self.maps:
            nodes += each.functions()
        return nodes

    def _counter(self, counter: CounterSpec) -> list[Node]:
        name, usage = self.unit.names.symbol(counter.name), self.unit.usage
        nodes: list[Node] = []
        if any(
            isinstance(each, ir.CounterAdd) and each.counter.name == counter.name for each in usage.uses(ir.CounterAdd)
        ):
            body: list[Node] = [Text(f"local64_add(count, get_cpu_ptr({name}));"), Text(f"put_cpu_ptr({name});")]
            nodes += [Braces(f"static void {name}_add(u64 count)", body, is_function=True), Blank()]
        if any(
            isinstance(each, ir.CounterSum) and each.counter.name == counter.name for each in usage.uses(ir.CounterSum)
        ):
            self.unit.include(["linux/cpumask.h"])
            loop = block("for_each_possible_cpu(cpu)", [Text(f"sum += local64_read(per_cpu_ptr({name}, cpu));")])
            body = [Text("u64 sum = 0;"), Text("int cpu;"), Blank(), loop, Text("return sum;")]
            nodes += [Braces(f"static u64 {name}_sum(void)", body, is_function=True), Blank()]
        return nodes

    def generation(self) -> list[Node]:
        """``P_generation``, if there are tables."""
        if not self.spec.tables:
            return []
        names = self.unit.names
        value = f"atomic64_read(&{names.symbol('changes')})" if self.maps else "0"
        head = f"u64 {names.symbol('generation')}(void)"
        return [Braces(head, [Text(f"return {value};")], is_function=True), Blank()]

    @property
    def is_taken(self) -> bool:
        """Whether there is memory to take at load."""
        return bool(self.maps or self.spec.counters)

    def life(self) -> list[Node]:
        """``P_memory_init`` and ``P_memory_exit``, with what they call; nothing where all memory is static."""
        if not self.is_taken:
            return []
        self.unit.include(["linux/init.h"])
        nodes: list[Node] = []
        for each in self.maps:
            nodes += [*each.init(), Blank(), *each.exit(), Blank()]
        return [*nodes, *self._init(), Blank(), *self._exit(), Blank()]

    def _steps(self) -> list[tuple[str, str, bool, str]]:
        """Name, statement that takes, whether it gives an errno itself, statement that gives back."""
        symbol = self.unit.names.symbol
        steps = []
        for counter in self.spec.counters:
            name = symbol(counter.name)
            steps.append((counter.name, f"{name} = alloc_percpu(local64_t);", False, f"free_percpu({name});"))
        for each in self.maps:
            steps.append((each.map.name, f"err = {each.name}_init();", True, f"{each.name}_exit();"))
        return steps

    def _init(self) -> list[Node]:
        steps, symbol = self._steps(), self.unit.names.symbol
        body: list[Node] = [Text("int err = -ENOMEM;") if self.spec.counters else Text("int err;"), Blank()]
        ladder: list[Node] = []
        for i, (_, take, gives_errno, give) in enumerate(steps):
            target = f"goto err_{steps[i - 1][0]};" if i else "return err;"
            body.append(Text(take))
            condition = "err" if gives_errno else f"!{take.split(' ', 1)[0]}"
            body.append(Compound([Arm(f"if ({condition})", [Text(target)])]))
            if i < len(steps) - 1:
                ladder = [Text(f"err_{steps[i][0]}:", outdent=1), Text(give), *ladder]
        body.append(Text("return 0;"))
        if ladder:
            body += [Blank(), *ladder, Text("return err;")]
        return [Braces(f"int __init {symbol('memory_init')}(void)", body, is_function=True)]

    def _exit(self) -> list[Node]:
        body: list[Node] = [Text(give) for *_, give in reversed(self._steps())]
        return [Braces(f"void {self.unit.names.symbol('memory_exit')}(void)", body, is_function=True)]
