"""Expressions of the tree in C."""

from __future__ import annotations

from landbridge.compiler import ir
from landbridge.compiler.emit_c import arithmetic, compare, constants, convert
from landbridge.compiler.emit_c.cexpr import Binds, CExpr, primary, promoted
from landbridge.compiler.emit_c.ctype import integer_of, is_array, is_scalar
from landbridge.compiler.emit_c.unit import Unit
from landbridge.compiler.headers import HEADERS
from landbridge.compiler.intrinsics import INTRINSICS
from landbridge.compiler.objects import OBJECTS
from landbridge.types import Integer, s32, u32, u64


class Expressions:
    """Writes expressions of one function.

    Args:
        unit: The file.
        places: What each argument and local is in C.
    """

    def __init__(self, unit: Unit, places: dict[str, CExpr]) -> None:
        self.unit = unit
        self.places = places

    def of(self, expr: ir.Expr) -> CExpr:
        """An expression whose value may be right in its low bits only, as a place of its type will cut it."""
        match expr:
            case ir.Const():
                return constants.constant(self.unit, expr)
            case ir.Member():
                return self._member(expr)
            case ir.Local() | ir.SlotValue() | ir.FieldOf() | ir.Element():
                return self.place(expr)
            case ir.SlotFound():
                return CExpr(f"!!{self.places[expr.slot].text}", Binds.UNARY)
            case ir.Binary():
                return arithmetic.binary(self, expr)
            case ir.Unary():
                return arithmetic.unary(self, expr)
            case ir.Not():
                return self.negated(expr.operand)
            case ir.Compare():
                return compare.comparison(self, expr.op, expr.left, expr.right)
            case ir.Logic():
                binds, word = (Binds.AND, "&&") if expr.is_and else (Binds.OR, "||")
                left, right = self.condition(expr.left), self.condition(expr.right)
                return CExpr(f"{left.within(binds)} {word} {right.within(binds)}", binds)
            case ir.Choose():
                return self._choice(expr)
            case ir.Convert():
                return convert.conversion(self, expr)
            case ir.Intrinsic():
                return self._intrinsic(expr)
            case ir.MapLength():
                return primary(f"{self.unit.names.symbol(expr.map.name)}.length", u32)
            case ir.CounterSum():
                return primary(f"{self.unit.names.symbol(expr.counter.name)}_sum()", u64)
            case ir.SkbLength():
                return primary(f"{self.places[expr.skb].text}->len", u32)
            case _:
                raise TypeError(f"{type(expr).__name__} is no expression that C can have")

    def condition(self, expr: ir.Expr) -> CExpr:
        """A bool where C only asks whether it is zero: a pointer will do."""
        return CExpr(self.places[expr.slot].text) if isinstance(expr, ir.SlotFound) else self.of(expr)

    def exact(self, expr: ir.Expr) -> CExpr:
        """An expression whose value in C is that of the tree."""
        made = self.of(expr)
        if made.exact:
            return made
        type_ = integer_of(expr.type)
        assert type_ is not None, "only numbers are cut"
        return CExpr(f"({type_.name}){made.within(Binds.UNARY)}", Binds.UNARY, promoted(type_))

    def full(self, expr: ir.Expr) -> CExpr:
        """As :meth:`exact`, and of the width in C that its type has."""
        made = self.exact(expr)
        type_ = integer_of(expr.type)
        if type_ is None or made.ctype == promoted(type_):
            return made
        return CExpr(f"({type_.name}){made.within(Binds.UNARY)}", Binds.UNARY, promoted(type_))

    def negated(self, expr: ir.Expr) -> CExpr:
        """``not expr``, as one would write it."""
        match expr:
            case ir.Not():
                return self.of(expr.operand)
            case ir.Compare():
                return compare.comparison(self, compare.OPPOSITE[expr.op], expr.left, expr.right)
            case ir.Logic():
                binds, word = (Binds.OR, "||") if expr.is_and else (Binds.AND, "&&")
                left, right = self.negated(expr.left), self.negated(expr.right)
                return CExpr(f"{left.within(binds)} {word} {right.within(binds)}", binds)
            case ir.Const():
                return primary("false" if expr.value else "true")
            case _:
                return CExpr(f"!{self.condition(expr).within(Binds.UNARY)}", Binds.UNARY)

    def place(self, expr: ir.Expr) -> CExpr:
        """A place, or what is read out of a kernel object, as C names it."""
        match expr:
            case ir.Local():
                return self.places[expr.name]
            case ir.Member():
                return primary(self.unit.names.symbol(expr.member.name), _width(expr))
            case ir.SlotValue():
                return primary(f"{self.places[expr.slot].text}->value", _width(expr))
            case ir.FieldOf():
                return self._field(expr)
            case ir.Element():
                index = self.exact(expr.index)
                return primary(f"{self.place(expr.base).within(Binds.PRIMARY)}[{index.text}]", _width(expr))
            case _:
                return self.of(expr)

    def pointer(self, expr: ir.Expr) -> str:
        """An argument for a function that takes what is no scalar by pointer; a scalar by value."""
        if is_scalar(expr.type):
            return self.of(expr).text
        made = self.place(expr)
        return made.text if made.pointer or is_array(expr.type) else made.address

    def _member(self, expr: ir.Member) -> CExpr:
        place = self.place(expr)
        if is_scalar(expr.type) and self.unit.usage.is_shared(expr.member):
            return primary(f"READ_ONCE({place.text})", place.ctype)
        return place

    def _field(self, expr: ir.FieldOf) -> CExpr:
        base = expr.base
        if isinstance(base.type, ir.HeaderType):
            field = HEADERS[base.type.name].fields[expr.name]
            return primary(field.c.replace("{0}.", f"{self.place(base).text}->"), _width(expr))
        if isinstance(base.type, ir.OpaqueType):
            attribute = OBJECTS[base.type.name][expr.name]
            self.unit.include(attribute.headers)
            return primary(attribute.c.format(self.place(base).text), _width(expr))
        return primary(self.place(base).field(expr.name), _width(expr))

    def _choice(self, expr: ir.Choose) -> CExpr:
        lesser = compare.extreme(expr)
        if lesser is not None:
            self.unit.include(["linux/minmax.h"])
            type_ = integer_of(expr.type)
            assert type_ is not None, "only numbers are compared for order"
            name, left, right = lesser
            text = f"{name}_t({type_.name}, {self.exact(left).text}, {self.exact(right).text})"
            return primary(text, promoted(type_))
        then, other = self.of(expr.then), self.of(expr.other)
        if then.ctype != other.ctype:
            then, other = self.full(expr.then), self.full(expr.other)
        condition = self.condition(expr.condition).within(Binds.OR)
        text = f"{condition} ? {then.object} : {CExpr(other.object, other.binds).within(Binds.CHOICE)}"
        return CExpr(text, Binds.CHOICE, then.ctype, then.exact and other.exact)

    def _intrinsic(self, expr: ir.Intrinsic) -> CExpr:
        spec = INTRINSICS[expr.name]
        self.unit.include(spec.headers)
        arguments = [self.pointer(each) for each in expr.arguments]
        return primary(spec.c.format(*arguments), _width(expr))


def _width(expr: ir.Expr) -> Integer:
    type_ = integer_of(expr.type)
    return promoted(type_) if type_ else s32
