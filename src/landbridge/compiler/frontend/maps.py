"""Maps: look up, insert, remove."""

from __future__ import annotations

import ast
import errno
from dataclasses import replace

from landbridge.compiler import effects, ir
from landbridge.compiler.codes import Code
from landbridge.compiler.frontend.lowering import Lowering
from landbridge.compiler.frontend.values import Value
from landbridge.compiler.span import Span
from landbridge.spec import MapSpec
from landbridge.types import boolean, u32

_NOWHERE = Span("", 1, 1, 1, 1)


def map_of(low: Lowering, node: ast.expr) -> MapSpec | None:
    """The Map that ``self.m`` is, or None."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == low.self_name:
        member = low.spec.member(node.attr)
        return member if isinstance(member, MapSpec) else None
    return None


def _slot(low: Lowering, map_: MapSpec, span: Span) -> ir.Local:
    return low.scope.temporary("entry", ir.SlotType("slot", map=map_.name), span)


def _key(low: Lowering, map_: MapSpec, node: ast.expr) -> ir.Expr:
    return low.typed(node, map_.key, f"the key of {map_.name}")


def _found(slot: str, span: Span) -> ir.Expr:
    return ir.SlotFound(slot=slot, type=boolean, span=span)


def _value(map_: MapSpec, slot: str, span: Span) -> ir.SlotValue:
    return ir.SlotValue(slot=slot, type=map_.value, span=span)


def _own_slot(low: Lowering, map_: MapSpec, node: ast.expr) -> str | None:
    """The entry that the loop is at, where the key is the loop's own."""
    for loop in reversed(low.scope.map_loops):
        if loop.map == map_ and loop.key is not None and isinstance(node, ast.Name) and node.id == loop.key:
            return loop.slot
    return None


def _known(map_: MapSpec, key: ir.Expr) -> tuple[str, ir.Expr] | None:
    """Under what an entry is remembered: only keys that are compared at a glance."""
    match key:
        case ir.Local():
            return map_.name, replace(key, span=_NOWHERE)
        case ir.Const():
            return map_.name, replace(key, span=_NOWHERE, symbol=None)
    return None


def remember(low: Lowering, condition: ir.Expr, *, holds: bool) -> None:
    """Note what a condition says about entries, at the start of the block that runs if it holds, or if not."""
    if isinstance(condition, ir.Not):
        remember(low, condition.operand, holds=not holds)
    elif isinstance(condition, ir.Logic) and condition.is_and is holds:
        remember(low, condition.left, holds=holds)
        remember(low, condition.right, holds=holds)
    elif isinstance(condition, ir.SlotFound) and holds and condition.slot in low.scope.looked_up:
        low.scope.entries[low.scope.looked_up[condition.slot]] = condition.slot


def find(low: Lowering, map_: MapSpec, key: ir.Expr, span: Span) -> ir.SlotValue:
    """The entry of a lowered key; ENOENT if it is missing."""
    known = _known(map_, key)
    if known is not None and known in low.scope.entries:
        return _value(map_, low.scope.entries[known], span)
    slot = _slot(low, map_, span)
    low.emit(ir.MapFind(map=map_, key=key, slot=slot.name, span=span))
    low.check(_found(slot.name, span), errno.ENOENT, "key", span)
    if known is not None:
        low.scope.entries[known] = slot.name
    return _value(map_, slot.name, span)


def entry(low: Lowering, map_: MapSpec, node: ast.Subscript) -> ir.SlotValue:
    """``self.m[key]``, to read or to change in place."""
    span = low.span(node)
    own = _own_slot(low, map_, node.slice)
    if own is not None:
        return _value(map_, own, span)
    return find(low, map_, _key(low, map_, node.slice), span)


def contains(low: Lowering, map_: MapSpec, key: ast.expr, span: Span) -> ir.Expr:
    """``key in self.m``."""
    lowered = _key(low, map_, key)
    known = _known(map_, lowered)
    if known is not None and known in low.scope.entries:
        return _found(low.scope.entries[known], span)
    slot = _slot(low, map_, span)
    low.emit(ir.MapFind(map=map_, key=lowered, slot=slot.name, span=span))
    if known is not None:
        low.scope.looked_up[slot.name] = known
    return _found(slot.name, span)


