"""How a C function is entered and left: what its shape in the tree becomes in C."""

from __future__ import annotations

from dataclasses import dataclass

from landbridge.compiler import ir
from landbridge.compiler.emit_c.cexpr import CExpr
from landbridge.compiler.emit_c.names import LocalNames
from landbridge.compiler.emit_c.unit import Unit
from landbridge.spec import MethodSpec


@dataclass(frozen=True, slots=True)
class Frame:
    """How one C function returns.

    Attributes:
        unit: The file.
        locals: Names of its locals.
        returns: ``errno`` (0 or negative), ``value``, ``nothing``, or ``verdict`` (of a hook, which lets pass
            what fails).
        result: The place that gets the result, None where it is returned.
        shares_turns: Whether the loop budget is the caller's: ``turns`` is a pointer.
        has_anchor: Whether rows are given with the process or device they are about.
        limits_log: Whether lines for the log are limited in their rate.
    """

    unit: Unit
    locals: LocalNames
    returns: str
    result: CExpr | None = None
    shares_turns: bool = False
    has_anchor: bool = False
    limits_log: bool = False

    def fail(self, errno: str) -> list[str]:
        """The statements that end the function with a failure."""
        if errno.startswith("-E") and self.returns != "verdict":
            self.unit.include(["linux/errno.h"])
        return ["return NF_ACCEPT;"] if self.returns == "verdict" else [f"return {errno};"]

    def done(self) -> list[str]:
        """The statements that end the function well, its result being stored."""
        return ["return 0;"] if self.returns == "errno" else ["return;"]

    def body_name(self, function: ir.Function) -> str:
        """What other functions call."""
        name = self.unit.names.symbol(function.name)
        return name if isinstance(function.member, MethodSpec) else f"{name}_body"
