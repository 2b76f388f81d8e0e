"""Functions with the arguments that a command declares, at little more than the cost of their system call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from landbridge.spec import CommandSpec
from landbridge.types import StructType


def compile_call(
    name: str, request: StructType | None, body: str, fail: Callable[[Exception, tuple[Any, ...]], None], **names: Any
) -> Callable[..., Any]:
    """Make a function that takes a command's arguments, by place or by name, and runs a line of Python.

    A wrong call is the TypeError that Python gives for any function.

    Args:
        name: Name of the function.
        request: Its arguments; None: none.
        body: The line. ``{packed}`` in it stands for the packed request.
        fail: Called with each error and the arguments' values; it raises.
        **names: What the line uses.
    """
    fields = request.fields if request is not None else ()
    arguments = ", ".join(each.name for each in fields)
    scope: dict[str, Any] = {f"_{key}": value for key, value in names.items()} | {"_fail": fail}
    packed = "b''"
    if request is not None:
        scope["_pack"] = request.packer.pack
        parts = []
        for i, each in enumerate(fields):
            if not each.type.packs_plainly:
                scope[f"_raw{i}"] = each.type.to_raw
            parts.append(each.name if each.type.packs_plainly else f"_raw{i}({each.name})")
        packed = f"_pack({', '.join(parts)})"
    values = f"({arguments},)" if arguments else "()"
    source = (
        f"def {name}({arguments}):\n"
        f"    try:\n"
        f"        {body.replace('{packed}', packed)}\n"
        f"    except Exception as error:\n"
        f"        _fail(error, {values})\n"
    )
    exec(source, scope)
    made: Callable[..., Any] = scope[name]
    return made


def with_signature(function: Callable[..., Any], member: CommandSpec) -> Callable[..., Any]:
    """Wrap ``function(*values)`` so that it takes the command's arguments by place or by name.

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
