"""Loops of the tree in C."""

from __future__ import annotations

from typing import TYPE_CHECKING

from landbridge.compiler import ir
from landbridge.compiler.emit_c.cexpr import Binds
from landbridge.compiler.emit_c.code import Node, block
from landbridge.compiler.emit_c.ctype import integer_of
from landbridge.compiler.emit_c.usage import assigned, children, read
from landbridge.types import Integer, s64

if TYPE_CHECKING:
    from landbridge.compiler.emit_c.statements import Statements


def for_range(statements: Statements, node: ir.ForRange) -> list[Node]:
    """``for i in range(...)``.

    The plain C loop where nobody can tell the difference; else a counter apart from the variable: in
    Python the variable ends with the last value, and the body may change it.
    """
    expressions, step = statements.expressions, node.step
    number = integer_of(node.start.type)
    assert number is not None, "range() counts in integers"
    start, stop = expressions.exact(node.start), expressions.exact(node.stop)
    variable = expressions.places[node.variable].text
    if not isinstance(node.stop, ir.Const) and (read(node.stop) & assigned(node.body) or not _is_simple(node.stop)):
        name = statements.fresh(f"{variable}_stop", node.stop.type)
        before: list[Node] = [statements.text(f"{name} = {stop.text};")]
        limit = name
    else:
        before, limit = [], stop.within(Binds.ORDER, right=True)
    order = "<" if step > 0 else ">"
    plain = not _is_seen_after(statements.function, node) and node.variable not in assigned(node.body)
    if plain and _cannot_wrap(node, number):
        advance = {1: f"{variable}++", -1: f"{variable}--"}.get(step) or (
            f"{variable} += {step}" if step > 0 else f"{variable} -= {-step}"
        )
        head = f"for ({variable} = {start.text}; {variable} {order} {limit}; {advance})"
        with statements.ranges.within(node):
            body = statements.block(node.body)
        return [*before, block(head, body, node.span)]
    # A wider counter passes the end without wrapping.
    counter = statements.fresh(f"{variable}_at", s64 if number.bits < 64 else number)
    if abs(step) == 1:
        advance = f"{counter}{'++' if step > 0 else '--'}"
    elif number.bits < 64:
        advance = f"{counter} {'+' if step > 0 else '-'}= {abs(step)}"
    else:
        # Never past the end, where the counter could wrap.
        statements.unit.include(["linux/minmax.h"])
        near, far = (counter, limit) if step > 0 else (limit, counter)
        advance = f"{counter} {'+' if step > 0 else '-'}= min_t(u64, {abs(step)}, (u64){far} - (u64){near})"
    head = f"for ({counter} = {start.text}; {counter} {order} {limit}; {advance})"
    body = [statements.text(f"{variable} = {counter};"), *statements.block(node.body)]
    return [*before, block(head, body, node.span)]


def while_(statements: Statements, node: ir.While) -> list[Node]:
    """``while``; what its condition needs is computed first in each turn."""
    if not node.prelude and not (isinstance(node.condition, ir.Const) and node.condition.value):
        head = f"while ({statements.expressions.condition(node.condition).text})"
        return [block(head, statements.block(node.body), node.span)]
    body = statements.block(node.prelude)
    if not isinstance(node.condition, ir.Const):
        body.append(
            block(f"if ({statements.expressions.negated(node.condition).text})", [statements.text("break;")], node.span)
        )
    return [block("for (;;)", [*body, *statements.block(node.body)], node.span)]


def for_kernel_list(statements: Statements, node: ir.ForProcess | ir.ForNetdev) -> list[Node]:
    """Each process, or each device, under RCU."""
    variable = statements.expressions.places[node.variable].text
    if isinstance(node, ir.ForProcess):
        statements.unit.include(["linux/sched/signal.h", "linux/rcupdate.h"])
        head, walked = f"for_each_process({variable})", f"task_pid_nr({variable})"
    else:
        statements.unit.include(["linux/netdevice.h", "linux/rcupdate.h", "net/net_namespace.h"])
        head, walked = f"for_each_netdev_rcu(&init_net, {variable})", f"{variable}->ifindex"
    outer, statements.walked = statements.walked, walked
    enter, end = statements.text("rcu_read_lock();"), statements.text("rcu_read_unlock();")
    with statements.inside("rcu_read_unlock();"):
        loop = block(head, statements.block(node.body), node.span)
    statements.walked = outer
    return [enter, loop, end]


def for_map(statements: Statements, node: ir.ForMap) -> list[Node]:
    """Each entry of a Map, in order of insertion."""
    statements.unit.include(["linux/list.h"])
    slot = statements.expressions.places[node.slot].text
    body: list[Node] = []
    if node.key is not None:
        body.append(statements.text(f"{statements.expressions.places[node.key].text} = {slot}->key;"))
    body += statements.block(node.body)
    head = f"list_for_each_entry({slot}, &{statements.unit.names.symbol(node.map.name)}.used, order)"
    return [block(head, body, node.span)]


def _cannot_wrap(node: ir.ForRange, number: Integer) -> bool:
    if abs(node.step) == 1:
        return True
    if not isinstance(node.stop, ir.Const):
        return False
    last = int(node.stop.value) + node.step
    return number.minimum <= last <= number.maximum


def _is_simple(expr: ir.Expr) -> bool:
    return all(isinstance(each, (ir.Local, ir.Const, ir.Convert)) for each in ir.walk(expr))


def _is_seen_after(function: ir.Function, loop: ir.ForRange) -> bool:
    """Whether the variable is used beyond loops of its own, so that its last value may matter."""
    name = loop.variable
    inner = [each for each in ir.walk(loop.body) if isinstance(each, ir.ForRange) and each.variable == name]
    return bool(inner) or _is_used_outside(function.body, name)


def _is_used_outside(node: ir.Node | ir.Block, name: str) -> bool:
    if isinstance(node, tuple):
        return any(_is_used_outside(each, name) for each in node)
    if isinstance(node, ir.Local):
        return node.name == name
    if isinstance(node, ir.ForRange) and node.variable == name:
        nested = any(isinstance(each, ir.ForRange) and each.variable == name for each in ir.walk(node.body))
        return nested or _is_used_outside(node.start, name) or _is_used_outside(node.stop, name)
    return any(_is_used_outside(each, name) for each in children(node))
