"""Runs in a guest: makes generated calls of loaded modules and prints the answers, a line of JSON for each interface.

Usage: python -m tests.guest.agreement SEED INTERFACES COMMANDS CALLS
"""

from __future__ import annotations

import json
import sys
from typing import Any

import landbridge as lb
from landbridge.channels.sockopt import sockopt
from landbridge.errors import KernelError
from landbridge.sim.values import encode, from_user
from landbridge.spec import CommandSpec, ParamSpec
from tests.property.cases import Case, Subject, cases, subjects


def answer(loaded: Any, subject: Subject, case: Case) -> tuple[int, str]:
    """What the module answers: errno, or 0, and the reply's bytes in hexadecimal."""
    spec = subject.program.spec.member(case.member.rstrip("="))
    try:
        if isinstance(spec, ParamSpec):
            if case.member.endswith("="):
                setattr(loaded, spec.name, spec.value.unpack_values(case.request)[0])
                return 0, ""
            return 0, spec.value.pack_values([getattr(loaded, spec.name)]).hex()
        assert isinstance(spec, CommandSpec)
        values = spec.request.unpack_values(case.request) if spec.request else []
        reply = getattr(loaded, spec.name)(*values)
        if spec.reply is None:
            return 0, ""
        # Not pack_values(): it refuses an Enum of zero that has no such member, which memory may well hold.
        return 0, encode(spec.reply, [from_user(spec.reply.fields[0].type, reply)]).hex()
    except KernelError as error:
        return error.errno, ""


def main() -> None:
    seed, interfaces, commands, calls = (int(each) for each in sys.argv[1:])
    for i, subject in enumerate(subjects(seed, interfaces, commands=commands)):
        with lb.load(subject.cls, over=sockopt(base=0x5000 + 256 * i)) as loaded:
            answers = [answer(loaded, subject, each) for each in cases(subject, seed, calls)]
        print(json.dumps(answers), flush=True)


if __name__ == "__main__":
    main()
