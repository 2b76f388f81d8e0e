"""Small static functions that the handlers call; a file has those that it uses."""

from __future__ import annotations

from landbridge.compiler.emit_c.code import Blank, Braces, Comment, Node, Text, block
from landbridge.compiler.emit_c.ctype import is_scalar, pointer_to
from landbridge.compiler.emit_c.unit import Unit
from landbridge.types import Address, Array, Chars, StructType, snake_case


def floor(unit: Unit, what: str, bits: int) -> str:
    """``floordiv`` or ``floormod`` of signed integers, as Python rounds. Gives the function's name."""
    name = unit.names.symbol(f"{what}_s{bits}")
    if name in unit.helpers:
        return name
    number = f"s{bits}"
    if bits == 64:
        unit.include(["linux/math64.h"])
    quotient = "div64_s64(left, right)" if bits == 64 else "left / right"
    remainder = "left - div64_s64(left, right) * right" if bits == 64 else "left % right"
    body: list[Node]
    if what == "floordiv":
        comment = Comment(("left // right as in Python: rounds down. The processor traps at minimum / -1.",))
        body = [
            Text(f"{number} quotient;"),
            Blank(),
            block("if (right == -1)", [Text("return -left;")]),
            Text(f"quotient = {quotient};"),
            block("if ((left ^ right) < 0 && quotient * right != left)", [Text("quotient--;")]),
            Text("return quotient;"),
        ]
    else:
        comment = Comment(("left % right as in Python: has the sign of right. The processor traps at minimum % -1.",))
        body = [
            Text(f"{number} remainder;"),
            Blank(),
            block("if (right == -1)", [Text("return 0;")]),
            Text(f"remainder = {remainder};"),
            block("if (remainder && (remainder ^ right) < 0)", [Text("remainder += right;")]),
            Text("return remainder;"),
        ]
    head = f"static {number} {name}({number} left, {number} right)"
    unit.helpers[name] = [comment, Braces(head, body, is_function=True)]
    return name


def modulo(unit: Unit) -> str:
    """``left % right`` of u64 on a machine of any width."""
    name = unit.names.symbol("mod_u64")
    body: list[Node] = [
        Text("u64 remainder;"),
        Blank(),
        Text("div64_u64_rem(left, right, &remainder);"),
        Text("return remainder;"),
    ]
    unit.helpers[name] = [Braces(f"static u64 {name}(u64 left, u64 right)", body, is_function=True)]
    return name


def line_length(unit: Unit) -> str:
    """Length of text that goes to the log as one line: without one newline at its end."""
    name = unit.names.symbol("line_length")
    unit.include(["linux/string.h"])
    body: list[Node] = [
        Text("size_t length = strlen(text);"),
        Blank(),
        Text("return length && text[length - 1] == '\\n' ? length - 1 : length;"),
    ]
    comment = Comment(("Length of a text without the newline that may end it.",))
    unit.helpers[name] = [comment, Braces(f"static int {name}(const char *text)", body, is_function=True)]
    return name


def equal(unit: Unit, type_: StructType | Array) -> str:
    """A function that compares two structs or arrays, padding and what follows a NUL left out."""
    if isinstance(type_, StructType):
        name = unit.names.symbol(f"{snake_case(type_.name)}_equal")
    else:
        name = unit.names.symbol("equal_" + "".join(c if c.isalnum() else "_" for c in snake_case(type_.name)))
    if name in unit.helpers:
        return name
    left = pointer_to(unit.names, type_, "left")
    right = pointer_to(unit.names, type_, "right")
    if isinstance(type_, StructType):
        parts = [_equal_fields(unit, each.type, f"left->{each.name}", f"right->{each.name}") for each in type_.fields]
        body: list[Node] = [Text(f"return {' && '.join(parts)};")]
    else:
        same = _equal_fields(unit, type_.element, "left[i]", "right[i]", negated=True)
        body = [
            Text("int i;"),
            Blank(),
            block(f"for (i = 0; i < {type_.length}; i++)", [block(f"if ({same})", [Text("return false;")])]),
            Text("return true;"),
        ]
    unit.helpers[name] = [Braces(f"static bool {name}(const {left}, const {right})", body, is_function=True)]
    return name


def _equal_fields(unit: Unit, type_: object, left: str, right: str, *, negated: bool = False) -> str:
    not_ = "!" if negated else ""
    if isinstance(type_, Chars):
        unit.include(["linux/string.h"])
        return f"{'' if negated else '!'}strcmp({left}, {right})"
    if isinstance(type_, StructType):
        return f"{not_}{equal(unit, type_)}(&{left}, &{right})"
    if isinstance(type_, Array):
        return f"{not_}{equal(unit, type_)}({left}, {right})"
    if isinstance(type_, Address) and not is_scalar(type_):
        if type_.name == "ipv6":
            unit.include(["net/ipv6.h"])
            return f"{not_}ipv6_addr_equal(&{left}, &{right})"
        unit.include(["linux/etherdevice.h"])
        return f"{not_}ether_addr_equal_unaligned({left}, {right})"
    return f"{left} {'!=' if negated else '=='} {right}"
