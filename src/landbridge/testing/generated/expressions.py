"""Random expressions of a wanted type."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from landbridge.testing.generated.scope import Scope
from landbridge.testing.generated.values import edges, random_value
from landbridge.types import (
    Address,
    Array,
    Bool,
    Chars,
    EnumType,
    Integer,
    StructType,
    Type,
    boolean,
    ipv4,
    u32,
    u64,
)


class Written(NamedTuple):
    """Python text, and whether it is a bare literal, which needs another operand to have a type."""

    text: str
    literal: bool = False


_ARITHMETIC = ("+", "-", "*", "&", "|", "^", "//", "%", "<<", ">>")
_COMPARE = ("==", "!=", "<", "<=", ">", ">=")
_EQUAL = ("==", "!=")


class Expressions:
    """Writes expressions in the scope of one handler."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.world = scope.world

    def of(self, type_: Type, depth: int = 3) -> str:
        """An expression where the context gives literals their type."""
        if isinstance(type_, Integer) and not type_.big_endian and depth > 0 and self.world.chance(0.05):
            return self._choice(type_, depth, literals=True)
        return self._any(type_, depth).text

    def solid(self, type_: Type, depth: int = 3) -> str:
        """An expression that has its type by itself."""
        return self._any(type_, depth, literals=False).text

    def _any(self, type_: Type, depth: int, *, literals: bool = True) -> Written:
        if isinstance(type_, Integer) and not type_.big_endian:
            return self._integer(type_, depth, literals)
        if isinstance(type_, Integer):
            return Written(self._big_endian(type_, depth))
        if isinstance(type_, Bool):
            return Written(self.condition(depth))
        return Written(self._object(type_, depth))

    # --- integers --------------------------------------------------------------------------------

    def _integer(self, type_: Integer, depth: int, literals: bool) -> Written:
        places = self.scope.of(type_)
        leaves: list[tuple[int, Callable[[], Written]]] = [(2, lambda: self._converted(type_, depth - 1))]
        if places:
            leaves.append((6, lambda: Written(self.world.pick(places).text)))
        if literals:
            leaves.append((3, lambda: Written(self._literal(type_), literal=True)))
        if depth <= 0:
            return self.world.weighted(leaves)
        ways = [
            *leaves,
            (12, lambda: self._binary(type_, depth)),
            (2, lambda: Written(f"{self.world.pick('-~')}{self._operand(self.solid(type_, depth - 1))}")),
            (2, lambda: Written(self._choice(type_, depth))),
            (2, lambda: self._least_or_greatest(type_, depth)),
            (1, lambda: Written(f"abs({self.solid(type_, depth - 1)})")),
            *[(2, element) for element in self._elements(type_, depth)],
            *[(2, call) for call in self._calls(type_, depth)],
            *[(2, lookup) for lookup in self._lookups(type_, depth)],
        ]
        if type_ == u32:
            ways += [(1, length) for length in self._lengths()]
        if type_ == u64 and self.world.counters:
            ways.append((1, lambda: Written(f"self.{self.world.pick(self.world.counters)}")))
        return self.world.weighted(ways)

    def _literal(self, type_: Integer) -> str:
        value = random_value(self.world.rng, type_)
        return hex(value) if value > 255 and self.world.chance(0.3) else str(value)

    def _operand(self, text: str) -> str:
        return text if text.replace("_", "a").replace(".", "a").isalnum() else f"({text})"

    def _binary(self, type_: Integer, depth: int) -> Written:
        operator = self.world.pick(_ARITHMETIC)
        left = self._any(type_, depth - 1)
        if operator in ("<<", ">>"):
            small = self.world.chance(0.5)
            count = str(self.world.rng.randrange(type_.bits)) if small else self.count(type_, depth - 2)
            if small and left.literal:
                left = Written(self.solid(type_, depth - 1))
            return Written(f"{self._operand(left.text)} {operator} {self._operand(count)}")
        right = self._any(type_, depth - 1, literals=not left.literal)
        if operator in ("//", "%") and right.literal:
            right = Written(str(self.world.pick([each for each in edges(type_) if each])))
        elif operator in ("//", "%"):
            right = Written(self.divisor(type_, right.text))
        return Written(f"{self._operand(left.text)} {operator} {self._operand(right.text)}")

    def count(self, type_: Integer, depth: int) -> str:
        """A count for a shift: mostly below the width."""
        text = self.solid(type_, depth)
        return f"{self._operand(text)} & {type_.bits - 1}" if self.world.chance(0.8) else text

    def divisor(self, type_: Integer, text: str) -> str:
        """A divisor: mostly not zero."""
        return f"{self._operand(text)} | 1" if self.world.chance(0.8) else text

    def _choice(self, type_: Type, depth: int, literals: bool = False) -> str:
        # A literal here is the reader's business only where the context says its type as well.
        then, other = self.solid(type_, depth - 1), self._any(type_, depth - 1, literals=literals).text
        return f"({then} if {self.condition(depth - 1)} else {other})"

    def _least_or_greatest(self, type_: Integer, depth: int) -> Written:
        parts = [self.solid(type_, depth - 1), self.of(type_, depth - 1)]
        self.world.rng.shuffle(parts)
        return Written(f"{self.world.pick(('min', 'max'))}({', '.join(parts)})")

    def _converted(self, type_: Integer, depth: int) -> Written:
        source = self.world.pick([each for each in self.world.types if _converts(each)])
        if source == type_ or depth < 0:
            places = [place for each in self.world.types if _converts(each) for place in self.scope.of(each)]
            if not places:
                return Written(f"lb.{type_.name}({self._literal(type_)})")
            place = self.world.pick(places)
            if isinstance(place.type, Address) and type_ != u32:
                return Written(f"lb.{type_.name}(lb.u32({place.text}))")
            return Written(f"lb.{type_.name}({place.text})")
        text = self.solid(source, depth)
        if isinstance(source, Address) and type_ != u32:
            text = f"lb.u32({text})"
        return Written(f"lb.{type_.name}({text})")

    def _elements(self, type_: Type, depth: int) -> list[Callable[[], Written]]:
        """Elements at an index that may be out of range."""
        arrays = self.scope.arrays(type_)
        if not arrays:
            return []

        def element() -> Written:
            array = self.world.pick(arrays)
            return Written(f"{array.text}[{self.index(array.type, depth - 2)}]")

        return [element]

    def index(self, array: Type, depth: int = 1) -> str:
        """An index for an array: mostly in range, sometimes not."""
        assert isinstance(array, Array)
        type_ = self.world.pick(self.world.integers)
        text = self.solid(type_, depth)
        # s8 and up hold all lengths that are generated.
        return f"{self._operand(text)} % {array.length}" if self.world.chance(0.9) else text

    def _calls(self, type_: Type, depth: int) -> list[Callable[[], Written]]:
        return [
            lambda each=each: Written(self.call(each.name, depth))  # type: ignore[misc]  # the default binds the loop variable
            for each in self.world.callables
            if each.result == type_ and self.may_call(each.name)
        ]

    def may_call(self, name: str) -> bool:
        """Whether a call here keeps the handler cheap, and no loop over a Map sees it change."""
        helper = next(each for each in self.world.callables if each.name == name)
        return helper.cost * self.scope.looping <= 2000 and not (helper.maps and self.scope.walking)

    def call(self, name: str, depth: int) -> str:
        """A call of an earlier method or command."""
        helper = next(each for each in self.world.callables if each.name == name)
        self.scope.cost += helper.cost * self.scope.looping
        self.scope.changes_maps |= helper.maps
        arguments = ", ".join(self.of(each, depth - 2) for each in helper.parameters)
        return f"self.{name}({arguments})"

    def _lookups(self, type_: Type, depth: int) -> list[Callable[[], Written]]:
        maps = [each for each in self.world.maps if each.value == type_]
        if not maps:
            return []

        def lookup() -> Written:
            map_ = self.world.pick(maps)
            key = self.key(map_.key, depth - 2)
            if self.world.chance(0.9):
                return Written(f"self.{map_.name}.get({key}, {self.of(type_, depth - 2)})")
            return Written(f"self.{map_.name}[{key}]")

        return [lookup]

    def key(self, type_: Type, depth: int = 1) -> str:
        """A key of a Map, from a small range so that keys meet again."""
        if isinstance(type_, Integer) and not type_.big_endian and self.world.chance(0.7):
            return f"{self._operand(self.solid(type_, depth))} % 5"
        return self.of(type_, depth)

    def _lengths(self) -> list[Callable[[], Written]]:
        named = [f"self.{each.name}" for each in self.world.maps]
        # The length of an array is a literal.
        named += [each.text for type_ in self.world.types if isinstance(type_, Chars) for each in self.scope.of(type_)]
        return [lambda: Written(f"len({self.world.pick(named)})")] if named else []

    # --- conditions --------------------------------------------------------------------------------

    def condition(self, depth: int = 2) -> str:
        """A bool."""
        places = self.scope.of(boolean)
        ways: list[tuple[int, Callable[[], str]]] = [(6, lambda: self._comparison(depth))]
        if places:
            ways.append((3, lambda: self.world.pick(places).text))
        if depth > 0:
            ways += [
                (2, lambda: f"not {self._operand(self.condition(depth - 1))}"),
                (2, lambda: self._joined(depth)),
                (1, lambda: f"bool({self.solid(self.world.pick(self.world.integers), depth - 1)})"),
                (1, lambda: self._chain(depth)),
                (1, lambda: self._flag_set(depth)),
            ]
            if self.world.maps:
                ways.append((1, lambda: self._contains(depth)))
        return self.world.weighted(ways)

    def _comparison(self, depth: int) -> str:
        type_ = self.world.pick([each for each in self.world.types if self.scope.of(each) or isinstance(each, Integer)])
        if isinstance(type_, Integer) and not type_.big_endian:
            parts = [self.solid(type_, depth - 1), self.of(type_, depth - 1)]
            self.world.rng.shuffle(parts)
            return f"{self._operand(parts[0])} {self.world.pick(_COMPARE)} {self._operand(parts[1])}"
        if isinstance(type_, Array):
            return self._comparison(depth)
        places = self.scope.of(type_)
        left = self.world.pick(places).text if places else self.solid(type_, depth - 1)
        right = self.world.pick(places).text if isinstance(type_, StructType) else self.of(type_, depth - 1)
        return f"{self._operand(left)} {self.world.pick(_EQUAL)} {self._operand(right)}"

    def _joined(self, depth: int) -> str:
        words = self.world.pick((" and ", " or "))
        return words.join(self._operand(self.condition(depth - 1)) for _ in range(2))

    def _flag_set(self, depth: int) -> str:
        flags = [each for each in self.world.types if isinstance(each, EnumType) and each.flags and self.scope.of(each)]
        if not flags:
            return self._comparison(depth)
        type_ = self.world.pick(flags)
        return f"bool({self.world.pick(self.scope.of(type_)).text} & {type_.name}.{self.world.pick(type_.members)[0]})"

    def _chain(self, depth: int) -> str:
        type_ = self.world.pick(self.world.integers)
        middle = self._operand(self.solid(type_, depth - 1))
        ends = [self._operand(self.of(type_, depth - 1)) for _ in range(2)]
        operators = [self.world.pick(_COMPARE[2:]) for _ in range(2)]
        return f"{ends[0]} {operators[0]} {middle} {operators[1]} {ends[1]}"

    def _contains(self, depth: int) -> str:
        map_ = self.world.pick(self.world.maps)
        return f"{self._operand(self.key(map_.key, depth - 1))} {self.world.pick(('in', 'not in'))} self.{map_.name}"

    # --- other types -----------------------------------------------------------------------------------

    def _big_endian(self, type_: Integer, depth: int) -> str:
        places = self.scope.of(type_)
        if places and (depth <= 0 or self.world.chance(0.5)):
            return self.world.pick(places).text
        source = next((each for each in self.world.integers if each.bits == type_.bits and not each.signed), None)
        if source is None:
            return f"lb.{type_.name}({self._literal(type_)})"
        return f"lb.{type_.name}({self.solid(source, depth - 1)})"

    def _object(self, type_: Type, depth: int) -> str:
        places = self.scope.of(type_)
        ways: list[tuple[int, Callable[[], str]]] = []
        if places:
            ways.append((3, lambda: self.world.pick(places).text))
        if places and depth > 0 and not isinstance(type_, (StructType, Array, Chars)):
            ways.append((1, lambda: self._choice(type_, depth)))
        if depth > 0:
            ways += [(2, lambda call=call: call().text) for call in self._calls(type_, depth)]  # type: ignore[misc]  # binds the loop variable
            ways += [(2, lambda get=get: get().text) for get in self._elements(type_, depth)]  # type: ignore[misc]
            ways += [(1, lambda get=get: get().text) for get in self._lookups(type_, depth)]  # type: ignore[misc]
        ways.append((3, lambda: self._made(type_, depth)))
        return self.world.weighted(ways)

    def _made(self, type_: Type, depth: int) -> str:
        """A new value of a type, written out."""
        match type_:
            case StructType():
                fields = ", ".join(f"{each.name}={self.of(each.type, depth - 1)}" for each in type_.fields)
                return f"{type_.name}({fields})"
            case Array():
                return f"[{', '.join(self.of(type_.element, depth - 1) for _ in range(type_.length))}]"
            case EnumType() if type_.flags:
                return self._flags(type_, depth)
            case EnumType():
                if depth > 0 and type_.base in self.world.integers and self.world.chance(0.2):
                    return f"{type_.name}({self.solid(type_.base, depth - 1)})"
                return f"{type_.name}.{self.world.pick(type_.members)[0]}"
            case Chars():
                return repr(random_value(self.world.rng, type_))
            case _ if type_ == ipv4 and depth > 0 and self.world.chance(0.3):
                return f"lb.ipv4({self.solid(u32, depth - 1)})"
            case _ if type_ == ipv4:
                return f'lb.ipv4("{random_value(self.world.rng, ipv4)}")'
            case Address():
                return f'lb.{type_.name}("{random_value(self.world.rng, type_)}")'
        raise TypeError(f"{type_.name} is not generated")

    def _flags(self, type_: EnumType, depth: int) -> str:
        member = f"{type_.name}.{self.world.pick(type_.members)[0]}"
        places = self.scope.of(type_)
        if not places or depth <= 0:
            return member
        place = self.world.pick(places).text
        operator = self.world.pick(("|", "&", "^", "& ~"))
        return f"({place} {operator}{' ' if operator != '& ~' else ''}{member})"


def _converts(type_: Type) -> bool:
    """Whether ``lb.u32(x)`` takes it."""
    return isinstance(type_, (Integer, Bool, EnumType)) or type_ == ipv4
