"""What the passes decide: locks, budgets, order, contexts, what is left out."""

from __future__ import annotations

import pytest

from landbridge.compiler import ir
from tests.diagnostics.source import compile_text

_HEAD = """
class Pair(lb.Struct):
    a: lb.u32
    b: lb.u32


class Example(lb.Interface):
    word = lb.State(lb.u32)
    other = lb.State(lb.u32)
    constant = lb.State(lb.u32, default=7)
    wide = lb.State(lb.u64)
    pair = lb.State(Pair)
    seen = lb.Map(lb.u32, lb.u32, entries=100_000)
    packets = lb.Counter()
    limit = lb.Param(lb.u32, default=5)
    label = lb.Param(lb.Chars(16), default="x")
    told = lb.Event(Pair)

    @lb.command
    def run(self, n: lb.u32) -> lb.u32:
{run}

    def method(self, n: lb.u32) -> lb.u32:
{method}
{more}
"""


def _program(run: str, method: str = "return n", more: str = "") -> ir.Program:
    def indented(text: str, by: int) -> str:
        return "\n".join(" " * by + line for line in text.split("\n"))

    return compile_text(_HEAD.format(run=indented(run, 8), method=indented(method, 8), more=indented(more, 4)))


def _kinds(block: ir.Block) -> list[str]:
    return [type(each).__name__ for each in block]


@pytest.mark.parametrize(
    ("run", "guarded"),
    [
        ("return n", False),
        ("return self.word", False),
        ("self.word = n\nreturn n", False),
        ("return self.constant + self.constant", False),
        ("return self.limit", False),
        ("return self.limit + self.limit", True),
        ("self.word += n\nreturn n", True),
        ("return self.word + self.other", False),  # nobody writes them
        ("self.word = n\nreturn self.other", False),  # other is never written
        ("self.wide += 1\nreturn n", True),
        ("self.wide = 1\nreturn n", True),  # not one word on every machine
        ("self.pair.a = n\nreturn n", True),
        ("for i in range(3):\n    self.word = i\nreturn n", True),
        ("return lb.u32(len(self.seen))", True),
        ("self.packets += 1\nreturn n", False),
        ("if self.label == 'x':\n    return 1\nreturn n", True),
        ("return self.method(n)", False),
        ("if self.word > 1:\n    self.word = 0\nreturn n", True),
    ],
)
def test_lock_is_taken_where_state_is_combined(run: str, guarded: bool) -> None:
    program = _program(run)
    assert program.function("run").guarded is guarded
    assert program.lock is (ir.Lock.MUTEX if guarded else ir.Lock.NONE)


def test_a_lone_write_is_guarded_where_another_handler_combines_the_word() -> None:
    program = _program("self.word = 0\nreturn n", more="@lb.command\ndef add(self) -> None:\n    self.word += 1")
    assert program.function("run").guarded
    assert program.function("add").guarded


def test_a_lone_read_needs_no_lock_where_another_handler_combines_the_word() -> None:
    program = _program("return self.word", more="@lb.command\ndef add(self) -> None:\n    self.word += 1")
    assert not program.function("run").guarded


def test_a_lone_read_is_guarded_where_another_handler_writes_twice() -> None:
    program = _program(
        "return self.word", more="@lb.command\ndef add(self) -> None:\n    self.word = 1\n    self.word = 2"
    )
    assert program.function("run").guarded


def test_two_calls_of_a_method_that_touches_a_word_combine_it() -> None:
    program = _program("return self.method(n) + self.method(n)", "self.word = n\nreturn n")
    assert program.function("run").guarded


def test_a_hook_makes_the_lock_a_spinlock_and_what_it_calls_atomic() -> None:
    program = _program(
        "return self.method(n)",
        "self.word += n\nreturn self.word",
        "@lb.on_timer(interval_ms=10)\ndef tick(self) -> None:\n    self.method(1)",
    )
    assert program.lock is ir.Lock.SPINLOCK
    assert [(each.name, each.atomic) for each in program.functions] == [
        ("method", True),
        ("run", False),
        ("tick", True),
    ]


