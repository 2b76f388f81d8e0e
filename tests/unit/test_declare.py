"""Declarations: one class to one spec, and errors at the line that is wrong."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Annotated

import pytest

import landbridge as lb
from landbridge.channels.placement import place
from landbridge.channels.sockopt import sockopt
from landbridge.errors import DeclarationError, LandbridgeError
from landbridge.spec import Capability, CommandSpec, MapSpec, ParamSpec, TableSpec

Message = Annotated[str, lb.Chars(64)]


class Row(lb.Struct):
    key: lb.u32
    value: lb.u64


class Sample(lb.Interface):
    """A sample."""

    limit = lb.Param(lb.u32, default=10, minimum=1, maximum=100, doc="packets a second")
    seen = lb.Event(Row)
    total = lb.State(lb.u64)
    hits = lb.Map(lb.ipv4, Row, entries=100)
    packets = lb.Counter()

    @lb.command(number=1)
    def tell(self, message: Message) -> None:
        """Say something.

        More words.
        """

    @lb.command(number=1, capability=None)
    def ask(self) -> Message:
        return "x"

    @lb.table
    def rows(self) -> Iterator[Row]:
        yield Row(key=1, value=2)

    def helper(self, x: lb.u32) -> lb.u32:
        return x


SPEC = Sample.__lb_spec__


def test_members_and_numbers() -> None:
    assert SPEC.c_name == "sample"
    numbers = {each.name: getattr(each, "number", None) for each in SPEC.crossing}
    assert numbers == {"limit": 2, "seen": 3, "tell": 1, "ask": 1, "rows": 4}
    tell, ask = SPEC.member("tell"), SPEC.member("ask")
    assert isinstance(tell, CommandSpec)
    assert tell.request is not None
    assert tell.request.size == 64
    assert tell.reply is None
    assert tell.capability is Capability.CAP_NET_ADMIN
    assert tell.doc.startswith("Say something.")
    assert isinstance(ask, CommandSpec)
    assert ask.capability is None
    assert isinstance(SPEC.member("hits"), MapSpec)
    assert isinstance(SPEC.member("rows"), TableSpec)
    limit = SPEC.member("limit")
    assert isinstance(limit, ParamSpec)
    assert (limit.minimum, limit.maximum, limit.default) == (1, 100, 10)
    assert [each.name for each in SPEC.structs] == ["Row"]


def test_the_digest_is_the_same_in_another_process() -> None:
    code = "import tests.unit.test_declare as t; print(t.SPEC.digest)"
    digests = {
        subprocess.run(
            [sys.executable, "-c", code],
            check=True,
            capture_output=True,
            text=True,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
        ).stdout.strip()
        for seed in ("1", "2")
    }
    assert digests == {SPEC.digest}


def make(minimum: int = 1, kind: object = None, more: bool = False, doc: str = "") -> type[lb.Interface]:
    class Same(lb.Interface):
        limit = lb.Param(kind or lb.u32, default=10, minimum=minimum, doc=doc)  # type: ignore[call-overload]
        state = lb.State(lb.u64 if more else lb.u32)

        @lb.command
        def go(self) -> None: ...

    return Same


def test_the_digest_is_of_what_crosses_and_of_nothing_else() -> None:
    base = make().__lb_spec__.digest
    assert make().__lb_spec__.digest == base
    assert make(doc="other words", more=True).__lb_spec__.digest == base
    assert make(minimum=2).__lb_spec__.digest != base
    assert make(kind=lb.u64).__lb_spec__.digest != base


def class_with(**members: object) -> type[lb.Interface]:
    return type("Made", (lb.Interface,), members)


def duplicate_number() -> None:
    class Made(lb.Interface):
        @lb.command(number=1)
        def a(self) -> None: ...

        @lb.command(number=1)
        def b(self) -> None: ...


def no_type() -> None:
    class Made(lb.Interface):
        @lb.command
        def a(self, x) -> None: ...  # type: ignore[no-untyped-def]  # wrong on purpose


def no_result() -> None:
    class Made(lb.Interface):
        @lb.command
        def a(self): ...  # type: ignore[no-untyped-def]  # wrong on purpose


def wide() -> None:
    class Made(lb.Interface):
        @lb.command
        def a(self, x: int) -> None: ...


def table_of_int() -> None:
    class Made(lb.Interface):
        @lb.table
        def a(self) -> Iterator[lb.u32]: ...  # type: ignore[type-var]  # wrong on purpose


def struct_name_clash() -> None:
    class GoReply(lb.Struct):
        x: lb.u8

    class Made(lb.Interface):
        @lb.command
        def go(self) -> GoReply: ...


@pytest.mark.parametrize(
    ("definition", "message"),
    [
        (duplicate_number, "number 1 is already that of 'a'"),
        (no_type, "argument 'x' has no type"),
        (no_result, "no result type"),
        (wide, "argument 'x': int has no fixed size"),
        (table_of_int, "a table is a generator of a Struct"),
        (struct_name_clash, "the name of GoReply in C, made_go_reply, is that of go too"),
        (lambda: class_with(x=lb.Param(lb.u8, default=256)), "default: 256 does not fit u8"),
        (lambda: class_with(x=lb.Param(lb.u8, default=0, minimum=1)), "default 0 is not from 1 to 255"),
        (lambda: class_with(x=lb.Param(lb.u8, minimum=300)), "bound 300 does not fit u8"),
        (lambda: class_with(x=lb.Param(lb.u8, mode=0o755)), "mode 0o755 is not made of read and write bits"),
        (lambda: class_with(int=lb.Param(lb.u8)), "is a word of C"),
        (lambda: class_with(memory_init=lb.Param(lb.u8)), "landbridge uses this name itself"),
        (lambda: class_with(x=lb.Param(lb.u8), x_get=lb.Param(lb.u8)), "it is what C calls a function of x"),
        (lambda: class_with(x=lb.Map(Message, Row, 4)), "cannot be a key"),  # type: ignore[arg-type]
        (lambda: class_with(x=lb.Map(lb.u32, Row, 0)), "entries=0 is not from 1 to 1,048,576"),
        (lambda: class_with(tick=lb.on_timer(interval_ms=0)(lambda self: None)), "interval_ms=0 is not from 1"),
        (lambda: class_with(x=lb.Event(lb.u32)), "an event carries a Struct"),  # type: ignore[type-var]
        (lambda: class_with(x=lb.Param(lb.Array(lb.u64, 65536))), "one message has at most 32,768"),
    ],
)
def test_a_wrong_class_body_fails_where_it_is(definition: Callable[[], object], message: str) -> None:
    with pytest.raises(DeclarationError) as caught:
        definition()
    assert message in str(caught.value)
    assert caught.value.where is not None
    assert caught.value.where.file == __file__


def test_a_channel_that_cannot_carry_a_member_names_those_that_can() -> None:
    with pytest.raises(DeclarationError, match=r"Sample\.seen: sockopt cannot carry an Event.*these can: lb\.netlink"):
        place(SPEC, sockopt)
    with pytest.raises(DeclarationError, match="over= names 'nothing'"):
        place(SPEC, {"nothing": sockopt, ...: sockopt})
    with pytest.raises(DeclarationError, match="two configurations"):
        place(
            make().__lb_spec__,
            {"limit": sockopt, "go": sockopt(base=0x5000)},
        )


@pytest.mark.parametrize(
    ("base", "pf", "owner"),
    [(128, 2, "ebtables"), (60, 2, "IPv4 itself"), (80, 2, "nf_conntrack"), (1150, 2, "ip_vs"), (199, 10, "ip6mr")],
)
def test_ranges_of_the_kernel_are_refused_with_their_owner(base: int, pf: int, owner: str) -> None:
    with pytest.raises(DeclarationError, match=f"are taken by {owner}"):
        place(make().__lb_spec__, sockopt(base=base, pf=pf))


def test_an_object_made_by_hand_says_how_to_get_one() -> None:
    with pytest.raises(LandbridgeError, match="not connected"):
        Sample().tell("x")
