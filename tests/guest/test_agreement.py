"""The simulation and the module agree on generated handlers and values, in one guest boot.

Everything that goes in and comes out is compared: replies, errnos, and after each call all State, Counters, Params and
Maps. Set LANDBRIDGE_SEED to try other programs.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest

from tests.property.cases import SEED, cases, compare, subjects

INTERFACES = 12
COMMANDS = 8
CALLS = 150


@pytest.mark.guest
@pytest.mark.timeout(1000)  # a busy machine emulates slowly
def test_module_agrees_with_the_simulation(guest: Any, capsys: pytest.CaptureFixture[str]) -> None:
    numbers = [str(each) for each in (SEED, INTERFACES, COMMANDS, CALLS)]
    result = guest.run([sys.executable, "-m", "tests.guest.agreement", *numbers], timeout=900)
    assert result.status == 0, result.stdout[-2000:] + result.stderr[-4000:]
    lines = result.stdout.splitlines()
    assert len(lines) == INTERFACES
    total = succeeded = 0
    wrong = []
    for subject, line in zip(subjects(SEED, INTERFACES, commands=COMMANDS), lines, strict=True):
        answers = [(number, bytes.fromhex(reply)) for number, reply in json.loads(line)]
        calls = list(cases(subject, SEED, CALLS))
        fine, difference = compare(subject, calls, answers, "")
        total, succeeded = total + len(calls), succeeded + fine
        if difference:
            wrong.append(difference)
    assert not wrong, f"{len(wrong)} interfaces disagree\n\n" + "\n\n".join(wrong[:3])
    assert succeeded > total // 4, "most calls fail early: the generator shows too little"
    with capsys.disabled():
        print(f"\nmodule and simulation agree on {total:,} calls of {INTERFACES} interfaces; seed {SEED}")
