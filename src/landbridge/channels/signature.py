"""Give a fast function the arguments that a command declares."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from landbridge.spec import CommandSpec


def with_signature(function: Callable[..., Any], member: CommandSpec) -> Callable[..., Any]:
    """Wrap ``function(*values)`` so that it takes the command's arguments by place or by name.

    The wrapper is compiled with the real argument names: a wrong call is the TypeError that Python
    gives, and a right one costs no more than a plain call.

    Args:
        function: Takes all values by place.
        member: The command.
    """
    if member.request is None:
        return function
    arguments = ", ".join(each.name for each in member.request.fields)
    scope: dict[str, Any] = {"_call": function}
    exec(f"def {member.name}({arguments}):\n    return _call({arguments})", scope)
    wrapped: Callable[..., Any] = scope[member.name]
    wrapped.__doc__ = member.doc or None
    return wrapped