def store(low: Lowering, map_: MapSpec, target: ast.Subscript, value: ir.Expr) -> None:
    """``self.m[key] = value``."""
    span = low.span(target)
    own = _own_slot(low, map_, target.slice)
    if own is None:
        # Python has the value before it looks for the place.
        _, key = low.in_order([lambda: value, lambda: _key(low, map_, target.slice)])
        assert isinstance(key, ir.Expr)
        slot = _slot(low, map_, span)
        if any(isinstance(each, ir.MapLength) for each in ir.walk(value)):
            value = low.keep(value)
        known = _known(map_, key)
        if known is not None and known in low.scope.entries:
            own = low.scope.entries[known]
        else:
            low.emit(ir.MapInsert(map=map_, key=key, slot=slot.name, span=span))
            low.check(_found(slot.name, span), errno.ENOSPC, "capacity", span)
            own = slot.name
            if known is not None:
                low.scope.entries[known] = own
    low.emit(ir.Set(place=_value(map_, own, span), value=value, span=span))


def remove(low: Lowering, target: ast.expr) -> None:
    """``del self.m[key]``."""
    map_ = map_of(low, target.value) if isinstance(target, ast.Subscript) else None
    if map_ is None or not isinstance(target, ast.Subscript):
        raise low.fail(
            Code.NOT_ASSIGNABLE, "only entries of a Map can be deleted", target, "del self.map[key], self.map.clear()"
        )
    span = low.span(target)
    key = _key(low, map_, target.slice)
    found = low.scope.temporary("found", boolean, span)
    low.emit(ir.MapRemove(map=map_, key=key, found=found.name, span=span))
    low.check(found, errno.ENOENT, "key", span)


def length(map_: MapSpec, span: Span) -> ir.Expr:
    """``len(self.m)``."""
    return ir.MapLength(map=map_, type=u32, span=span)


def method(low: Lowering, map_: MapSpec, name: str, node: ast.Call) -> Value | None:
    """A call of a method of a Map; None where it has no result."""
    span = low.span(node)
    if node.keywords:
        raise low.fail(Code.WRONG_ARGUMENTS, "methods of a Map take no keywords", node)
    if name == "get":
        if len(node.args) != 2:
            raise low.fail(
                Code.WRONG_ARGUMENTS,
                "get takes a key and a default",
                node,
                f"self.{map_.name}.get(key, default): there is no None in the kernel",
            )
        return _get(low, map_, node.args[0], node.args[1], span)
    if name == "clear":
        if node.args:
            raise low.fail(Code.WRONG_ARGUMENTS, "clear takes no arguments", node)
        low.emit(ir.MapClear(map=map_, span=span))
        return None
    if name in ("items", "keys", "values"):
        raise low.fail(Code.NOT_A_VALUE, f"{name}() is for loops", node, f"for x in self.{map_.name}.{name}(): ...")
    hint = {
        "pop": f"read self.{map_.name}[key], then del self.{map_.name}[key]",
        "setdefault": f"if key not in self.{map_.name}: self.{map_.name}[key] = ...",
        "update": "write one assignment for each key",
    }.get(name, "a Map has get, clear, items, keys and values")
    raise low.fail(Code.UNKNOWN_ATTRIBUTE, f"a Map has no {name!r}", node.func, hint)


def _get(low: Lowering, map_: MapSpec, key: ast.expr, default: ast.expr, span: Span) -> ir.Expr:
    lowered, other = low.in_order(
        [lambda: _key(low, map_, key), lambda: low.typed(default, map_.value, f"the default of {map_.name}.get")]
    )
    assert isinstance(lowered, ir.Expr)
    assert isinstance(other, ir.Expr)
    result = low.keep(other)
    slot = _slot(low, map_, span)
    low.emit(ir.MapFind(map=map_, key=lowered, slot=slot.name, span=span))
    take = ir.Set(place=result, value=_value(map_, slot.name, span), span=span)
    low.emit(ir.If(condition=_found(slot.name, span), then=(take,), span=span))
    return result


def is_entry(place: ir.Expr) -> ir.SlotValue | None:
    """The entry that a place is in, or None."""
    base = effects.root(place)
    return base if isinstance(base, ir.SlotValue) else None
