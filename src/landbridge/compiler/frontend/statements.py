"""Statements; an error in one does not hide those in the next."""

from __future__ import annotations

import ast
import errno
from collections.abc import Callable, Sequence
from typing import Any

from landbridge.compiler import ir
from landbridge.compiler.codes import Code
from landbridge.compiler.frontend import assignments, calls, loops, maps, raising, unsupported
from landbridge.compiler.frontend.lowering import Lowering
from landbridge.compiler.reporter import Reported
from landbridge.spec import TableSpec, TimerSpec


def lower_body(low: Lowering, statements: Sequence[ast.stmt]) -> None:
    """Lower statements into the current block."""
    for each in statements:
        lower(low, each)


def lower(low: Lowering, node: ast.stmt) -> None:
    """Lower one statement; what is wrong with it was reported."""
    try:
        handler = _HANDLERS.get(type(node))
        if handler is None:
            raise unsupported.refuse(low, node)
        handler(low, node)
    except Reported:
        assignments.hide(low, node)


def block(low: Lowering, statements: Sequence[ast.stmt], *, loop: bool = False) -> ir.Block:
    """Lower statements into a block of their own."""
    with low.scope.nested(loop=loop) as inner:
        lower_body(low, statements)
    return tuple(inner)


def _branch(low: Lowering, statements: Sequence[ast.stmt], condition: ir.Expr | None, *, holds: bool) -> ir.Block:
    with low.scope.nested() as inner:
        if condition is not None:
            maps.remember(low, condition, holds=holds)
        lower_body(low, statements)
    return tuple(inner)


def _expression(low: Lowering, node: ast.Expr) -> None:
    value = node.value
    if isinstance(value, ast.Constant) and (isinstance(value.value, str) or value.value is Ellipsis):
        return  # a docstring, or ... for pass
    if isinstance(value, ast.Yield):
        _yield(low, value)
    elif isinstance(value, ast.Call):
        calls.lower_call(low, value)
    else:
        low.value(value)  # for what it checks


def _yield(low: Lowering, node: ast.Yield) -> None:
    if not isinstance(low.member, TableSpec):
        raise low.fail(Code.WRONG_YIELD, "only a table yields", node, "decorate it with @lb.table")
    if node.value is None:
        raise low.fail(Code.WRONG_YIELD, "yield without a row", node, f"yield {low.member.row}(...)")
    row = low.typed(node.value, low.member.row, "a row")
    if not isinstance(row, (ir.Local, ir.Member, ir.SlotValue)):
        row = low.keep(row, "row")
    low.emit(ir.Yield(row=row, span=low.span(node)))


def _if(low: Lowering, node: ast.If) -> None:
    condition: ir.Expr | None
    try:
        condition = low.condition(node.test)
    except Reported:
        condition = None
    then = _branch(low, node.body, condition, holds=True)
    other = _branch(low, node.orelse, condition, holds=False)
    if condition is not None:
        low.emit(ir.If(condition=condition, then=then, other=other, span=low.span(node.test)))


def _return(low: Lowering, node: ast.Return) -> None:
    span, result = low.span(node), low.signature.result
    is_none = node.value is None or (isinstance(node.value, ast.Constant) and node.value.value is None)
    if result is None:
        if not is_none:
            raise _wrong_return(low, node)
        low.emit(ir.Return(span=span))
        return
    if node.value is None or is_none:
        raise low.fail(Code.WRONG_RETURN, f"{low.name} returns {result}", node, "return a value, or raise")
    low.emit(ir.Return(value=low.typed(node.value, result, "the result"), span=span))


def _wrong_return(low: Lowering, node: ast.Return) -> Reported:
    match low.member:
        case TableSpec():
            message, hint = "a table returns nothing", "yield rows, and return to end"
        case TimerSpec():
            message, hint = "a timer returns nothing", "keep the value in an lb.State"
        case _:
            message, hint = f"{low.name} returns nothing", "write its type: -> lb.u32"
    return low.fail(Code.WRONG_RETURN, message, node, hint)


def _assert(low: Lowering, node: ast.Assert) -> None:
    if node.msg is not None:
        raise low.fail(
            Code.MESSAGE_DROPPED,
            "the message of an assert would be lost on the way",
            node.msg,
            "leave it out; log it with lb.pr_warn if it helps",
        )
    low.check(low.condition(node.test), errno.EINVAL, "assert", low.span(node))


def _delete(low: Lowering, node: ast.Delete) -> None:
    for target in node.targets:
        maps.remove(low, target)


def _pass(low: Lowering, node: ast.Pass) -> None:
    del low, node


def _break(low: Lowering, node: ast.Break) -> None:
    low.emit(ir.Break(span=low.span(node)))


def _continue(low: Lowering, node: ast.Continue) -> None:
    low.emit(ir.Continue(span=low.span(node)))


_HANDLERS: dict[type[ast.stmt], Callable[[Lowering, Any], None]] = {
    ast.Expr: _expression,
    ast.Assign: assignments.assign,
    ast.AugAssign: assignments.augment,
    ast.AnnAssign: assignments.annotate,
    ast.If: _if,
    ast.For: loops.for_,
    ast.While: loops.while_,
    ast.Return: _return,
    ast.Raise: raising.raise_,
    ast.Assert: _assert,
    ast.Delete: _delete,
    ast.Pass: _pass,
    ast.Break: _break,
    ast.Continue: _continue,
}
"""By kind of node; what is not here is not in the language."""
