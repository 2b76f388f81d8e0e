"""Loops: for over a range, a Map or a list of the kernel; while."""

from __future__ import annotations

import ast
from collections.abc import Callable

from landbridge.compiler import ir
from landbridge.compiler.codes import Code
from landbridge.compiler.frontend import calls, coercion, maps
from landbridge.compiler.frontend.lowering import Lowering
from landbridge.compiler.frontend.names import MISSING
from landbridge.compiler.frontend.scope import MapLoop, Variable, assigned_names, changed_names
from landbridge.compiler.frontend.values import Literal, Value, describe
from landbridge.compiler.intrinsics import ITERATORS
from landbridge.compiler.reporter import Reported
from landbridge.spec import MapSpec
from landbridge.types import Integer, Type, s32, s64, u32


def while_(low: Lowering, node: ast.While) -> None:
    """``while condition: body``."""
    from landbridge.compiler.frontend.statements import block  # noqa: PLC0415  # statements needs this module

    _no_else(low, node)
    with low.scope.nested(loop=True) as prelude:
        condition: ir.Expr | None
        try:
            condition = low.condition(node.test)
        except Reported:
            condition = None
    body = block(low, node.body, loop=True)
    if condition is not None:
        low.emit(ir.While(prelude=tuple(prelude), condition=condition, body=body, span=low.span(node.test)))


def for_(low: Lowering, node: ast.For) -> None:
    """``for x in ...: body``."""
    _no_else(low, node)
    iterable = node.iter
    map_, kind = _map_and_kind(low, iterable)
    try:
        if map_ is not None:
            _over_map(low, node, map_, kind)
            return
        if isinstance(iterable, ast.Call):
            thing = _outside(low, iterable.func)
            if thing is range:
                _over_range(low, node, iterable)
                return
            name = getattr(thing, "__lb_intrinsic__", None)
            if name in ITERATORS:
                _over_kernel_list(low, node, iterable, str(name))
                return
        raise _refuse(low, iterable)
    except Reported:
        # What is wrong with the head says nothing about the body.
        for name in assigned_names([node.target]):
            low.scope.variables.setdefault(name, Variable(name, None, low.span(node.target)))
        _body(low, node)


def _outside(low: Lowering, func: ast.expr) -> object:
    from landbridge.compiler.frontend.expressions import outside  # noqa: PLC0415  # expressions needs calls, as we do

    return outside(low, func)


def _no_else(low: Lowering, node: ast.For | ast.While) -> None:
    if node.orelse:
        low.report(
            Code.UNSUPPORTED_CONSTRUCT,
            "else after a loop is not in kernel Python",
            node.orelse[0],
            "set a bool before break, and test it after the loop",
        )


def _body(low: Lowering, node: ast.For) -> ir.Block:
    from landbridge.compiler.frontend.statements import block  # noqa: PLC0415  # statements needs this module

    return block(low, node.body, loop=True)


def _refuse(low: Lowering, iterable: ast.expr) -> Reported:
    text = ast.unparse(iterable)
    hint = "for i in range(n), for key in self.map, for task in lb.for_each_process()"
    if isinstance(iterable, ast.Call):
        thing = _outside(low, iterable.func)
        if thing is enumerate or thing is reversed or thing is zip:
            hint = "write for i in range(len(array)): ... array[i]"
        elif thing is MISSING:
            hint = f"a method cannot be a generator; {hint}"
    else:
        value = low.value(iterable)
        if isinstance(value, ir.Expr) and value.type.name.startswith("Array"):
            hint = f"write for i in range(len({text})): ... {text}[i]"
        elif isinstance(value, Literal):
            hint = f"write for i in range({text})"
        text = f"{text} ({describe(value)})"
    return low.fail(Code.NOT_ITERABLE, f"a for loop cannot walk {text}", iterable, hint)


def _variable(low: Lowering, target: ast.expr, type_: Type) -> Variable:
    """The loop's variable, declared or already of this type."""
    if not isinstance(target, ast.Name):
        raise low.fail(Code.UNSUPPORTED_CONSTRUCT, "unpacking is for self.map.items()", target, "use one variable")
    span = low.span(target)
    known = low.scope.variables.get(target.id)
    if known is None or known.type is None:
        return low.scope.declare(target.id, type_, span)
    if known.type != type_:
        raise low.fail(
            Code.TYPE_CHANGED,
            f"{target.id} is {known.type} since line {known.span.line}, and cannot become {type_}",
            target,
            "use another name",
        )
    return known


# --- range --------------------------------------------------------------------------------------


def _over_range(low: Lowering, node: ast.For, call: ast.Call) -> None:
    if call.keywords or not 1 <= len(call.args) <= 3:
        raise low.fail(Code.WRONG_ARGUMENTS, "range takes one to three values", call)
    span = low.span(node.target)
    step = 1
    if len(call.args) == 3:
        written = low.value(call.args[2])
        if not isinstance(written, Literal) or written.value == 0:
            raise low.fail(Code.WRONG_RANGE, "the step of a range is a constant that is not 0", call.args[2])
        step = written.value
        if abs(step) > s32.maximum:
            raise low.fail(Code.WRONG_RANGE, f"a step of {step}", call.args[2], "at most 2,147,483,647")
    bounds = call.args[:2]
    values = low.in_order([_later(low, each) for each in bounds])
    type_ = _range_type(low, node.target, values, step)
    lowered = [low.coerce(value, type_, "a bound of the range") for value in values]
    start = lowered[0] if len(lowered) == 2 else ir.Const(type=type_, value=0, span=low.span(call))
    variable = _variable(low, node.target, type_)
    # The bounds are evaluated once; what the body changes does not move them.
    start, stop = low.stable(start, "start"), low.stable(lowered[-1], "stop")
    if any(isinstance(each, ir.Local) and each.name in _assigned(low, node) for each in ir.walk(stop)):
        stop = low.keep(stop, "stop")
    counter = variable.local
    body = _body(low, node)
    if isinstance(node.target, ast.Name) and node.target.id in assigned_names(node.body):
        # In Python, assigning the variable does not move the range.
        hidden = low.scope.temporary("turn", type_, span)
        place = ir.Local(name=variable.local, type=type_, span=span)
        counter, body = hidden.name, (ir.Set(place=place, value=hidden, span=span), *body)
    low.emit(ir.ForRange(variable=counter, start=start, stop=stop, step=step, body=body, span=span))


