"""Hypothesis strategies: values of any type, arguments of a command, and whole interfaces in kernel Python.

::

    from hypothesis import given
    from landbridge.testing import strategies as kernel

    @given(kernel.values(Seen))
    def test_round_trip(seen: Seen) -> None:
        assert Seen.from_bytes(bytes(seen)) == seen

Needs hypothesis: ``pip install landbridge[test]``.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from landbridge.spec import CommandSpec
from landbridge.testing.generated import GeneratedInterface, generate_interface
from landbridge.testing.generated.values import edges
from landbridge.types import Address, Array, Bool, Chars, EnumType, Integer, StructType, Type, type_of


def values(written: Any) -> st.SearchStrategy[Any]:
    """Values of a type, as users write them; edges often.

    Args:
        written: A type as in an annotation: ``lb.u32``, ``bool``, ``Annotated[str, lb.Chars(64)]``, a Struct, Enum or
            Flags class.

    Raises:
        TypeError: It has no fixed size.
    """
    type_: Type = type_of(written)
    match type_:
        case Integer():
            return st.sampled_from(edges(type_)) | st.integers(type_.minimum, type_.maximum)
        case Bool():
            return st.booleans()
        case EnumType():
            return _enums(type_)
        case Chars():
            return _texts(type_.length)
        case Address():
            raws = st.binary(min_size=type_.size, max_size=type_.size)
            return raws.map(type_.from_raw)
        case Array():
            return st.lists(values(type_.element), min_size=type_.length, max_size=type_.length)
        case StructType():
            parts = st.tuples(*[values(each.type) for each in type_.fields])
            made = type_.value_class
            return parts.map(lambda fields: made(*fields)) if made is not None else parts
    raise TypeError(f"{type_.name} has no values in user space")


def arguments(command: CommandSpec) -> st.SearchStrategy[tuple[Any, ...]]:
    """Arguments for a command, in order.

    Args:
        command: Of an interface: ``Imp1.__lb_spec__.member("tell")``.
    """
    return st.just(()) if command.request is None else values(command.request)


def interfaces(name: str = "Generated") -> st.SearchStrategy[GeneratedInterface]:
    """Valid interfaces in kernel Python, as source: memory, methods, and commands that calculate.

    Args:
        name: Name of the class.
    """
    return st.randoms(use_true_random=False).map(lambda rng: generate_interface(rng, name))


def _enums(type_: EnumType) -> st.SearchStrategy[Any]:
    numbers = [value for _, value in type_.members]
    if not type_.flags:
        return st.sampled_from(numbers).map(type_.value_class)
    return st.sets(st.sampled_from(numbers)).map(lambda bits: type_.value_class(_union(bits)))


def _union(bits: set[int]) -> int:
    number = 0
    for each in bits:
        number |= each
    return number


def _texts(length: int) -> st.SearchStrategy[str]:
    """Text of at most ``length - 1`` bytes, without NUL; bytes that are not UTF-8 among them."""
    letters = st.characters(min_codepoint=1, codec="utf-8")
    whole = st.text(letters, max_size=length - 1).filter(lambda text: len(text.encode()) < length)
    raw = st.binary(max_size=length - 1).map(lambda raw: raw.replace(b"\0", b"\1").decode("utf-8", "surrogateescape"))
    return whole | raw
