"""What is known of the counters of loops, so that no check is written that cannot fail."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from landbridge.compiler import ir

_Op = ir.CompareOp


class Ranges:
    """Bounds of the loop counters at one place in a function."""

    def __init__(self) -> None:
        self._bounds: dict[str, tuple[int, int]] = {}

    @contextmanager
    def within(self, loop: ir.ForRange) -> Iterator[None]:
        """In the body of a loop whose counter nothing else changes."""
        outer = dict(self._bounds)
        if isinstance(loop.start, ir.Const) and isinstance(loop.stop, ir.Const):
            turns = range(int(loop.start.value), int(loop.stop.value), loop.step)
            if turns:
                self._bounds[loop.variable] = (min(turns[0], turns[-1]), max(turns[0], turns[-1]))
        yield
        self._bounds = outer

    def proves(self, condition: ir.Expr) -> bool:
        """Whether a condition is certainly true."""
        if isinstance(condition, ir.Logic) and condition.is_and:
            return self.proves(condition.left) and self.proves(condition.right)
        if not isinstance(condition, ir.Compare) or not isinstance(condition.right, ir.Const):
            return False
        bounds = self._of(condition.left)
        if bounds is None or isinstance(condition.right.value, (str, bytes)):
            return False
        limit = int(condition.right.value)
        match condition.op:
            case _Op.LT:
                return bounds[1] < limit
            case _Op.LE:
                return bounds[1] <= limit
            case _Op.GT:
                return bounds[0] > limit
            case _Op.GE:
                return bounds[0] >= limit
            case _:
                return False

    def _of(self, expr: ir.Expr) -> tuple[int, int] | None:
        return self._bounds.get(expr.name) if isinstance(expr, ir.Local) else None
