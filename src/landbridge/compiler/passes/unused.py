"""What nobody reads is not computed, and what is not reached is not there: dead stores and statements go.

What may fail stays: it is in statements of its own.
"""

from __future__ import annotations

from dataclasses import replace

from landbridge.compiler import ir
from landbridge.compiler.draft import Draft
from landbridge.compiler.effects import root
from landbridge.compiler.passes.returns import falls_through


def run(draft: Draft) -> None:
    """Remove stores that are never read, statements after a return, and locals that are not there any more."""
    while True:
        read = _read(draft.body)
        body = _clean(draft.body, read)
        if body == draft.body:
            break
        draft.body = body
    there = _mentioned(draft.body)
    draft.locals = {name: type_ for name, type_ in draft.locals.items() if name in there}


def _read(block: ir.Block) -> set[str]:
    """Locals that are read somewhere."""
    found: set[str] = set()
    for node in ir.walk(block):
        match node:
            case ir.Local():
                found.add(node.name)
            case ir.SlotValue() | ir.SlotFound():
                found.add(node.slot)
            case ir.SkbLength() | ir.ReadHeader():
                found.add(node.skb)
    # Places were walked too: what occurs as a place only is not read.
    stores: dict[str, int] = {}
    for node in ir.walk(block):
        if isinstance(node, (ir.Set, ir.Clear)) and isinstance(root(node.place), ir.Local):
            base = root(node.place)
            assert isinstance(base, ir.Local)
            stores[base.name] = stores.get(base.name, 0) + 1
    occurs: dict[str, int] = {}
    for node in ir.walk(block):
        if isinstance(node, ir.Local):
            occurs[node.name] = occurs.get(node.name, 0) + 1
    return {each for each in found if occurs.get(each, 0) != stores.get(each, 0) or each not in occurs}


def _clean(block: ir.Block, read: set[str]) -> ir.Block:
    kept: list[ir.Stmt] = []
    for each in block:
        statement = _cleaned(each, read)
        if statement is not None:
            kept.append(statement)
            if not falls_through((statement,)):
                break
    return tuple(kept)


def _cleaned(node: ir.Stmt, read: set[str]) -> ir.Stmt | None:
    match node:
        case ir.Set() | ir.Clear():
            base = root(node.place)
            return None if isinstance(base, ir.Local) and base.name not in read else node
        case ir.MapFind() if node.slot not in read:
            return None
        case ir.Call() if node.result is not None and node.result not in read:
            return replace(node, result=None)
        case ir.If():
            then, other = _clean(node.then, read), _clean(node.other, read)
            return replace(node, then=then, other=other) if then or other else None
        case ir.While():
            return replace(node, prelude=_clean(node.prelude, read), body=_clean(node.body, read))
        case ir.ForMap():
            key = node.key if node.key in read else None
            return replace(node, key=key, body=_clean(node.body, read))
        case ir.ForRange() | ir.ForProcess() | ir.ForNetdev():
            return replace(node, body=_clean(node.body, read))
    return node


def _mentioned(block: ir.Block) -> set[str]:
    """Locals that occur anywhere."""
    found: set[str] = set()
    for node in ir.walk(block):
        match node:
            case ir.Local(name=name):
                found.add(name)
            case ir.ForRange() | ir.ForProcess() | ir.ForNetdev():
                found.add(node.variable)
            case ir.ForMap():
                found.update(each for each in (node.key, node.slot) if each is not None)
            case (
                ir.MapFind(slot=name) | ir.MapInsert(slot=name) | ir.MapRemove(found=name) | ir.ReadHeader(header=name)
            ):
                found.add(name)
            case ir.SlotValue(slot=name) | ir.SlotFound(slot=name):
                found.add(name)
            case ir.Call(result=str(name)):
                found.add(name)
    return found
