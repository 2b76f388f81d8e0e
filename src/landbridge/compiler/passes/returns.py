"""Whether a function that has a result gives one on every path."""

from __future__ import annotations

from landbridge.compiler import ir
from landbridge.compiler.codes import Code
from landbridge.compiler.draft import Draft
from landbridge.compiler.reporter import Reporter
from landbridge.spec import NetfilterSpec


def run(draft: Draft, reporter: Reporter) -> None:
    """Report a function that may end without its result."""
    if draft.result is not None and falls_through(draft.body):
        is_hook = isinstance(draft.member, NetfilterSpec)
        reporter.report(
            Code.MISSING_RETURN,
            f"{draft.name} may end without returning a {draft.result}",
            draft.span,
            "end it with return lb.NF_ACCEPT" if is_hook else "return a value at its end, or raise",
        )


def falls_through(block: ir.Block) -> bool:
    """Whether the end of a block can be reached."""
    for each in block:
        match each:
            case ir.Return() | ir.Fail() | ir.Break() | ir.Continue() | ir.InlineC():
                return False
            case ir.If() if not falls_through(each.then) and not falls_through(each.other):
                return False
            case ir.While(condition=ir.Const(value=True)) if not _breaks(each.body):
                return False
    return True


def _breaks(block: ir.Block) -> bool:
    """Whether a loop's body has a break of its own."""
    for each in block:
        if isinstance(each, ir.Break) or (isinstance(each, ir.If) and (_breaks(each.then) or _breaks(each.other))):
            return True
    return False
