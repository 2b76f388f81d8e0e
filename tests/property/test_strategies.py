"""The strategies give what they promise."""

from __future__ import annotations

import contextlib
from typing import Annotated, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import landbridge as lb
from landbridge.compiler import compile_interface
from landbridge.compiler.codes import Code
from landbridge.errors import CompileError, KernelError
from landbridge.sim import Simulation
from landbridge.spec import CommandSpec
from landbridge.testing import strategies as kernel
from landbridge.testing.generated import GeneratedInterface
from landbridge.types import type_of


class Mode(lb.Flags, base=lb.u16):
    READ = 1
    WRITE = 8


class Level(lb.Enum, base=lb.s8):
    LOW = -3
    HIGH = 9


class Inner(lb.Struct):
    flag: bool
    wide: lb.s64
    text: Annotated[str, lb.Chars(9)]


class Outer(lb.Struct):
    level: Level
    inner: Inner
    address: lb.ipv6
    mode: Mode
    port: lb.be16
    items: Annotated[list[int], lb.Array(lb.s16, 3)]


@pytest.mark.parametrize("written", [lb.u8, lb.s64, lb.be32, bool, lb.ipv4, lb.mac, Mode, Level, Outer], ids=str)
def test_values_cross_unchanged(written: Any) -> None:
    type_ = type_of(written)

    @given(kernel.values(written))
    @settings(max_examples=100)
    def crosses(value: Any) -> None:
        assert type_.from_raw(type_.to_raw(value)) == value

    crosses()


@given(kernel.interfaces(), st.data())
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_interfaces_compile_and_commands_answer(generated: GeneratedInterface, data: st.DataObject) -> None:
    try:
        program = compile_interface(generated.load())
    except CompileError as error:
        if {each.code for each in error.diagnostics} != {Code.STACK_TOO_LARGE}:
            raise
        return
    simulation = Simulation(program)
    for name in generated.commands:
        command = program.spec.member(name)
        assert isinstance(command, CommandSpec)
        values = data.draw(kernel.arguments(command))
        with contextlib.suppress(KernelError):
            assert (simulation.call(name, values) is None) == (command.reply is None)


def test_a_type_without_a_size_is_refused() -> None:
    with pytest.raises(TypeError, match="no fixed size"):
        kernel.values(int)
