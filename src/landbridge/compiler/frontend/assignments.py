"""Assignments: to variables, fields, elements, members, entries of Maps."""

from __future__ import annotations

import ast
import errno

from landbridge.compiler import effects, ir
from landbridge.compiler.codes import Code
from landbridge.compiler.frontend import maps, operators
from landbridge.compiler.frontend.lowering import Lowering
from landbridge.compiler.frontend.scope import Variable, assigned_names
from landbridge.compiler.frontend.values import Literal, Value
from landbridge.compiler.headers import HEADERS
from landbridge.compiler.reporter import Reported
from landbridge.compiler.span import Span
from landbridge.spec import CounterSpec, MemberSpec, ParamSpec
from landbridge.types import Integer, Type, boolean, type_of, u64


def assign(low: Lowering, node: ast.Assign) -> None:
    """``target = value``, also ``a = b = value``."""
    first = node.targets[0]
    low.scope.preferred = None
    if isinstance(first, ast.Name) and isinstance(node.value, ast.Attribute) and node.value.attr in HEADERS:
        low.scope.preferred = first.id
    value = low.value(node.value, _wish(low, first))
    low.scope.preferred = None
    if len(node.targets) > 1 and isinstance(value, ir.Expr) and not _is_object(value):
        value = low.stable(value)
    for target in node.targets:
        store(low, target, value, node)


def _is_object(value: ir.Expr) -> bool:
    return isinstance(value.type, ir.OpaqueType)


def _wish(low: Lowering, target: ast.expr) -> Type | None:
    """The type that literals in the value may take, if it is known before the target is lowered."""
    if isinstance(target, ast.Name):
        variable = low.scope.variables.get(target.id)
        return variable.type if variable else None
    if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and target.value.id == low.self_name:
        return getattr(low.spec.member(target.attr), "type", None)
    if isinstance(target, ast.Subscript):
        map_ = maps.map_of(low, target.value)
        return map_.value if map_ is not None else None
    return None


def annotate(low: Lowering, node: ast.AnnAssign) -> None:
    """``x: lb.u32 = 5`` and ``x: lb.u32``."""
    if not isinstance(node.target, ast.Name):
        raise low.fail(
            Code.UNSUPPORTED_CONSTRUCT, "only variables are declared with a type", node, "leave the type out"
        )
    name, span = node.target.id, low.span(node.target)
    try:
        type_ = type_of(low.names.evaluate(node.annotation))
    except Exception as error:  # whatever evaluating the user's annotation raises
        raise low.fail(Code.WRONG_TYPE, f"the type of {name}: {error}", node.annotation) from None
    known = low.scope.variables.get(name)
    if known is None or known.type is None:
        known = low.scope.declare(name, type_, span)
    elif known.type != type_:
        raise _changed(low, name, known, type_, span)
    if node.value is not None:
        value = low.typed(node.value, type_, name)
        low.emit(ir.Set(place=ir.Local(name=known.local, type=type_, span=span), value=value, span=low.span(node)))


def _changed(low: Lowering, name: str, known: Variable, type_: Type, span: Span) -> Reported:
    return low.fail(
        Code.TYPE_CHANGED,
        f"{name} is {known.type} since line {known.span.line}, and cannot become {type_}",
        span,
        "use another name",
    )


def store(low: Lowering, target: ast.expr, value: Value, node: ast.stmt) -> None:
    """Store a lowered value."""
    match target:
        case ast.Name():
            _store_variable(low, target, value, node)
        case ast.Attribute() | ast.Subscript():
            map_ = maps.map_of(low, target.value) if isinstance(target, ast.Subscript) else None
            if map_ is not None and isinstance(target, ast.Subscript):
                maps.store(low, map_, target, low.coerce(value, map_.value, f"the value of {map_.name}"))
                return
            _store_place(low, target, value, node)
        case ast.Tuple() | ast.List():
            raise low.fail(
                Code.UNSUPPORTED_CONSTRUCT,
                "unpacking is not in kernel Python",
                target,
                "assign one by one; for key, value in self.map.items() is fine",
            )
        case _:
            raise low.fail(Code.NOT_ASSIGNABLE, "nothing can be stored here", target)


def _store_variable(low: Lowering, target: ast.Name, value: Value, node: ast.stmt) -> None:
    name, span = target.id, low.span(target)
    if name == low.self_name:
        raise low.fail(Code.NOT_ASSIGNABLE, "self cannot be assigned", target)
    known = low.scope.variables.get(name)
    if known is not None and known.type is not None:
        if isinstance(value, ir.Expr) and value.type != known.type:
            raise _changed(low, name, known, value.type, span)
        if not isinstance(known.type, ir.OpaqueType):
            expr = low.coerce(value, known.type, name)
            low.emit(
                ir.Set(place=ir.Local(name=known.local, type=known.type, span=span), value=expr, span=low.span(node))
            )
            return
    if known is not None and known.type is None and not isinstance(value, ir.Expr):
        raise Reported  # its type is hidden by an error
    if isinstance(value, Literal) and value.default is None:
        wide = "u32" if 0 <= value.value < 1 << 32 else "s32" if abs(value.value) < 1 << 31 else "s64"
        raise low.fail(
            Code.LITERAL_WITHOUT_TYPE,
            f"nothing says how wide {name} is",
            node,
            f"{name}: lb.{wide} = {ast.unparse(node.value) if isinstance(node, ast.Assign) else value.value}",
        )
    expr = low.settle(value)
    if isinstance(expr.type, ir.OpaqueType):
        _store_object(low, name, expr, span)
        return
    variable = low.scope.declare(name, expr.type, span)
    place = ir.Local(name=variable.local, type=expr.type, span=span)
    low.emit(ir.Set(place=place, value=expr, span=low.span(node)))


