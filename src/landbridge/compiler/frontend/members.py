"""``self.x``: the members of the interface, as values."""

from __future__ import annotations

import ast

from landbridge.compiler import ir
from landbridge.compiler.codes import Code
from landbridge.compiler.frontend import coercion
from landbridge.compiler.frontend.lowering import Lowering
from landbridge.compiler.frontend.values import Value
from landbridge.spec import (
    CommandSpec,
    CounterSpec,
    EventSpec,
    MapSpec,
    MethodSpec,
    ParamSpec,
    StateSpec,
    TableSpec,
)
from landbridge.types import u64


def read(low: Lowering, node: ast.Attribute) -> Value:
    """The value of a State, Param or Counter, or a constant of the class."""
    span, name = low.span(node), node.attr
    member = low.spec.member(name)
    match member:
        case StateSpec() | ParamSpec():
            return ir.Member(member=member, type=member.type, span=span)
        case CounterSpec():
            return ir.CounterSum(counter=member, type=u64, span=span)
        case MapSpec():
            hint = f"self.{name}[key], key in self.{name}, self.{name}.get(key, default), for key in self.{name}"
            raise low.fail(Code.NOT_A_VALUE, f"a whole Map, self.{name}, is not a value", node, hint)
        case EventSpec():
            raise low.fail(Code.NOT_A_VALUE, f"self.{name} is an event", node, f"send a record: self.{name}(...)")
        case CommandSpec() | MethodSpec():
            raise low.fail(Code.NOT_A_VALUE, f"self.{name} is a method", node, f"call it: self.{name}(...)")
        case TableSpec():
            raise low.fail(Code.NOT_A_VALUE, f"self.{name} is a table, which users read", node)
        case None:
            return _of_class(low, node)
    raise low.fail(Code.NOT_A_VALUE, f"self.{name} is a handler that the kernel calls", node)


def _of_class(low: Lowering, node: ast.Attribute) -> Value:
    for base in low.cls.__mro__:
        if node.attr in vars(base) and not node.attr.startswith("_"):
            return coercion.constant(low, vars(base)[node.attr], low.span(node), ast.unparse(node))
    names = [each.name for each in low.spec.members]
    close = [each for each in names if each.lower().startswith(node.attr[:3].lower())]
    raise low.fail(
        Code.UNKNOWN_ATTRIBUTE,
        f"{low.spec.name} has no member {node.attr!r}",
        node,
        f"did you mean self.{close[0]}?" if close else f"declare it in the class: {node.attr} = lb.State(lb.u32)",
    )
