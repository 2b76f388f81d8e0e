"""Where the kernel can sleep, and where there is a caller.

A hook or timer runs in atomic context, and so does all it calls; a loop over a list of the kernel runs under RCU.
"""

from __future__ import annotations

from collections.abc import Sequence

from landbridge.compiler import ir
from landbridge.compiler.codes import Code
from landbridge.compiler.draft import Draft
from landbridge.compiler.intrinsics import INTRINSICS
from landbridge.compiler.reporter import Reporter
from landbridge.spec import NetfilterSpec


def run(ordered: Sequence[Draft], reporter: Reporter) -> None:
    """Fill in ``atomic`` and ``sleeps``; report what does not fit.

    Args:
        ordered: Callees before callers.
    """
    by_name = {each.name: each for each in ordered}
    for draft in ordered:
        called = (by_name[each.function] for each in draft.calls() if each.function in by_name)
        draft.sleeps = any(_is_sleep(each) for each in ir.walk(draft.body)) or any(each.sleeps for each in called)
    reason: dict[str, Draft] = {}
    for draft in reversed(ordered):
        if draft.is_atomic_handler:
            reason[draft.name] = draft
        for call in draft.calls():
            if draft.name in reason:
                reason.setdefault(call.function, reason[draft.name])
    for draft in ordered:
        handler = reason.get(draft.name)
        if handler is not None:
            draft.atomic = True
            _check_atomic(draft, handler, reporter)
        _check_rcu(draft, by_name, reporter)


def _is_sleep(node: ir.Node) -> bool:
    return isinstance(node, (ir.Do, ir.Intrinsic)) and INTRINSICS[node.name].sleeps


def _check_atomic(draft: Draft, handler: Draft, reporter: Reporter) -> None:
    kind = "netfilter hook" if isinstance(handler.member, NetfilterSpec) else "timer"
    who = f"{handler.name} is a {kind}"
    if handler is not draft:
        who = f"{draft.name} is called by {handler.name}, a {kind}"
    for each in ir.walk(draft.body):
        if not isinstance(each, (ir.Do, ir.Intrinsic)):
            continue
        known = INTRINSICS[each.name]
        if known.sleeps:
            reporter.report(
                Code.SLEEPS_IN_ATOMIC,
                f"{each.name} sleeps, but {who}, which cannot",
                each.span,
                "do it in a command; let the hook leave a note in an lb.State",
            )
        elif known.needs_caller:
            reporter.report(
                Code.NO_CALLER,
                f"{each.name} asks about the caller, but {who}, which runs on behalf of nobody",
                each.span,
                "ask in a command or table",
            )


def _check_rcu(draft: Draft, by_name: dict[str, Draft], reporter: Reporter) -> None:
    for loop in ir.walk(draft.body):
        if not isinstance(loop, (ir.ForProcess, ir.ForNetdev)):
            continue
        for each in ir.walk(loop.body):
            what = ""
            if _is_sleep(each) and isinstance(each, (ir.Do, ir.Intrinsic)):
                what = each.name
            elif isinstance(each, ir.Call) and each.function in by_name and by_name[each.function].sleeps:
                what = f"self.{each.function}"
            if what:
                reporter.report(
                    Code.SLEEPS_IN_RCU,
                    f"{what} sleeps, but the loop holds the kernel's list under RCU",
                    each.span,
                    "sleep before or after the loop",
                )
