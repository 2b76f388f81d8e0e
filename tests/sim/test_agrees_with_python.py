"""What the front end makes of a handler means what the handler means as ordinary Python.

The same source runs twice: compiled to the typed tree and simulated, and as plain Python under the classes of
``reference.py``, which know nothing of the compiler. This catches an order of evaluation, a type or a failure that is
wrong in the tree, and so would be wrong in the C and the simulation alike.
"""

from __future__ import annotations

from typing import Any

import pytest

from landbridge.errors import KernelError
from landbridge.sim import Simulation
from landbridge.spec import CommandSpec, ParamSpec
from tests.property.cases import SEED, Case, Subject, cases, subjects
from tests.sim import reference

INTERFACES = 120
CALLS = 40


def simulated(simulation: Simulation, command: CommandSpec, values: list[Any]) -> tuple[int, Any]:
    try:
        result = simulation.call(command.name, values)
    except KernelError as error:
        return error.errno, None
    if command.reply is None:
        return 0, None
    type_ = command.reply.fields[0].type
    return 0, reference.to_user(type_, reference.from_user(type_, result))


def ordinary(interface: Any, command: CommandSpec, values: list[Any]) -> tuple[int, Any]:
    fields = command.request.fields if command.request else ()
    own = [reference.from_user(field.type, value) for field, value in zip(fields, values, strict=True)]
    errno, result = reference.call(interface, command.name, own)
    if errno or command.reply is None:
        return errno, None
    return 0, reference.to_user(command.reply.fields[0].type, result)


def set_param(subject: Subject, simulation: Simulation, interface: Any, case: Case) -> None:
    param = subject.program.spec.member(case.member[:-1])
    assert isinstance(param, ParamSpec)
    value = param.value.unpack_values(case.request)[0]
    try:
        simulation.set(param.name, value)
    except KernelError:
        return
    setattr(interface, param.name, reference.from_user(param.type, value))


def test_handlers_mean_what_python_means(capsys: pytest.CaptureFixture[str]) -> None:
    total = succeeded = 0
    for subject in subjects(SEED, INTERFACES):
        simulation = Simulation(subject.program)
        interface = reference.run_source(subject.generated.source, subject.name)
        for case in cases(subject, SEED, CALLS):
            if case.member.endswith("="):
                set_param(subject, simulation, interface, case)
                continue
            command = subject.program.spec.member(case.member)
            if not isinstance(command, CommandSpec):
                continue
            values = command.request.unpack_values(case.request) if command.request else []
            expected = ordinary(interface, command, values)
            found = simulated(simulation, command, values)
            assert found == expected, f"{case.member}{values!r}, seed {SEED}\n{subject.generated.source}"
            total, succeeded = total + 1, succeeded + (expected[0] == 0)
    with capsys.disabled():
        print(f"\nPython and the simulation agree on {total:,} calls of {INTERFACES} interfaces; seed {SEED}")
    assert succeeded > total // 4, "most calls fail early: the generator shows too little"
