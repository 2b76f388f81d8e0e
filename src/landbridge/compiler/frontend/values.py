"""What an expression may be while its type is not settled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from landbridge.compiler import ir
from landbridge.compiler.span import Span
from landbridge.types import Type


@dataclass(frozen=True, slots=True)
class Literal:
    """An int without a width; it takes that of what it meets.

    Attributes:
        value: The number.
        symbol: The kernel's name for it, if it has one.
        default: Type that it has where nothing else gives one; None: an error there.
    """

    value: int
    span: Span
    symbol: str | None = None
    default: Type | None = None


@dataclass(frozen=True, slots=True)
class Text:
    """A str without a length."""

    value: str
    span: Span


@dataclass(frozen=True, slots=True)
class Items:
    """A list display; it becomes an Array where one is wanted."""

    elements: tuple[Value, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Thing:
    """A Python object from outside that is no value: a class, a function, a module."""

    thing: Any
    span: Span


Value = ir.Expr | Literal | Text | Items


def describe(value: Value) -> str:
    """What a value is, for messages."""
    match value:
        case Literal():
            return f"the literal {value.value}"
        case Text():
            return "text"
        case Items():
            return f"a list of {len(value.elements)}"
    return str(value.type)
