"""Random values, mostly near an edge."""

from __future__ import annotations

import random
from typing import Any

from landbridge.types import Address, Array, Bool, Chars, EnumType, Integer, StructType, Type

_LETTERS = "abcxyz019 _-é\n\t%\x7f"


def edges(type_: Integer) -> list[int]:
    """The integers where mistakes live: bounds, zero, one, minus one, powers of two and their neighbours."""
    found = {type_.minimum, type_.minimum + 1, 0, 1, 2, 3, 7, 10, type_.maximum - 1, type_.maximum, -1, -2, -3, -7, -10}
    for bit in range(type_.bits):
        found.update(sign * ((1 << bit) + step) for sign in (1, -1) for step in (-1, 0, 1))
    return sorted(each for each in found if type_.minimum <= each <= type_.maximum)


def random_integer(rng: random.Random, type_: Integer) -> int:
    """An integer: an edge, a small one, or any."""
    kind = rng.randrange(4)
    if kind == 0:
        return rng.randint(type_.minimum, type_.maximum)
    if kind == 1:
        return rng.randint(max(type_.minimum, -8), 8)
    return rng.choice(edges(type_))


def random_value(rng: random.Random, type_: Type) -> Any:
    """A value of a type as users write it."""
    match type_:
        case Integer():
            return random_integer(rng, type_)
        case Bool():
            return rng.random() < 0.5
        case EnumType():
            return _random_enum(rng, type_)
        case Chars():
            return _random_text(rng, type_.length)
        case Address():
            raw = bytes(rng.choice((0, 1, 10, 127, 255, rng.randrange(256))) for _ in range(type_.size))
            return type_.from_raw(raw)
        case Array():
            return [random_value(rng, type_.element) for _ in range(type_.length)]
        case StructType():
            values = [random_value(rng, each.type) for each in type_.fields]
            return type_.value_class(*values) if type_.value_class is not None else tuple(values)
    raise TypeError(f"{type_.name} has no values in user space")


def _random_enum(rng: random.Random, type_: EnumType) -> Any:
    numbers = [value for _, value in type_.members]
    if not type_.flags:
        return type_.from_raw(type_.base.to_raw(rng.choice(numbers)))
    bits = 0
    for each in numbers:
        bits |= each if rng.random() < 0.5 else 0
    return type_.from_raw(type_.base.to_raw(bits))


def _random_text(rng: random.Random, length: int) -> str:
    wanted = rng.choice((0, 1, length - 1, rng.randrange(length)))
    text = "".join(rng.choice(_LETTERS) for _ in range(wanted))
    while len(text.encode()) >= length:
        text = text[:-1]
    return text