def test_methods_come_before_their_callers_and_unused_ones_not_at_all() -> None:
    program = _program(
        "return self.second(n)", more="def second(self, n: lb.u32) -> lb.u32:\n    return self.method(n)"
    )
    assert [each.name for each in program.functions] == ["method", "second", "run"]
    assert [each.name for each in _program("return n").functions] == ["run"]


@pytest.mark.parametrize(
    ("loop", "spends"),
    [
        ("for i in range(1024):\n    n += 1", 0),
        ("for i in range(1025):\n    n += 1", 1),
        ("for i in range(n):\n    n += 1", 1),
        ("while n > 1:\n    n -= 1", 1),
        ("for i in range(32):\n    for j in range(32):\n        n += 1", 0),
        ("for i in range(100):\n    for j in range(100):\n        n += 1", 1),
        ("for i in range(n):\n    for j in range(16):\n        n += 1", 1),
        ("for i in range(n):\n    for j in range(17):\n        n += 1", 2),
        ("for key in self.seen:\n    n += key", 1),
        ("for task in lb.for_each_process():\n    n += 1", 1),
    ],
)
def test_loops_that_could_turn_often_are_counted(loop: str, spends: int) -> None:
    function = _program(f"{loop}\nreturn n").function("run")
    assert sum(isinstance(each, ir.Spend) for each in ir.walk(function.body)) == spends
    assert function.spends is bool(spends)


def test_a_loop_in_a_method_counts_for_the_loop_around_its_call() -> None:
    program = _program(
        "for i in range(1000):\n    n += self.method(n)\nreturn n", "for i in range(1000):\n    n += 1\nreturn n"
    )
    assert isinstance(program.function("method").body[-2], ir.ForRange)
    assert any(isinstance(each, ir.Spend) for each in ir.walk(program.function("method").body))
    assert program.function("run").spends


def test_sleeps_reaches_callers() -> None:
    program = _program("return self.method(n)", "lb.msleep(n)\nreturn n")
    assert program.function("run").sleeps
    assert program.function("method").sleeps


def test_what_nobody_reads_is_left_out_and_what_may_fail_stays() -> None:
    function = _program("x = n + 1\ny = n // x\nlb.get_random_u32()\nself.method(n)\nreturn n").function("run")
    assert _kinds(function.body) == ["Set", "Check", "Call", "Return"]
    assert list(function.locals) == ["x"]


def test_what_is_not_reached_is_left_out() -> None:
    function = _program(
        "while True:\n    n += 1\n    if n > 5:\n        raise ValueError\nx = n + 1\nreturn x"
    ).function("run")
    assert _kinds(function.body) == ["Set", "While"]


def test_an_entry_is_found_once_where_the_first_search_leads_to_the_second() -> None:
    def searches(run: str, method: str = "return n") -> list[str]:
        body = _program(run, method).function("run").body
        return [type(each).__name__ for each in ir.walk(body) if isinstance(each, (ir.MapFind, ir.MapInsert))]

    assert searches("if n in self.seen:\n    self.seen[n] += 1\n    return self.seen[n]\nreturn n") == ["MapFind"]
    assert searches("if n not in self.seen:\n    self.seen[n] = 1\nreturn self.seen[n]") == [
        "MapFind",
        "MapInsert",
        "MapFind",
    ]
    assert searches("self.seen[n] = 1\nreturn self.seen[n]") == ["MapInsert"]
    # A changed key, an entry that went away, a call, and a loop all ask for a new search.
    assert len(searches("self.seen[n] = 1\nn += 1\nreturn self.seen[n]")) == 2
    assert len(searches("self.seen[n] = 1\ndel self.seen[n]\nreturn self.seen[n]")) == 2
    assert len(searches("self.seen[n] = 1\nif n > 5:\n    self.seen.clear()\nreturn self.seen[n]")) == 2
    assert len(searches("self.seen[n] = 1\nself.method(n)\nreturn self.seen[n]", "del self.seen[n]\nreturn n")) == 2
    assert (
        len(searches("self.seen[n] = 1\nfor i in range(2):\n    x = self.seen[n]\n    del self.seen[n]\nreturn n")) == 2
    )
    assert len(searches("if n in self.seen or n > 5:\n    return self.seen[n]\nreturn n")) == 2


