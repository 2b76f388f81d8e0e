"""Comparisons in C."""

from __future__ import annotations

from typing import TYPE_CHECKING

from landbridge.compiler import ir
from landbridge.compiler.emit_c import helpers
from landbridge.compiler.emit_c.arithmetic import folded
from landbridge.compiler.emit_c.cexpr import Binds, CExpr, primary
from landbridge.compiler.emit_c.ctype import integer_of, is_scalar
from landbridge.compiler.emit_c.usage import is_same
from landbridge.types import Address, Array, Bool, Chars, StructType

if TYPE_CHECKING:
    from landbridge.compiler.emit_c.expressions import Expressions

_Op = ir.CompareOp
OPPOSITE = {
    _Op.EQ: _Op.NE,
    _Op.NE: _Op.EQ,
    _Op.LT: _Op.GE,
    _Op.GE: _Op.LT,
    _Op.GT: _Op.LE,
    _Op.LE: _Op.GT,
}

_MIRRORED = {_Op.LT: _Op.GT, _Op.GT: _Op.LT, _Op.LE: _Op.GE, _Op.GE: _Op.LE}


def comparison(expressions: Expressions, op: ir.CompareOp, left: ir.Expr, right: ir.Expr) -> CExpr:
    """Both sides have one type."""
    if not is_scalar(left.type):
        return _objects(expressions, op, left, right)
    if isinstance(left.type, Bool) and isinstance(right, ir.Const):
        wanted = bool(right.value) == (op is _Op.EQ)
        return expressions.of(left) if wanted else expressions.negated(left)
    if _is_constant(left) and not _is_constant(right):
        left, right, op = right, left, _MIRRORED.get(op, op)
    binds = Binds.EQUAL if op in (_Op.EQ, _Op.NE) else Binds.ORDER
    sides = [expressions.exact(left), expressions.exact(right)]
    if sides[0].ctype != sides[1].ctype and integer_of(left.type):
        sides[0] = expressions.full(left)
    # A comparison within a comparison would read as a chain, which C does not have.
    texts = [each.within(binds, right=True) for each in sides]
    return CExpr(f"{texts[0]} {op.value} {texts[1]}", binds)


def _is_constant(expr: ir.Expr) -> bool:
    return isinstance(expr, ir.Const) or folded(expr) is not None


def extreme(expr: ir.Choose) -> tuple[str, ir.Expr, ir.Expr] | None:
    """What ``min()`` and ``max()`` were lowered to: ``a if a < b else b``. Gives the name and the two."""
    test = expr.condition
    if not isinstance(test, ir.Compare) or test.op in (_Op.EQ, _Op.NE):
        return None
    less = test.op in (_Op.LT, _Op.LE)
    if is_same(expr.then, test.left) and is_same(expr.other, test.right):
        name = "min" if less else "max"
    elif is_same(expr.then, test.right) and is_same(expr.other, test.left):
        name = "max" if less else "min"
    else:
        return None
    first, second = test.left, test.right
    return (name, second, first) if isinstance(first, ir.Const) else (name, first, second)


def _objects(expressions: Expressions, op: ir.CompareOp, left: ir.Expr, right: ir.Expr) -> CExpr:
    unit, type_ = expressions.unit, left.type
    first, second = expressions.pointer(left), expressions.pointer(right)
    if isinstance(type_, Chars):
        unit.include(["linux/string.h"])
        call = f"strcmp({first}, {second})"
        return CExpr(f"!{call}", Binds.UNARY) if op is _Op.EQ else CExpr(f"{call} != 0", Binds.EQUAL)
    if isinstance(type_, Address):
        name = "ipv6_addr_equal" if type_.name == "ipv6" else "ether_addr_equal_unaligned"
        unit.include(["net/ipv6.h" if type_.name == "ipv6" else "linux/etherdevice.h"])
        call = f"{name}({first}, {second})"
    else:
        assert isinstance(type_, (StructType, Array)), f"== of {type_}"
        call = f"{helpers.equal(unit, type_)}({first}, {second})"
    return primary(call) if op is _Op.EQ else CExpr(f"!{call}", Binds.UNARY)
