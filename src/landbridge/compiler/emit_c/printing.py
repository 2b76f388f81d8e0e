"""Lines for the kernel log."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from landbridge.compiler import ir
from landbridge.compiler.emit_c import constants, helpers
from landbridge.compiler.emit_c.cexpr import Binds
from landbridge.compiler.emit_c.ctype import integer_of
from landbridge.types import Address, Bool, Chars

if TYPE_CHECKING:
    from landbridge.compiler.emit_c.expressions import Expressions

_CONVERSION = re.compile(r"%(?P<flags>[-+ #0]*)(?P<width>\d*)(?:\.(?P<precision>\d+))?(?P<kind>[a-zA-Z%])")


def print_call(expressions: Expressions, node: ir.Print, *, limited: bool) -> str:
    """The statement that writes a line.

    Args:
        expressions: Those of the function.
        node: The line.
        limited: Whether so many lines may come that their rate must be limited.
    """
    format_, arguments = "", []
    remaining, position = list(node.arguments), 0
    for match in _CONVERSION.finditer(node.format):
        format_ += node.format[position : match.start()]
        position = match.end()
        if match["kind"] == "%":
            format_ += "%%"
            continue
        piece, values = _argument(expressions, match, remaining.pop(0))
        format_ += piece
        arguments += values
    format_ += node.format[position:]
    literal = constants.quoted((format_.removesuffix("\n") + "\n").encode())
    expressions.unit.include(["linux/printk.h"])
    name = f"pr_{node.level}{'_ratelimited' if limited else ''}"
    return f"{name}({', '.join([literal, *arguments])});"


def _argument(expressions: Expressions, match: re.Match[str], argument: ir.Expr) -> tuple[str, list[str]]:
    """The kernel's conversion for an argument's type, and what is passed for it."""
    flags, width, type_ = match["flags"], match["width"], argument.type
    if isinstance(type_, Chars):
        return _text(expressions, flags, width, argument)
    if isinstance(type_, Bool) and match["kind"] in "sr":
        value = expressions.of(argument).within(Binds.OR)
        return f"%{flags}{width}s", [f'{value} ? "True" : "False"']
    if isinstance(type_, Address) and match["kind"] in "sr":
        kind = {"ipv4": "pI4", "ipv6": "pI6c", "mac": "pM"}[type_.name]
        return f"%{kind}", [_address_of(expressions, argument)]
    number = integer_of(type_)
    value = expressions.full(argument).text if number else expressions.of(argument).text
    if number and number.big_endian:
        value = f"{ {16: 'ntohs', 32: 'ntohl', 64: 'be64_to_cpu'}[number.bits] }({value})"
    elif isinstance(type_, Address):
        value = f"ntohl({value})"
    kind = match["kind"]
    if kind in "di":
        kind = "d" if number is None or number.signed else "u"
    size = "ll" if number and number.bits == 64 else ""
    return f"%{flags}{width}{size}{kind}", [value]


def _text(expressions: Expressions, flags: str, width: str, argument: ir.Expr) -> tuple[str, list[str]]:
    """Text may come from a user: %pE escapes what would make another line or worse."""
    if isinstance(argument, ir.Const):
        return f"%{flags}{width}s", [constants.quoted(str(argument.value).removesuffix("\n").encode())]
    value = expressions.pointer(argument)
    length = f"{helpers.line_length(expressions.unit)}({value})"
    if not width:
        return "%*pE", [length, value]
    # The width of %pE is the length of its text, so what fills the column is printed apart.
    expressions.unit.include(["linux/minmax.h"])
    fill = f"max({width} - {length}, 0)"
    if "-" in flags:
        return "%*pE%*s", [length, value, fill, '""']
    return "%*s%*pE", [fill, '""', length, value]


def _address_of(expressions: Expressions, argument: ir.Expr) -> str:
    if argument.type.size != 4:
        return expressions.pointer(argument)
    if isinstance(argument, ir.Const) and isinstance(argument.value, bytes) and isinstance(argument.type, Address):
        return f"&{expressions.unit.address(argument.type, argument.value)}"
    if isinstance(argument, (ir.Choose, ir.Convert)):
        return f"&(__be32) {{ {expressions.of(argument).text} }}"
    return expressions.place(argument).address
