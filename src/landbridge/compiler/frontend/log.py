"""``lb.pr_info("format", ...)``: lines for the kernel log."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable

from landbridge.compiler import ir
from landbridge.compiler.codes import Code
from landbridge.compiler.frontend.lowering import Lowering
from landbridge.compiler.frontend.values import Literal, Text, Value
from landbridge.types import Address, Bool, Chars, EnumType, Integer, Type, s64, u32, u64

_CONVERSION = re.compile(r"%([-+ #0]*)(\d*)(.?)", re.DOTALL)
_INTEGERS = "diuxXo"


def write(low: Lowering, level: str, node: ast.Call) -> None:
    """Lower a call of ``pr_<level>``."""
    if node.keywords or not node.args:
        raise low.fail(Code.WRONG_ARGUMENTS, f"pr_{level} takes a format and the values for it", node)
    text = _format(low, node.args[0])
    wanted = _conversions(low, text, node.args[0])
    given = node.args[1:]
    if len(wanted) != len(given):
        raise low.fail(
            Code.FORMAT_ARGUMENTS,
            f"the format has {len(wanted)} conversions, but {len(given)} values follow",
            node,
            "write %% for a percent sign" if len(wanted) > len(given) else "add a conversion, such as %d or %s",
        )
    values = low.in_order([_later(low, each) for each in given])
    arguments = tuple(
        _argument(low, conversion, value, at) for conversion, value, at in zip(wanted, values, given, strict=True)
    )
    low.emit(ir.Print(level=level, format=text, arguments=arguments, span=low.span(node)))


def _later(low: Lowering, node: ast.expr) -> Callable[[], Value]:
    return lambda: low.value(node)


def _format(low: Lowering, node: ast.expr) -> str:
    if isinstance(node, ast.JoinedStr):
        raise low.fail(Code.FORMAT_NOT_LITERAL, "the format is not an f-string", node, 'lb.pr_info("x is %d", x)')
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
        raise low.fail(
            Code.FORMAT_NOT_LITERAL, "the format is a literal", node, "pass the values after a comma, not with %"
        )
    value = low.value(node)
    if not isinstance(value, Text):
        raise low.fail(Code.FORMAT_NOT_LITERAL, "the format is a literal", node, 'lb.pr_info("%s", text)')
    if "\0" in value.value:
        raise low.fail(Code.FORMAT_CONVERSION, "a NUL ends text in the kernel", node)
    return value.value


def _conversions(low: Lowering, text: str, node: ast.expr) -> list[str]:
    found = []
    for match in _CONVERSION.finditer(text):
        flags, width, kind = match.groups()
        if kind == "%" and not flags and not width:
            continue
        if kind not in (*_INTEGERS, "s"):
            hint = "%d %i %u %x %X %o for integers, %s for text, addresses and bool, %% for a percent sign"
            raise low.fail(
                Code.FORMAT_CONVERSION, f"{match.group()!r} is not a conversion of kernel Python", node, hint
            )
        if len(width) > 3:
            raise low.fail(Code.FORMAT_CONVERSION, f"a width of {width}", node, "at most 999")
        found.append(kind)
    return found


def _argument(low: Lowering, conversion: str, value: Value, node: ast.expr) -> ir.Expr:
    if isinstance(value, Literal):
        default = value.default or _smallest(value.value)
        value = low.coerce(value, default, "the value")
    elif isinstance(value, Text):
        value = low.coerce(value, Chars(min(4096, max(2, len(value.value.encode()) + 1))), "the value")
    expr = low.settle(value)
    if conversion == "s":
        if not isinstance(expr.type, (Chars, Address, Bool)):
            hint = "write %d" if isinstance(expr.type, (Integer, EnumType)) else None
            raise low.fail(Code.FORMAT_CONVERSION, f"%s does not print {expr.type}", node, hint)
        return expr
    return _integer(low, conversion, expr, node)


def _integer(low: Lowering, conversion: str, value: ir.Expr, node: ast.expr) -> ir.Expr:
    # Numbers are printed in host order; enums and bools as numbers.
    target: Type | None = None
    match value.type:
        case Integer(big_endian=True, bits=bits):
            target = u64 if bits == 64 else u32
        case Integer():
            return value
        case EnumType(base=base):
            target = base
        case Bool():
            target = u32
    if target is None:
        hint = "write %s" if isinstance(value.type, (Chars, Address)) else "print its parts"
        raise low.fail(Code.FORMAT_CONVERSION, f"%{conversion} does not print {value.type}", node, hint)
    return ir.Convert(operand=value, type=target, span=value.span)


def _smallest(value: int) -> Type:
    if 0 <= value <= u32.maximum:
        return u32
    return s64 if value <= s64.maximum else u64
