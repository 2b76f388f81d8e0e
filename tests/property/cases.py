"""Generated interfaces and calls: the same for the same seed."""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from landbridge.compiler import compile_interface
from landbridge.compiler.codes import Code
from landbridge.compiler.ir import Program
from landbridge.declare import Interface
from landbridge.errors import CompileError, KernelError
from landbridge.sim import Simulation
from landbridge.spec import CommandSpec, ParamSpec, TableSpec
from landbridge.testing.generated import GeneratedInterface, generate_interface, random_value

SEED = int(os.environ.get("LANDBRIDGE_SEED", "2026"))
"""Seed of all generated cases; set LANDBRIDGE_SEED to try others."""


@dataclass(frozen=True, slots=True)
class Case:
    """One call.

    Attributes:
        member: A command; a Param to read; ``name=``: a Param to write.
        request: Bytes that go in.
    """

    member: str
    request: bytes


@dataclass(frozen=True, slots=True)
class Subject:
    """An interface under test."""

    generated: GeneratedInterface
    cls: type[Interface]
    program: Program

    @property
    def name(self) -> str:
        return self.generated.name


def subjects(seed: int, count: int, *, commands: int | None = None, table: bool = False) -> list[Subject]:
    """Generated interfaces.

    Args:
        seed: Where they come from.
        count: How many.
        commands: Random commands in each; some unless told.
        table: Whether each has a table.
    """
    return [_subject(f"{seed}/{i}", f"Gen{i}", commands, table) for i in range(count)]


def _subject(seed: str, name: str, commands: int | None, table: bool) -> Subject:
    for attempt in range(20):
        generated = generate_interface(random.Random(f"{seed}/{attempt}"), name, commands=commands, table=table)
        cls = generated.load()
        try:
            return Subject(generated, cls, compile_interface(cls))
        except CompileError as error:
            # How much of the stack a handler takes is the one thing that the generator does not know.
            if {each.code for each in error.diagnostics} != {Code.STACK_TOO_LARGE}:
                raise
    raise AssertionError(f"{name}: no interface of 20 fits the kernel's stack")


def cases(subject: Subject, seed: int, count: int, *, raw: bool = False) -> Iterator[Case]:
    """Calls of random commands with random arguments; after each, all that the kernel end remembers is read.

    Args:
        subject: What is called.
        seed: Where the calls come from.
        count: How many.
        raw: Some requests are random bytes, which no user end would send.
    """
    rng = random.Random(f"{seed}/{subject.name}/calls")
    spec = subject.program.spec
    params = spec.of(ParamSpec)
    for _ in range(count):
        if params and rng.random() < 0.1:
            param = rng.choice(params)
            yield Case(f"{param.name}=", param.value.pack_values([random_value(rng, param.type)]))
            yield Case(param.name, b"")
        command = spec.member(rng.choice(subject.generated.commands))
        assert isinstance(command, CommandSpec)
        values = [random_value(rng, each.type) for each in command.request.fields] if command.request else []
        request = command.request.pack_values(values) if command.request else b""
        if raw and rng.random() < 0.1:
            request = bytes(rng.choice((0, 1, 2, rng.randrange(256))) for _ in request)
        yield Case(command.name, request)
        if subject.generated.table and rng.random() < 0.3:
            yield Case(subject.generated.table, b"")
        if subject.generated.state_command:
            yield Case(subject.generated.state_command, b"")
        for each in subject.generated.map_commands:
            map_spec = next(found for found in spec.maps if each == f"show_{found.name}")
            for index in range(map_spec.entries):
                yield Case(each, index.to_bytes(4, sys.byteorder))


def simulate(simulation: Simulation, case: Case) -> tuple[int, bytes]:
    """What the simulation answers: errno, or 0, and the reply."""
    try:
        if case.member.endswith("="):
            simulation.set_bytes(case.member[:-1], case.request)
            return 0, b""
        if isinstance(simulation.spec.member(case.member), TableSpec):
            return 0, b"".join(simulation.dump_bytes(case.member))
        if isinstance(simulation.spec.member(case.member), ParamSpec):
            return 0, simulation.get_bytes(case.member)
        return 0, simulation.call_bytes(case.member, case.request)
    except KernelError as error:
        return error.errno, b""


def compare(
    subject: Subject, calls: Sequence[Case], answers: Sequence[tuple[int, bytes]], c_text: str
) -> tuple[int, str | None]:
    """Run the same calls in the simulation.

    Returns:
        How many of the calls succeeded, and the first disagreement with all that one needs to look into it.
    """
    simulation = Simulation(subject.program)
    succeeded = 0
    for number, (case, answer) in enumerate(zip(calls, answers, strict=True)):
        expected = simulate(simulation, case)
        succeeded += expected[0] == 0
        if expected != answer:
            return succeeded, (
                f"{subject.name}.{case.member}, call {number}, seed {SEED}: request {case.request.hex() or 'empty'}\n"
                f"simulation: errno {expected[0]}, reply {expected[1].hex()}\n"
                f"C:          errno {answer[0]}, reply {answer[1].hex()}\n\n{subject.generated.source}\n{c_text}"
            )
    return succeeded, None
