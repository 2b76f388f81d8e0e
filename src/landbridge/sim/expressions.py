"""From expressions of the typed tree to Python expressions.

Names that start with an underscore are the simulation's own (``_m`` memory, ``_k`` runtime, ``_int``); what a user's
local is called is :meth:`Expressions.local`.
"""

from __future__ import annotations

import builtins
import functools
import keyword

from landbridge.compiler import ir
from landbridge.sim.values import carrier
from landbridge.types import Address, Bool, Chars, EnumType, Integer, StructType, Type


class Expressions:
    """The expressions of one function."""

    def __init__(self) -> None:
        self._locals: dict[str, str] = {}

    def local(self, name: str) -> str:
        """The Python name of a local."""
        if name not in self._locals:
            free = name.isidentifier() and not keyword.iskeyword(name) and not hasattr(builtins, name)
            self._locals[name] = name if free and not name.startswith("_") else f"_local{len(self._locals)}"
        return self._locals[name]

    @functools.singledispatchmethod
    def write(self, node: ir.Expr) -> str:
        """The Python of an expression, in parentheses where it is not an atom."""
        raise NotImplementedError(f"the simulation does not know {type(node).__name__}")

    @write.register
    def _(self, node: ir.Const) -> str:
        value = node.value
        if isinstance(value, bool) or isinstance(node.type, Bool):
            return repr(bool(value))
        if isinstance(value, int):
            return f"({int(value)})" if value < 0 else repr(int(value))
        if isinstance(value, str):
            return repr(value.encode("utf-8", "surrogateescape"))
        return repr(bytes(value))

    @write.register
    def _(self, node: ir.Local) -> str:
        return self.local(node.name)

    @write.register
    def _(self, node: ir.Member) -> str:
        return f"_m.{node.member.name}"

    @write.register
    def _(self, node: ir.SlotValue) -> str:
        return f"{self.local(node.slot)}[0]"

    @write.register
    def _(self, node: ir.SlotFound) -> str:
        return f"({self.local(node.slot)} is not None)"

    @write.register
    def _(self, node: ir.FieldOf) -> str:
        base = self.write(node.base)
        if isinstance(node.base.type, StructType):
            names = [each.name for each in node.base.type.fields]
            return f"{base}[{names.index(node.name)}]"
        return f"{base}.{node.name}"

    @write.register
    def _(self, node: ir.Element) -> str:
        return f"{self.write(node.base)}[{self.write(node.index)}]"

    @write.register
    def _(self, node: ir.Binary) -> str:
        left, right = self.write(node.left), self.write(node.right)
        exact = f"({left} {node.op.value} {right})"
        type_ = carrier(node.type)
        if node.op in (ir.BinaryOp.ADD, ir.BinaryOp.SUB, ir.BinaryOp.MUL, ir.BinaryOp.LSHIFT):
            return wrapped(type_, exact)
        if node.op is ir.BinaryOp.FLOORDIV and type_.signed:
            return wrapped(type_, exact)
        return exact

    @write.register
    def _(self, node: ir.Unary) -> str:
        type_, operand = carrier(node.type), self.write(node.operand)
        if node.op is ir.UnaryOp.INVERT and type_.signed:
            return f"(~{operand})"
        return wrapped(type_, f"({node.op.value}{operand})")

    @write.register
    def _(self, node: ir.Not) -> str:
        return f"(not {self.write(node.operand)})"

    @write.register
    def _(self, node: ir.Compare) -> str:
        return f"({self.write(node.left)} {node.op.value} {self.write(node.right)})"

    @write.register
    def _(self, node: ir.Logic) -> str:
        return f"({self.write(node.left)} {'and' if node.is_and else 'or'} {self.write(node.right)})"

    @write.register
    def _(self, node: ir.Choose) -> str:
        return f"({self.write(node.then)} if {self.write(node.condition)} else {self.write(node.other)})"

    @write.register
    def _(self, node: ir.Convert) -> str:
        return convert(node.operand.type, node.type, self.write(node.operand))

    @write.register
    def _(self, node: ir.Intrinsic) -> str:
        if node.name == "strlen":
            # Text inside is its bytes before the NUL.
            return f"_len({self.write(node.arguments[0])})"
        arguments = "".join(f", {self.write(each)}" for each in node.arguments)
        return f"_k.ask({node.name!r}{arguments})"

    @write.register
    def _(self, node: ir.MapLength) -> str:
        return f"_len(_m.{node.map.name})"

    @write.register
    def _(self, node: ir.CounterSum) -> str:
        return f"_m.{node.counter.name}"

    @write.register
    def _(self, node: ir.SkbLength) -> str:
        return f"{self.local(node.skb)}.len"


def wrapped(type_: Integer, exact: str) -> str:
    """An exact Python integer, cut to the width of a type."""
    mask = (1 << type_.bits) - 1
    if not type_.signed:
        return f"({exact} & {mask:#x})"
    half = 1 << (type_.bits - 1)
    return f"((({exact} + {half:#x}) & {mask:#x}) - {half:#x})"


def convert(source: Type, target: Type, value: str) -> str:
    """The Python of a conversion between numbers, bools, enums and addresses."""
    if source == target:
        return value
    if isinstance(source, Chars) and isinstance(target, Chars):
        return f"{value}[:{target.length - 1}]"
    if isinstance(source, Address):
        value, source = f"_int.from_bytes({value}, 'big')", Integer("number", 32, False)
    if isinstance(target, Bool):
        return value if isinstance(source, Bool) else f"({value} != 0)"
    if isinstance(target, Address):
        return f"({convert(source, Integer('number', 32, False), value)}).to_bytes(4, 'big')"
    number = carrier(target)
    if isinstance(source, Bool):
        return f"(+{value})"
    if isinstance(source, (Integer, EnumType)):
        given = carrier(source)
        if number.minimum <= given.minimum and given.maximum <= number.maximum:
            return value
    return wrapped(number, value)
