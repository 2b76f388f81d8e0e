"""What is known only about whole functions, or all of them together: one pass a file.

In order: :mod:`order` (who calls whom; recursion), :mod:`returns`, :mod:`assigned`, :mod:`contexts`,
:mod:`membership`, :mod:`locks`, :mod:`unused`, :mod:`budget`, :mod:`stack`. The checks run even where an earlier one
found something; those that would be misled by a body with holes leave such functions out.
"""

from __future__ import annotations

from collections.abc import Sequence

from landbridge.compiler import ir
from landbridge.compiler.draft import Draft
from landbridge.compiler.passes import (
    assigned,
    budget,
    contexts,
    locks,
    membership,
    order,
    returns,
    stack,
    structs,
    unused,
)
from landbridge.compiler.reporter import Reporter
from landbridge.spec import InterfaceSpec


def run_passes(spec: InterfaceSpec, drafts: Sequence[Draft], reporter: Reporter) -> ir.Program | None:
    """Analyse and finish the functions of an interface.

    Returns:
        The program; None if anything was reported, by a pass or before.
    """
    ordered = order.run(drafts, reporter)
    for draft in drafts:
        if draft.is_clean:
            returns.run(draft, reporter)
            assigned.run(draft, reporter)
    contexts.run(ordered, reporter)
    membership.run(ordered, reporter)
    lock = locks.run(ordered, reporter)
    if reporter.count:
        return None
    for draft in ordered:
        unused.run(draft)
    budget.run(ordered)
    stack.run(ordered, reporter)
    if reporter.count:
        return None
    functions = tuple(each.finished() for each in ordered)
    return ir.Program(spec=spec, functions=functions, lock=lock, structs=structs.run(spec, ordered))
