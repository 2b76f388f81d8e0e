"""Integer arithmetic in C: wraps at its width, rounds down, divides 64 bits on any machine.

Signed sums and products are written plainly: the kernel is compiled with ``-fno-strict-overflow``,
so they wrap. What is narrower than an int is cut where its value matters.
"""

from __future__ import annotations

import operator
from dataclasses import replace
from typing import TYPE_CHECKING

from landbridge.compiler import ir
from landbridge.compiler.emit_c import constants, helpers
from landbridge.compiler.emit_c.cexpr import Binds, CExpr, primary, promoted
from landbridge.compiler.emit_c.ctype import integer_of
from landbridge.types import Bool, Integer, u32

if TYPE_CHECKING:
    from landbridge.compiler.emit_c.expressions import Expressions

_Op = ir.BinaryOp
_SUMS = {
    _Op.ADD: Binds.SUM,
    _Op.SUB: Binds.SUM,
    _Op.MUL: Binds.PRODUCT,
    _Op.AND: Binds.BIT_AND,
    _Op.OR: Binds.BIT_OR,
    _Op.XOR: Binds.BIT_XOR,
}
_PYTHON = {
    _Op.ADD: operator.add,
    _Op.SUB: operator.sub,
    _Op.MUL: operator.mul,
    _Op.FLOORDIV: operator.floordiv,
    _Op.MOD: operator.mod,
    _Op.AND: operator.and_,
    _Op.OR: operator.or_,
    _Op.XOR: operator.xor,
    _Op.LSHIFT: operator.lshift,
    _Op.RSHIFT: operator.rshift,
}
_BITWISE = {_Op.AND, _Op.OR, _Op.XOR}


def binary(expressions: Expressions, expr: ir.Binary) -> CExpr:
    """Both operands have one type, that of the result."""
    type_ = integer_of(expr.type)
    assert type_ is not None, f"arithmetic on {expr.type}"
    value = folded(expr)
    if value is not None:
        return constants.number(value, type_)
    if expr.op in _SUMS:
        return _sum(expressions, expr, type_)
    if expr.op in (_Op.LSHIFT, _Op.RSHIFT):
        return _shift(expressions, expr, type_)
    return _division(expressions, expr, type_)


def unary(expressions: Expressions, expr: ir.Unary) -> CExpr:
    """``-x`` and ``~x``."""
    type_ = integer_of(expr.type)
    assert type_ is not None, f"arithmetic on {expr.type}"
    value = folded(expr)
    if value is not None:
        return constants.number(value, type_)
    operand = expressions.full(expr.operand)
    if expr.op is ir.UnaryOp.INVERT and _is_truth(expr.operand):
        # gcc takes ~ of a truth value for a slip.
        return CExpr(f"({type_.name})(-1 - {operand.within(Binds.SUM, right=True)})", Binds.UNARY, promoted(type_))
    text = operand.within(Binds.UNARY)
    if text.startswith(expr.op.value):
        text = f"({text})"
    exact = type_.bits >= 32 or (expr.op is ir.UnaryOp.INVERT and type_.signed)
    return CExpr(f"{expr.op.value}{text}", Binds.UNARY, promoted(type_), exact)


def folded(expr: ir.Expr) -> int | None:
    """The value of an expression of plain numbers, None for any other."""
    type_ = integer_of(expr.type)
    if type_ is None or type_.big_endian:
        return None
    if isinstance(expr, ir.Const):
        return int(expr.value) if isinstance(expr.type, Integer) and expr.symbol is None else None
    if isinstance(expr, ir.Convert):
        operand = folded(expr.operand) if isinstance(expr.operand.type, Integer) else None
        return None if operand is None else type_.wrap(operand)
    if isinstance(expr, ir.Unary):
        operand = folded(expr.operand)
        if operand is None:
            return None
        return type_.wrap(-operand if expr.op is ir.UnaryOp.NEGATE else ~operand)
    if isinstance(expr, ir.Binary):
        left, right = folded(expr.left), folded(expr.right)
        return None if left is None or right is None else type_.wrap(_PYTHON[expr.op](left, right))
    return None


def positive(expr: ir.Binary) -> ir.Binary:
    """``x + -5`` as ``x - 5``, and the other way round."""
    right = expr.right
    if expr.op not in (_Op.ADD, _Op.SUB) or not isinstance(right, ir.Const) or right.symbol:
        return expr
    type_ = integer_of(expr.type)
    value = int(right.value)
    if type_ is None or not type_.minimum < value < 0:
        return expr
    op = _Op.SUB if expr.op is _Op.ADD else _Op.ADD
    return replace(expr, op=op, right=replace(right, value=-value))


def _is_truth(expr: ir.Expr) -> bool:
    """Whether an integer is a bool in C."""
    return isinstance(expr, ir.Convert) and (isinstance(expr.operand.type, Bool) or _is_truth(expr.operand))


def _sum(expressions: Expressions, expr: ir.Binary, type_: Integer) -> CExpr:
    expr = positive(expr)
    binds = _SUMS[expr.op]
    left, right = expressions.of(expr.left), expressions.of(expr.right)
    wide = promoted(type_)
    if wide not in (left.ctype, right.ctype) or (type_.bits == 64 and not (left.exact and right.exact)):
        left = expressions.full(expr.left)
        right = expressions.exact(expr.right)
    exact = type_.bits >= 32 or (expr.op in _BITWISE and left.exact and right.exact)
    grouped = expr.op in (_Op.SUB, _Op.MUL)  # a * (b / c) is not a * b / c
    text = f"{left.within(binds)} {expr.op.value} {right.within(binds, right=grouped)}"
    return CExpr(text, binds, wide, exact)


def _shift(expressions: Expressions, expr: ir.Binary, type_: Integer) -> CExpr:
    left = expressions.full(expr.left)
    right = expressions.exact(expr.right)
    exact = expr.op is _Op.RSHIFT or type_.bits >= 32
    text = f"{left.within(Binds.SHIFT)} {expr.op.value} {right.within(Binds.SHIFT, right=True)}"
    return CExpr(text, Binds.SHIFT, promoted(type_), exact)


def _division(expressions: Expressions, expr: ir.Binary, type_: Integer) -> CExpr:
    divides = expr.op is _Op.FLOORDIV
    left, right = expressions.full(expr.left), expressions.exact(expr.right)
    if type_.signed:
        name = helpers.floor(expressions.unit, "floordiv" if divides else "floormod", 64 if type_.bits == 64 else 32)
        # s8 and s16 overflow in one case, minimum // -1.
        return CExpr(f"{name}({left.text}, {right.text})", ctype=promoted(type_), exact=type_.bits >= 32 or not divides)
    if type_.bits == 64:
        expressions.unit.include(["linux/math64.h"])
        if not divides:
            return primary(f"{helpers.modulo(expressions.unit)}({left.text}, {right.text})", type_)
        small = isinstance(expr.right, ir.Const) and int(expr.right.value) <= u32.maximum
        return primary(f"{'div_u64' if small else 'div64_u64'}({left.text}, {right.text})", type_)
    sign = "/" if divides else "%"
    right = expressions.full(expr.right) if type_.bits >= 32 and left.ctype != promoted(type_) else right
    text = f"{left.within(Binds.PRODUCT)} {sign} {right.within(Binds.PRODUCT, right=True)}"
    return CExpr(text, Binds.PRODUCT, promoted(type_))
