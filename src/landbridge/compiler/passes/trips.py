"""How often loops turn."""

from __future__ import annotations

from landbridge.compiler import ir


def trip_count(loop: ir.Stmt) -> int | None:
    """The most turns that a loop makes, where that is a constant; a Map's loop: its capacity."""
    match loop:
        case ir.ForRange(start=ir.Const(value=int(start)), stop=ir.Const(value=int(stop)), step=step):
            return len(range(start, stop, step))
        case ir.ForMap():
            return loop.map.entries
    return None


LOOPS = (ir.ForRange, ir.While, ir.ForProcess, ir.ForNetdev, ir.ForMap)
"""All kinds of loops."""