def test_total_expressions_join_and_failing_ones_branch() -> None:
    function = _program("if n > 1 and n < 5:\n    return 1\nreturn 2").function("run")
    assert _kinds(function.body) == ["If", "Return"]
    function = _program("if n > 1 and 10 // n < 5:\n    return 1\nreturn 2").function("run")
    assert _kinds(function.body) == ["Set", "If", "If", "Return"]


def test_a_word_is_read_once_where_it_is_checked_and_used() -> None:
    function = _program("return 100 // self.limit").function("run")
    reads = [each for each in ir.walk(function.body) if isinstance(each, ir.Member)]
    assert len(reads) == 1


def test_a_header_is_read_once_where_the_first_reading_leads_to_the_second() -> None:
    hook = (
        "@lb.on_netfilter(hook=lb.NF_INET_LOCAL_IN)\ndef watch(self, skb: lb.Skb) -> lb.Verdict:\n"
        "    if skb.ip.protocol == lb.IPPROTO_TCP and skb.tcp.syn:\n        self.packets += lb.u64(skb.ip.ttl)\n"
        "    if skb.ip.protocol == lb.IPPROTO_TCP and skb.tcp.ack:\n        return lb.NF_DROP\n    return lb.NF_ACCEPT"
    )
    function = _program("return n", more=hook).function("watch")
    read = [each.header for each in ir.walk(function.body) if isinstance(each, ir.ReadHeader)]
    assert read == ["ip", "tcp", "tcp2"]


def test_structs_that_do_not_cross_are_listed() -> None:
    program = compile_text(
        "class Inner(lb.Struct):\n    n: lb.u32\n\nclass Outer(lb.Struct):\n    inner: Inner\n\n"
        "class Example(lb.Interface):\n    @lb.command\n    def run(self, n: lb.u32) -> lb.u32:\n"
        "        made = Outer(inner=Inner(n=n))\n        return made.inner.n\n"
    )
    assert [each.name for each in program.structs] == ["Inner", "Outer"]


def test_constants_keep_their_names() -> None:
    hook = (
        "@lb.on_netfilter(hook=lb.NF_INET_LOCAL_IN)\ndef watch(self, skb: lb.Skb) -> lb.Verdict:\n"
        "    if skb.ip.protocol == lb.IPPROTO_ICMP:\n        return lb.NF_DROP\n    return lb.NF_ACCEPT"
    )
    function = _program("return n", more=hook).function("watch")
    symbols = [each.symbol for each in ir.walk(function.body) if isinstance(each, ir.Const)]
    assert symbols == ["IPPROTO_ICMP", "NF_DROP", "NF_ACCEPT"]


def test_names_that_c_cannot_bear_are_changed_and_arguments_are_never_assigned() -> None:
    function = _program("int = n\n_x = int + 1\nktime_get_ns = _x\nn = ktime_get_ns\nreturn n + int").function("run")
    assert "int" not in function.locals
    assert "ktime_get_ns" not in function.locals
    assert not any(each.startswith("_") for each in function.locals)
    assert not any(
        isinstance(each, ir.Set) and isinstance(each.place, ir.Local) and each.place.name == "n"
        for each in ir.walk(function.body)
    )


def test_an_interface_is_compiled_once() -> None:
    from landbridge.compiler import compile_interface  # noqa: PLC0415
    from tests.diagnostics.source import load_text  # noqa: PLC0415

    (cls,) = load_text(_HEAD.format(run="        return n", method="        return n", more=""))
    assert compile_interface(cls) is compile_interface(cls)
