"""A function that was lowered, before the passes have said all there is to say about it."""

from __future__ import annotations

from dataclasses import dataclass, field

from landbridge.compiler import ir
from landbridge.compiler.span import Span
from landbridge.spec import NetfilterSpec, TimerSpec
from landbridge.types import Type


@dataclass(slots=True)
class Draft:
    """One function on its way to :class:`ir.Function`; the passes fill in and rewrite.

    Attributes:
        is_clean: Nothing was wrong with it so far; else parts of the body are missing.
        names: What each local is called in Python, where it has a name there.
        callers: Who calls it, in order of compilation.
    """

    name: str
    member: ir.Handler
    parameters: tuple[tuple[str, Type], ...]
    result: Type | None
    locals: dict[str, Type]
    body: ir.Block
    span: Span
    names: dict[str, str]
    is_clean: bool
    atomic: bool = False
    guarded: bool = False
    spends: bool = False
    sleeps: bool = False
    callers: list[str] = field(default_factory=list)

    @property
    def is_atomic_handler(self) -> bool:
        """Whether the kernel calls it where it cannot sleep."""
        return isinstance(self.member, (NetfilterSpec, TimerSpec))

    def calls(self) -> list[ir.Call]:
        """Its calls of functions of the class, in the order of the source."""
        return [each for each in ir.walk(self.body) if isinstance(each, ir.Call)]

    def finished(self) -> ir.Function:
        """The function, once all passes ran."""
        return ir.Function(
            name=self.name,
            member=self.member,
            parameters=self.parameters,
            result=self.result,
            locals=self.locals,
            body=self.body,
            atomic=self.atomic,
            guarded=self.guarded,
            spends=self.spends,
            sleeps=self.sleeps,
            span=self.span,
        )
