"""The kernel's stack is small: what functions keep there is bounded."""

from __future__ import annotations

from collections.abc import Sequence

from landbridge.compiler import ir
from landbridge.compiler.codes import Code
from landbridge.compiler.draft import Draft
from landbridge.compiler.headers import HEADERS
from landbridge.compiler.reporter import Reporter
from landbridge.types import Type

LARGEST_FRAME = 1024
"""Bytes of locals in one function."""

LARGEST_STACK = 4096
"""Bytes of locals in a handler and all that it calls, along the deepest path."""

_POINTER = 8


def run(ordered: Sequence[Draft], reporter: Reporter) -> None:
    """Report functions that need too much.

    Args:
        ordered: Callees before callers.
    """
    deepest: dict[str, int] = {}
    for draft in ordered:
        own = sum(_size(each) for each in draft.locals.values())
        deepest[draft.name] = own + max((deepest[each.function] for each in draft.calls()), default=0)
        if own > LARGEST_FRAME:
            large = max(draft.locals, key=lambda name: _size(draft.locals[name]))
            what = f"the variables of {draft.name} take {own:,} bytes; a function has at most {LARGEST_FRAME:,}"
            name = draft.names.get(large, large)
            hint = f"the largest is {name}, {draft.locals[large]}: keep it in an lb.State, or make it smaller"
            reporter.report(Code.STACK_TOO_LARGE, what, draft.span, hint)
        elif deepest[draft.name] > LARGEST_STACK and own:
            what = f"{draft.name} and what it calls keep {deepest[draft.name]:,} bytes on the stack"
            hint = f"at most {LARGEST_STACK:,}: keep large values in an lb.State"
            reporter.report(Code.STACK_TOO_LARGE, what, draft.span, hint)


def _size(type_: Type) -> int:
    if isinstance(type_, ir.HeaderType):
        return HEADERS[type_.name].size
    return _POINTER if isinstance(type_, ir.OpaqueType) else type_.size
