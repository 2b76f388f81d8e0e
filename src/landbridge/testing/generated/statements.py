"""Random statements."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from landbridge.testing.generated.expressions import Expressions
from landbridge.testing.generated.scope import Place, Scope
from landbridge.types import Array, Bool, Integer, StructType, Type, u32

_RAISES = (
    "PermissionError",
    "ValueError",
    "KeyError",
    "IndexError",
    "FileNotFoundError",
    "TimeoutError",
    "OverflowError",
    "NotImplementedError",
    "lb.Errno(errno.ENODATA)",
    "lb.Errno(errno.EPROTO)",
)
_AUGMENTED = ("+", "-", "*", "&", "|", "^", "//", "%", "<<", ">>")
_MOST_TURNS = 200


class Statements:
    """Writes the body of one handler, line by line."""

    def __init__(self, scope: Scope, result: Type | None, row: Type | None = None) -> None:
        self.scope = scope
        self.world = scope.world
        self.expressions = Expressions(scope)
        self.result = result
        self.row = row
        self.lines: list[str] = []
        self._depth = 2

    def write(self, count: int) -> list[str]:
        """About that many statements, and a return."""
        for _ in range(count):
            self._statement(2)
        if self.result is not None:
            self._line(f"return {self.expressions.of(self.result)}")
        elif self.row is not None:
            self._yield()
        elif not self.lines:
            self._line("pass")
        return self.lines

    # --- helpers ---------------------------------------------------------------------------------

    def _line(self, text: str) -> None:
        self.lines.append("    " * self._depth + text)

    @contextmanager
    def _block(self, turns: int = 1, *, walking: bool = False, loop: bool = False) -> Iterator[None]:
        """What is assigned inside is not known after."""
        scope = self.scope
        before = (list(scope.places), scope.looping, scope.walking, scope.in_loop)
        scope.looping *= turns
        scope.walking |= walking
        scope.in_loop |= loop
        self._depth += 1
        yield
        self._depth -= 1
        scope.places, scope.looping, scope.walking, scope.in_loop = before

    def _body(self, depth: int) -> None:
        for _ in range(self.world.rng.randrange(1, 4)):
            self._statement(depth - 1)

    def _statement(self, depth: int) -> None:
        ways: list[tuple[int, Callable[[], None]]] = [
            (6, self._declare),
            (8, self._assign),
            (6, self._augment),
            (3, self._element),
        ]
        if self.row is not None:
            ways.append((8, self._yield))
        if self.world.counters:
            ways.append((1, self._count))
        if self.world.maps:
            ways.append((5, self._map))
        if self.world.callables:
            ways.append((1, self._call))
        if depth > 0:
            ways += [(4, lambda: self._if(depth)), (1, self._leave_if)]
            if self.scope.looping < _MOST_TURNS:
                ways += [(2, lambda: self._range(depth)), (2, lambda: self._while(depth))]
                ways.append((1, lambda: self._forever(depth)))
                if self.world.maps:
                    ways.append((2, lambda: self._walk(depth)))
        self.world.weighted(ways)

    # --- statements ----------------------------------------------------------------------------------

    def _declare(self) -> None:
        type_ = self.world.pick(self.world.types)
        name = self.scope.fresh()
        if isinstance(type_, Array) or (isinstance(type_, Integer) and self.world.chance(0.5)):
            self._line(f"{name}: {self.world.written[type_]} = {self.expressions.of(type_)}")
        elif isinstance(type_, (Integer, Bool, StructType)):
            self._line(f"{name} = {self.expressions.solid(type_)}")
        else:
            self._line(f"{name}: {self.world.written[type_]} = {self.expressions.of(type_)}")
        self.scope.places.append(Place(name, type_))

    def _target(self) -> Place | None:
        writable = [each for type_ in self.world.types for each in self.scope.of(type_, writable=True)]
        return self.world.pick(writable) if writable else None

    def _assign(self) -> None:
        place = self._target()
        if place is None:
            self._declare()
        else:
            self._line(f"{place.text} = {self.expressions.of(place.type)}")

    def _integer_target(self) -> Place | None:
        writable = [each for type_ in self.world.integers for each in self.scope.of(type_, writable=True)]
        return self.world.pick(writable) if writable else None

    def _augment(self) -> None:
        place = self._integer_target()
        if place is None:
            self._declare()
            return
        assert isinstance(place.type, Integer)
        self._line(f"{place.text} {self._operator(place.type)}")

    def _operator(self, type_: Integer) -> str:
        """``+= x`` and its like."""
        operator = self.world.pick(_AUGMENTED)
        if operator in ("<<", ">>") and self.world.chance(0.5):
            return f"{operator}= {self.world.rng.randrange(type_.bits)}"
        if operator in ("<<", ">>"):
            value = self.expressions.count(type_, 1)
        elif operator in ("//", "%"):
            value = self.expressions.divisor(type_, self.expressions.solid(type_, 1))
        else:
            value = self.expressions.of(type_, 2)
        return f"{operator}= {value}"

    def _element(self) -> None:
        type_ = self.world.pick(self.world.types)
        arrays = [each for each in self.scope.arrays(type_) if each.writable]
        if not arrays:
            self._assign()
            return
        array = self.world.pick(arrays)
        text = f"{array.text}[{self.expressions.index(array.type)}]"
        if isinstance(type_, Integer) and not type_.big_endian and self.world.chance(0.5):
            self._line(f"{text} {self._operator(type_)}")
        else:
            self._line(f"{text} = {self.expressions.of(type_, 2)}")

    def _yield(self) -> None:
        assert self.row is not None
        self._line(f"yield {self.expressions.of(self.row, 2)}")

    def _count(self) -> None:
        self._line(f"self.{self.world.pick(self.world.counters)} += {self.world.rng.randrange(1, 5)}")

    def _call(self) -> None:
        able = [each for each in self.world.callables if self.expressions.may_call(each.name)]
        if able:
            self._line(self.expressions.call(self.world.pick(able).name, 3))
        else:
            self._assign()

    def _map(self) -> None:
        map_ = self.world.pick(self.world.maps)
        key = self.expressions.key(map_.key)
        kind = self.world.rng.randrange(8)
        value = map_.value
        if kind == 0 and self.world.chance(0.4) and isinstance(value, Integer) and not value.big_endian:
            self._line(f"self.{map_.name}[{key}] {self._operator(value)}")
        elif kind == 1 and self.world.chance(0.5) and isinstance(value, StructType):
            fields = [each for each in value.fields if isinstance(each.type, Integer) and not each.type.big_endian]
            if fields:
                chosen = self.world.pick(fields)
                assert isinstance(chosen.type, Integer)
                self._line(f"self.{map_.name}[{key}].{chosen.name} {self._operator(chosen.type)}")
            else:
                self._line("pass")
        elif self.scope.walking:
            self._assign()
        elif kind == 2:
            self.scope.changes_maps = True
            self._line(f"if {key} in self.{map_.name}:")
            self._line(f"    del self.{map_.name}[{key}]")
        elif kind == 3 and self.world.chance(0.5):
            self.scope.changes_maps = True
            self._line(f"del self.{map_.name}[{key}]" if self.world.chance(0.3) else f"self.{map_.name}.clear()")
        else:
            self.scope.changes_maps = True
            self._line(f"self.{map_.name}[{key}] = {self.expressions.of(value, 2)}")

    def _leave_if(self) -> None:
        """An early end: raise, return, break or continue."""
        condition = self.expressions.condition(2)
        ends = [f"raise {self.world.pick(_RAISES)}"]
        ends.append("return" if self.result is None else f"return {self.expressions.of(self.result, 2)}")
        if self.scope.in_loop:
            ends += ["break", "continue"]
        if self.world.chance(0.15):
            self._line(f"assert {condition}")
            return
        self._line(f"if {condition}:")
        self._line(f"    {self.world.pick(ends)}")

    def _if(self, depth: int) -> None:
        self._line(f"if {self.expressions.condition()}:")
        with self._block():
            self._body(depth)
        if self.world.chance(0.3):
            self._line(f"elif {self.expressions.condition()}:")
            with self._block():
                self._body(depth)
        if self.world.chance(0.4):
            self._line("else:")
            with self._block():
                self._body(depth)

    def _range(self, depth: int) -> None:
        type_ = self.world.pick(self.world.integers)
        name = self.scope.fresh("i")
        bound = f"({self.expressions.solid(type_, 1)}) % {self.world.rng.randrange(1, 7)}"
        signed = type_.signed
        forms = [f"range({bound})", f"range(1, {bound})", f"range({bound}, 6)", f"range(0, {bound}, 2)"]
        forms.append(f"range({bound}, {'-2' if signed else '0'}, -1)")
        self.scope.cost += 6 * self.scope.looping
        self._line(f"for {name} in {self.world.pick(forms)}:")
        with self._block(6, loop=True):
            # A new value lasts for the turn only, as in Python.
            self.scope.places.append(Place(name, type_, writable=self.world.chance(0.3)))
            self._body(depth)

    def _forever(self, depth: int) -> None:
        name = self.scope.fresh("n")
        turns = self.world.rng.randrange(1, 6)
        self._line(f"{name}: lb.u32 = 0")
        self.scope.cost += turns * self.scope.looping
        self._line("while True:")
        self.scope.places.append(Place(name, u32, writable=False))
        with self._block(turns, loop=True):
            self._line(f"{name} += 1")
            self._line(f"if {name} > {turns} or ({self.expressions.condition(1)}):")
            self._line("    break")
            self._body(depth)

    def _while(self, depth: int) -> None:
        name = self.scope.fresh("n")
        turns = self.world.rng.randrange(1, 6)
        self._line(f"{name}: lb.u32 = {turns}")
        self.scope.cost += turns * self.scope.looping
        extra = f" and ({self.expressions.condition(1)})" if self.world.chance(0.6) else ""
        self._line(f"while {name} > 0{extra}:")
        self.scope.places.append(Place(name, u32, writable=False))
        with self._block(turns, loop=True):
            self._line(f"{name} -= 1")
            self._body(depth)

    def _walk(self, depth: int) -> None:
        map_ = self.world.pick(self.world.maps)
        key, value = self.scope.fresh("k"), self.scope.fresh("w")
        self.scope.cost += map_.entries * self.scope.looping
        kind = self.world.rng.randrange(3)
        head = (f"{key} in self.{map_.name}", f"{value} in self.{map_.name}.values()")
        self._line(f"for {(*head, f'{key}, {value} in self.{map_.name}.items()')[kind]}:")
        with self._block(map_.entries, walking=True, loop=True):
            if kind != 1:
                self.scope.places.append(Place(key, map_.key, writable=False))
            if kind != 0:
                self.scope.places.append(Place(value, map_.value, writable=False))
            self._body(depth)
