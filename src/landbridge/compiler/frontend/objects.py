"""Attributes of packets, headers, tasks and devices."""

from __future__ import annotations

import ast

from landbridge.compiler import ir
from landbridge.compiler.codes import Code
from landbridge.compiler.frontend.lowering import Lowering
from landbridge.compiler.headers import HEADERS
from landbridge.compiler.objects import OBJECTS
from landbridge.compiler.reporter import Reported
from landbridge.compiler.span import Span
from landbridge.types import check_name, u32


def attribute(low: Lowering, base: ir.Expr, node: ast.Attribute) -> ir.Expr:
    """``skb.len``, ``skb.ip``, ``ip.saddr``, ``task.pid``."""
    span, name, type_ = low.span(node), node.attr, base.type
    assert isinstance(type_, ir.OpaqueType)
    if isinstance(type_, ir.HeaderType):
        field = HEADERS[type_.name].fields.get(name)
        if field is None:
            raise _unknown(low, node, f"an {type_.name} header", list(HEADERS[type_.name].fields))
        return ir.FieldOf(base=base, name=name, type=field.type, span=span)
    if type_.name == "Skb" and name in HEADERS:
        return header(low, base, name, span)
    known = OBJECTS[type_.name].get(name)
    if known is None:
        names = list(OBJECTS[type_.name]) + (list(HEADERS) if type_.name == "Skb" else [])
        raise _unknown(low, node, f"a {type_.name}", names)
    if type_.name == "Skb" and name == "len":
        assert isinstance(base, ir.Local)
        return ir.SkbLength(skb=base.name, type=u32, span=span)
    return ir.FieldOf(base=base, name=name, type=known.type, span=span)


def _unknown(low: Lowering, node: ast.Attribute, what: str, names: list[str]) -> Reported:
    return low.fail(Code.UNKNOWN_ATTRIBUTE, f"{what} has no {node.attr!r}", node, f"it has {', '.join(names)}")


def header(low: Lowering, skb: ir.Expr, name: str, span: Span) -> ir.Local:
    """A packet header, read once where one reading leads to the other."""
    assert isinstance(skb, ir.Local)
    known = low.scope.headers.get((skb.name, name))
    if known is not None:
        return ir.Local(name=known, type=ir.HeaderType(name), span=span)
    wish = low.scope.preferred
    base = wish if wish is not None and wish not in low.scope.variables and check_name(wish) is None else name
    place = low.scope.temporary(base, ir.HeaderType(name), span)
    low.emit(ir.ReadHeader(skb=skb.name, header=place.name, span=span))
    low.scope.headers[skb.name, name] = place.name
    return place