def _store_object(low: Lowering, name: str, value: ir.Expr, span: Span) -> None:
    """``ip = skb.ip``: the variable becomes another name of the header that was read."""
    assert isinstance(value, ir.Local)
    if not isinstance(value.type, ir.HeaderType):
        raise low.fail(
            Code.KERNEL_OBJECT_ESCAPES,
            f"a {value.type.name} cannot be kept in a variable",
            span,
            "use the name that it has, or keep its attributes",
        )
    known = low.scope.variables.get(name)
    if known is None or known.type is None:
        low.scope.variables[name] = Variable(value.name, value.type, span)
    elif known.local != value.name:
        # Two names for two readings of one packet; what the variable already names is read once more.
        skb = next(each for (each, kind) in low.scope.headers if kind == value.type.name)
        low.emit(ir.ReadHeader(skb=skb, header=known.local, span=span))


def _store_place(low: Lowering, target: ast.expr, value: Value, node: ast.stmt) -> None:
    span = low.span(node)
    if isinstance(value, ir.Expr):
        _, place = low.in_order([lambda: value, lambda: _place(low, target)])
    else:
        place = _place(low, target)
    assert isinstance(place, ir.Expr)
    expr = low.coerce(value, place.type, ast.unparse(target))
    _check_bounds(low, place, expr, span)
    low.emit(ir.Set(place=place, value=expr, span=span))


def _place(low: Lowering, target: ast.expr) -> ir.Expr:
    """Lower a target to a place, or say why it is none."""
    counter = _counter(low, target)
    if counter is not None:
        raise low.fail(
            Code.NOT_ASSIGNABLE,
            f"a Counter only counts: self.{counter.name} cannot be set",
            target,
            f"self.{counter.name} += n, or use an lb.State",
        )
    place = low.value(target)
    if not isinstance(place, ir.Expr) or not effects.is_place(place):
        what = ast.unparse(target)
        is_object = isinstance(place, ir.Expr) and any(
            isinstance(each.type, ir.OpaqueType) for each in ir.walk(place) if isinstance(each, ir.Expr)
        )
        hint = "packets and kernel objects are only read" if is_object else None
        raise low.fail(Code.NOT_ASSIGNABLE, f"{what} cannot be assigned", target, hint)
    return place


def _counter(low: Lowering, target: ast.expr) -> CounterSpec | None:
    if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and target.value.id == low.self_name:
        member: MemberSpec | None = low.spec.member(target.attr)
        return member if isinstance(member, CounterSpec) else None
    return None


def _check_bounds(low: Lowering, place: ir.Expr, value: ir.Expr, span: Span) -> None:
    """A Param keeps its bounds, whoever sets it."""
    param: ParamSpec | None = effects.is_bounded_param(place)
    if param is None:
        return
    type_ = place.type
    assert isinstance(type_, Integer)
    low_, high = param.minimum, param.maximum
    if isinstance(value, ir.Const):
        if (low_ is not None and int(value.value) < low_) or (high is not None and int(value.value) > high):
            raise low.fail(
                Code.LITERAL_OUT_OF_RANGE, f"{int(value.value)} is not within the bounds of {param.name}", value.span
            )
        return
    for op, bound in ((ir.CompareOp.GE, low_), (ir.CompareOp.LE, high)):
        if bound is not None:
            limit = ir.Const(type=type_, value=bound, span=span)
            holds = ir.Compare(op=op, left=value, right=limit, type=boolean, span=span)
            low.check(holds, errno.ERANGE, "bounds", span)


def augment(low: Lowering, node: ast.AugAssign) -> None:
    """``target op= value``."""
    counter = _counter(low, node.target)
    span = low.span(node)
    if counter is not None:
        if not isinstance(node.op, ast.Add):
            raise low.fail(Code.NOT_ASSIGNABLE, "a Counter only counts up", node, f"self.{counter.name} += n")
        low.emit(ir.CounterAdd(counter=counter, value=low.typed(node.value, u64, "what is counted"), span=span))
        return
    place = _place(low, node.target)
    before = len(low.scope.block)
    amount = low.value(node.value, place.type)
    after = tuple(low.scope.block[before:])
    current: ir.Expr = place
    if effects.changes(after, place):
        # As in Python: the old value is read before the right side runs, and stored over whatever that left.
        old = low.scope.temporary("old", place.type, span)
        low.scope.block.insert(before, ir.Set(place=old, value=place, span=span))
        current = old
    result = operators.combine(low, node.op, current, amount, node)
    if maps.is_entry(place) is not None and effects.calls_out(after):
        result = low.keep(result)
        place = _place(low, node.target)  # the entry may be gone: look again
    if effects.is_bounded_param(place) is not None:
        result = low.stable(result)
    _check_bounds(low, place, result, span)
    low.emit(ir.Set(place=place, value=result, span=span))


def hide(low: Lowering, node: ast.AST) -> None:
    """After an error: what the statement would have assigned has no known type, and stays silent."""
    for name in assigned_names([node]):
        if name not in low.scope.variables:
            low.scope.declare(name, None, low.span(node))
