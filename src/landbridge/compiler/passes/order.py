"""Who calls whom: callees before callers, and no circles."""

from __future__ import annotations

from collections.abc import Sequence

from landbridge.compiler.codes import Code
from landbridge.compiler.draft import Draft
from landbridge.compiler.reporter import Reporter


def run(drafts: Sequence[Draft], reporter: Reporter) -> list[Draft]:
    """Order the functions so that each comes after those that it calls; report recursion."""
    by_name = {each.name: each for each in drafts}
    done: list[Draft] = []
    path: list[str] = []

    def visit(draft: Draft) -> None:
        path.append(draft.name)
        for call in draft.calls():
            callee = by_name.get(call.function)
            if callee is None:
                continue  # it could not be compiled, which was reported
            if callee.name in path:
                circle = " -> ".join([*path[path.index(callee.name) :], callee.name])
                reporter.report(
                    Code.RECURSION,
                    f"{circle} calls itself; the kernel's stack is small and fixed",
                    call.span,
                    "write a loop, with the values in an Array",
                )
            elif callee not in done:
                visit(callee)
            if draft.name not in callee.callers:
                callee.callers.append(draft.name)
        path.pop()
        done.append(draft)

    for draft in drafts:
        if draft not in done:
            visit(draft)
    return done
