"""C expressions as text that knows how tightly it binds."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from landbridge.types import Integer, s32


class Binds(enum.IntEnum):
    """Precedence of C operators, loosest first."""

    CHOICE = 3
    OR = 4
    AND = 5
    BIT_OR = 6
    BIT_XOR = 7
    BIT_AND = 8
    EQUAL = 9
    ORDER = 10
    SHIFT = 11
    SUM = 12
    PRODUCT = 13
    UNARY = 14
    PRIMARY = 15


# Where the bare C would be right but gcc, or a reader, would stumble: these operands get parentheses.
_CONFUSING = {
    Binds.OR: {Binds.AND},
    Binds.BIT_OR: {Binds.BIT_XOR, Binds.BIT_AND, Binds.SHIFT, Binds.SUM, Binds.EQUAL, Binds.ORDER},
    Binds.BIT_XOR: {Binds.BIT_AND, Binds.SHIFT, Binds.SUM, Binds.EQUAL, Binds.ORDER},
    Binds.BIT_AND: {Binds.SHIFT, Binds.SUM, Binds.EQUAL, Binds.ORDER},
    Binds.SHIFT: {Binds.SUM},
    Binds.EQUAL: {Binds.ORDER},
}


@dataclass(frozen=True, slots=True)
class CExpr:
    """An expression in C.

    Attributes:
        text: The C.
        binds: How tightly its outermost operator binds.
        ctype: What C makes of it in arithmetic: s32 (also for anything narrower), u32, s64 or u64;
            meaningless for what is no number.
        exact: Whether its value is that of the tree; if not, only its low bits are, up to the width of the type.
        pointer: The text is a pointer to the object, not the object.
    """

    text: str
    binds: Binds = Binds.PRIMARY
    ctype: Integer = s32
    exact: bool = True
    pointer: bool = False

    def within(self, outer: Binds, *, right: bool = False) -> str:
        """The text as an operand of an operator; ``right`` of one that groups to the left."""
        loose = self.binds <= outer if right else self.binds < outer
        loose |= self.text.startswith("!") and Binds.BIT_OR <= outer <= Binds.ORDER
        return f"({self.text})" if loose or self.binds in _CONFUSING.get(outer, ()) else self.text

    @property
    def object(self) -> str:
        """The text of the object itself."""
        return f"*{self.within(Binds.UNARY)}" if self.pointer else self.text

    @property
    def address(self) -> str:
        """The text of a pointer to it."""
        return self.text if self.pointer else f"&{self.within(Binds.UNARY)}"

    def field(self, name: str) -> str:
        """The text of a field."""
        return f"{self.within(Binds.PRIMARY)}{'->' if self.pointer else '.'}{name}"


def primary(text: str, ctype: Integer = s32) -> CExpr:
    """A name, a call, or anything else that needs no parentheses."""
    return CExpr(text, Binds.PRIMARY, ctype)


def promoted(type_: Integer) -> Integer:
    """What C makes of an operand of this type."""
    return type_ if type_.bits >= 32 else s32
