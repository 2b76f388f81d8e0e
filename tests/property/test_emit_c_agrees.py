"""The C that is emitted calculates what the simulation calculates, on every generated handler and value.

The emitted text runs in user space under the address and undefined-behaviour sanitizers (see ``userspace.py``); that
a kernel agrees too is shown in ``tests/guest/test_agreement.py``.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.property.cases import SEED, cases, compare, subjects
from tests.property.userspace import Userspace

INTERFACES = 30
CALLS = 400


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("userspace")


def test_emitted_c_agrees_with_the_simulation(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    chosen = subjects(SEED, INTERFACES, table=True)
    userspace = Userspace(folder, [each.program for each in chosen])
    userspace.build()
    total = succeeded = 0
    wrong = []
    for i, subject in enumerate(chosen):
        calls = list(cases(subject, SEED, CALLS, raw=True))
        answers = list(userspace.calls((i, each.member, each.request) for each in calls))
        fine, difference = compare(subject, calls, answers, userspace.text(i))
        total, succeeded = total + len(calls), succeeded + fine
        if difference:
            wrong.append(difference)
    assert not wrong, f"{len(wrong)} interfaces disagree\n\n" + "\n\n".join(wrong[:3])
    with capsys.disabled():
        print(
            f"\nagreement in user space: {total:,} calls of {INTERFACES} interfaces, {succeeded:,} succeed; seed {SEED}"
        )
    assert succeeded > total // 4, "most calls fail early: the generator shows too little"
