"""What statements change, and what expressions read."""

from __future__ import annotations

from landbridge.compiler import ir
from landbridge.compiler.intrinsics import INTRINSICS
from landbridge.spec import ParamSpec


def is_stable(value: ir.Expr) -> bool:
    """Whether two evaluations, one right after the other, give the same: it reads locals only."""
    return not any(
        isinstance(each, (ir.Member, ir.SlotValue, ir.MapLength, ir.CounterSum))
        or (isinstance(each, ir.FieldOf) and type(each.base.type) is ir.OpaqueType)
        or (isinstance(each, ir.Intrinsic) and INTRINSICS[each.name].volatile)
        for each in ir.walk(value)
    )


def changes(statements: ir.Block, value: ir.Expr) -> bool:
    """Whether running the statements may change what the expression gives."""
    reads = list(ir.walk(value))
    if not any(isinstance(each, (ir.Member, ir.SlotValue, ir.MapLength, ir.CounterSum)) for each in reads):
        return False
    for each in ir.walk(statements):
        match each:
            case ir.Call():
                return True
            case ir.MapInsert():
                if any(isinstance(read, ir.MapLength) and read.map == each.map for read in reads):
                    return True
            case ir.MapRemove() | ir.MapClear():
                if any(isinstance(read, (ir.MapLength, ir.SlotValue)) for read in reads):
                    return True
            case ir.CounterAdd():
                if any(isinstance(read, ir.CounterSum) for read in reads):
                    return True
    return False


def calls_out(statements: ir.Block) -> bool:
    """Whether statements run code that may take entries out of Maps."""
    return any(isinstance(each, (ir.Call, ir.MapRemove, ir.MapClear)) for each in ir.walk(statements))


def root(place: ir.Expr) -> ir.Expr:
    """What a place is in: a Local, Member or SlotValue (or whatever else, for what is not a place)."""
    while isinstance(place, (ir.FieldOf, ir.Element)):
        place = place.base
    return place


def is_place(value: ir.Expr) -> bool:
    """Whether something can be stored there."""
    base = value
    while isinstance(base, (ir.FieldOf, ir.Element)):
        if isinstance(base, ir.FieldOf) and isinstance(base.base.type, ir.OpaqueType):
            return False
        base = base.base
    if isinstance(base, ir.Local):
        return not isinstance(base.type, ir.OpaqueType)
    return isinstance(base, (ir.Member, ir.SlotValue))


def is_bounded_param(place: ir.Expr) -> ParamSpec | None:
    """The Param that a place is, if it has bounds."""
    if isinstance(place, ir.Member) and isinstance(place.member, ParamSpec):
        param = place.member
        if param.minimum is not None or param.maximum is not None:
            return param
    return None