def _later(low: Lowering, node: ast.expr) -> Callable[[], Value]:
    return lambda: low.value(node)


def _assigned(low: Lowering, node: ast.For) -> set[str]:
    """Locals that the loop assigns, its variable included."""
    names = changed_names([node.target, *node.body])
    return {low.scope.variables[each].local for each in names if each in low.scope.variables}


def _range_type(low: Lowering, target: ast.expr, values: list[Value], step: int) -> Type:
    for value in values:
        if isinstance(value, ir.Expr):
            if not isinstance(value.type, Integer) or value.type.big_endian:
                raise low.fail(Code.WRONG_RANGE, f"a bound of a range is an integer, not {value.type}", value.span)
            for other in values:
                if isinstance(other, ir.Expr):
                    coercion.unify(low, value, other, other.span)
            return value.type
    numbers = [value.value for value in values if isinstance(value, Literal)]
    if len(numbers) != len(values):
        raise low.fail(Code.WRONG_RANGE, "a bound of a range is an integer", target)
    if isinstance(target, ast.Name):
        known = low.scope.variables.get(target.id)
        if known is not None and isinstance(known.type, Integer):
            return known.type
    if all(0 <= each <= u32.maximum for each in numbers):
        return u32
    if all(s32.minimum <= each <= s32.maximum for each in numbers):
        return s32
    return s64


# --- the kernel's lists ---------------------------------------------------------------------------


def _over_kernel_list(low: Lowering, node: ast.For, call: ast.Call, name: str) -> None:
    calls.bind(low, call, [], f"lb.{name}")
    if not isinstance(node.target, ast.Name):
        raise low.fail(Code.UNSUPPORTED_CONSTRUCT, "unpacking is for self.map.items()", node.target, "use one variable")
    span, known = low.span(node.target), low.scope.variables.get(node.target.id)
    if known is not None and known.type is not None and known.type != ir.OpaqueType(ITERATORS[name]):
        raise low.fail(Code.TYPE_CHANGED, f"{node.target.id} is {known.type} already", node.target, "use another name")
    if node.target.id in assigned_names(node.body):
        raise low.fail(
            Code.NOT_ASSIGNABLE, f"{node.target.id} is the loop's own", node.target, "use another name inside"
        )
    variable = low.scope.declare(node.target.id, ir.OpaqueType(ITERATORS[name]), span)
    body = _body(low, node)
    kind = ir.ForProcess if name == "for_each_process" else ir.ForNetdev
    low.emit(kind(variable=variable.local, body=body, span=span))


# --- Maps -------------------------------------------------------------------------------------------


def _map_and_kind(low: Lowering, iterable: ast.expr) -> tuple[MapSpec | None, str]:
    if (
        isinstance(iterable, ast.Call)
        and isinstance(iterable.func, ast.Attribute)
        and iterable.func.attr in ("items", "keys", "values")
        and not iterable.args
        and not iterable.keywords
    ):
        return maps.map_of(low, iterable.func.value), iterable.func.attr
    return maps.map_of(low, iterable), "keys"


def _over_map(low: Lowering, node: ast.For, map_: MapSpec, kind: str) -> None:
    target, span = node.target, low.span(node.target)
    key: ast.expr | None = target
    value: ast.expr | None = None
    if kind == "items":
        if not isinstance(target, ast.Tuple) or len(target.elts) != 2:
            raise low.fail(Code.UNSUPPORTED_CONSTRUCT, "items() gives pairs", target, "for key, value in ...")
        key, value = target.elts
    elif kind == "values":
        key, value = None, target
    key_variable = _variable(low, key, map_.key) if key is not None else None
    value_variable = _variable(low, value, map_.value) if value is not None else None
    slot = low.scope.temporary("entry", ir.SlotType("slot", map=map_.name), span)
    own = key.id if isinstance(key, ast.Name) and key.id not in assigned_names(node.body) else None
    low.scope.map_loops.append(MapLoop(map_, own, slot.name))
    try:
        with low.scope.nested(loop=True) as body:
            if value_variable is not None:
                place = ir.Local(name=value_variable.local, type=map_.value, span=span)
                held = ir.SlotValue(slot=slot.name, type=map_.value, span=span)
                low.emit(ir.Set(place=place, value=held, span=span))
            from landbridge.compiler.frontend.statements import lower_body  # noqa: PLC0415  # statements needs us

            lower_body(low, node.body)
    finally:
        low.scope.map_loops.pop()
    key_local = key_variable.local if key_variable is not None else None
    low.emit(ir.ForMap(map=map_, key=key_local, slot=slot.name, body=tuple(body), span=span))
