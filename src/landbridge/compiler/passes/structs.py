"""The structs that only handlers know."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from landbridge.compiler.draft import Draft
from landbridge.spec import InterfaceSpec
from landbridge.types import Array, StructType, Type


def run(spec: InterfaceSpec, ordered: Sequence[Draft]) -> tuple[StructType, ...]:
    """Structs in variables, arguments and results that no member has; each after those it contains."""
    known = {each.name for each in spec.structs}
    found: dict[str, StructType] = {}
    for draft in ordered:
        types = [*draft.locals.values(), *(type_ for _, type_ in draft.parameters)]
        for type_ in [*types, *([draft.result] if draft.result is not None else [])]:
            for each in _inside(type_):
                if each.value_class is not None and each.name not in known:
                    found.setdefault(each.name, each)
    return tuple(found.values())


def _inside(type_: Type) -> Iterator[StructType]:
    if isinstance(type_, StructType):
        for each in type_.fields:
            yield from _inside(each.type)
        yield type_
    elif isinstance(type_, Array):
        yield from _inside(type_.element)
