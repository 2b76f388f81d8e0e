"""Loops end: those that could turn too often take from the handler's budget at every turn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from landbridge.compiler import ir
from landbridge.compiler.draft import Draft
from landbridge.compiler.passes.trips import LOOPS, trip_count

FREE_TURNS = 1024
"""Turns that nested loops of constant length may take together without counting them."""

_FREE_INSIDE = 64
"""What a counted loop stands for in the same product: loops of up to 16 turns inside it stay free."""


def run(ordered: Sequence[Draft]) -> None:
    """Put :class:`ir.Spend` where it belongs, and fill in ``spends``.

    Args:
        ordered: Callees before callers.
    """
    around = dict.fromkeys((each.name for each in ordered), 1)
    for draft in reversed(ordered):
        draft.body = _block(draft.body, around[draft.name], around)
    for draft in ordered:
        own = any(isinstance(each, ir.Spend) for each in ir.walk(draft.body))
        called = {each.function for each in draft.calls()}
        draft.spends = own or any(each.spends for each in ordered if each.name in called)


def _block(block: ir.Block, product: int, around: dict[str, int]) -> ir.Block:
    """Rewrite a block that runs ``product`` times, as far as constants tell."""
    done: list[ir.Stmt] = []
    for each in block:
        if isinstance(each, ir.Call):
            around[each.function] = max(around[each.function], product)
        if isinstance(each, ir.If):
            then, other = _block(each.then, product, around), _block(each.other, product, around)
            done.append(replace(each, then=then, other=other))
        elif isinstance(each, LOOPS):
            done.append(_loop(each, product, around))
        else:
            done.append(each)
    return tuple(done)


def _loop(
    loop: ir.ForRange | ir.While | ir.ForProcess | ir.ForNetdev | ir.ForMap, product: int, around: dict[str, int]
) -> ir.Stmt:
    turns = trip_count(loop)
    if turns is not None and product * max(turns, 1) <= FREE_TURNS:
        return replace(loop, body=_block(loop.body, product * max(turns, 1), around))
    inner = max(product, _FREE_INSIDE)
    body = (ir.Spend(span=loop.span), *_block(loop.body, inner, around))
    if isinstance(loop, ir.While):
        return replace(loop, prelude=_block(loop.prelude, inner, around), body=body)
    return replace(loop, body=body)
