"""Random interfaces, as the source of a Python module."""

from __future__ import annotations

import linecache
import random
from dataclasses import dataclass
from typing import Any

from landbridge.declare import Interface
from landbridge.testing.generated.scope import Helper, KernelMapInfo, Place, Scope, World
from landbridge.testing.generated.statements import Statements
from landbridge.testing.generated.types import INTEGERS, Declarations
from landbridge.testing.generated.values import random_value
from landbridge.types import Bool, Chars, EnumType, Integer, StructType, Type, ipv4, u32, u64


@dataclass(frozen=True, slots=True)
class GeneratedInterface:
    """An interface in source.

    Attributes:
        name: Name of the class.
        source: A whole Python module.
        commands: Commands that do something random.
        state_command: Command that gives all State and Counters as one struct; None if there are none.
        table: Name of a table that does something random; None if there is none.
        map_commands: For each Map the command that gives its entry at an index, in order, and fails with
            ERANGE past the end.
    """

    name: str
    source: str
    commands: tuple[str, ...]
    state_command: str | None
    map_commands: tuple[str, ...]
    table: str | None = None

    @property
    def file(self) -> str:
        """Name that tracebacks and diagnostics show; the source can be had under it."""
        return f"<generated {self.name}>"

    def load(self) -> type[Interface]:
        """Run the source and give the class.

        Raises:
            DeclarationError: The generator made a wrong class: a bug in it.
        """
        linecache.cache[self.file] = (len(self.source), None, self.source.splitlines(keepends=True), self.file)
        module: dict[str, Any] = {"__name__": f"generated_{self.name}"}
        exec(compile(self.source, self.file, "exec", dont_inherit=True), module)
        made: type[Interface] = module[self.name]
        return made


def generate_interface(
    rng: random.Random, name: str = "Generated", *, commands: int | None = None, table: bool = False
) -> GeneratedInterface:
    """Make an interface with random memory, methods and commands.

    Args:
        rng: Where all choices come from.
        name: Name of the class.
        commands: How many commands it has, beside those that show its memory; 2 to 4 unless told.
        table: Whether it has a table too, which not every channel carries.
    """
    return _Writer(rng, name).write(commands or rng.randrange(2, 5), table)


class _Writer:
    def __init__(self, rng: random.Random, name: str) -> None:
        integers = rng.sample(INTEGERS, rng.randrange(3, 6))
        if u32 not in integers:
            integers.append(u32)
        self.world = World(rng, integers, list(integers))
        self.world.written.update({each: f"lb.{each.name}" for each in (*INTEGERS,)})
        self.name = name
        self.declarations = Declarations(self.world)
        self.body: list[str] = []

    def write(self, count: int, table: bool) -> GeneratedInterface:
        self.declarations.choose()
        self._memory()
        for i in range(self.world.rng.randrange(0, 3)):
            self._handler(f"helper{i}", command=False)
        commands = tuple(f"run{i}" for i in range(count))
        for each in commands:
            self._handler(each, command=True)
        if table:
            self._table()
        state_command = self._show_state()
        map_commands = tuple(self._show_map(each) for each in self.world.maps)
        lines = [
            f'"""{self.name}: made by landbridge.testing."""',
            "",
            "import errno",
            "from collections.abc import Iterator",
            "from typing import Annotated, Any",
            "",
            "import landbridge as lb",
            "",
            *self.declarations.lines,
            "",
            f"class {self.name}(lb.Interface):",
            *self.body,
            "",
        ]
        return GeneratedInterface(
            self.name, "\n".join(lines), commands, state_command, map_commands, "rows" if table else None
        )

    def _line(self, text: str) -> None:
        self.body.append(f"    {text}" if text else "")

    def _memory(self) -> None:
        world, rng = self.world, self.world.rng
        for i in range(rng.randrange(2, 7)):
            type_ = world.pick(world.types)
            self._line(f"state{i} = lb.State({world.written[type_]}{self._default(type_)})")
            world.members.append(Place(f"self.state{i}", type_))
        for i in range(rng.randrange(0, 3)):
            key = world.pick([each for each in world.types if _is_key(each)])
            value = world.pick(world.types)
            entries = rng.randrange(1, 6)
            written = f"{world.written[key]}, {world.written[value]}, entries={entries}"
            self._line(f"map{i} = lb.Map({written})")
            world.maps.append(KernelMapInfo(f"map{i}", key, value, entries))
        for i in range(rng.randrange(0, 2)):
            self._line(f"count{i} = lb.Counter()")
            world.counters.append(f"count{i}")
        for i in range(rng.randrange(0, 3)):
            type_ = world.pick(world.integers)
            low, high = sorted((random_value(rng, type_), random_value(rng, type_)))
            bounds = f", minimum={low}, maximum={high}" if world.chance(0.5) else ""
            default = rng.choice((low, high)) if bounds else random_value(rng, type_)
            self._line(f"param{i} = lb.Param({world.written[type_]}, default={default}{bounds})")
            world.members.append(Place(f"self.param{i}", type_, writable=False))

    def _default(self, type_: Type) -> str:
        if not isinstance(type_, (Integer, Bool, Chars)) or self.world.chance(0.5):
            return ""
        return f", {random_value(self.world.rng, type_)!r}"

    def _handler(self, name: str, *, command: bool) -> None:
        world, rng = self.world, self.world.rng
        parameters = [(f"a{i}", world.pick(world.types)) for i in range(rng.randrange(0, 5))]
        result = world.pick(world.types) if world.chance(0.85) else None
        scope = Scope(world, [*world.members, *[Place(each, type_) for each, type_ in parameters]])
        lines = Statements(scope, result).write(rng.randrange(1, 9))
        arguments = "".join(f", {each}: {world.written[type_]}" for each, type_ in parameters)
        self._line("")
        if command:
            self._line("@lb.command")
        self._line(f"def {name}(self{arguments}) -> {world.written[result] if result else None}:")
        self.body += lines
        world.callables.append(
            Helper(name, tuple(type_ for _, type_ in parameters), result, scope.cost, scope.changes_maps)
        )

    def _table(self) -> None:
        rows = [each for each in self.world.types if isinstance(each, StructType)]
        row = self.world.pick(rows)
        scope = Scope(self.world, list(self.world.members))
        lines = Statements(scope, None, row).write(self.world.rng.randrange(1, 6))
        self._line("")
        self._line("@lb.table")
        self._line(f"def rows(self) -> Iterator[{row.name}]:")
        self.body += lines

    def _show_state(self) -> str | None:
        world = self.world
        fields = [(each.text.removeprefix("self."), each.type) for each in world.members if each.writable]
        world.written.setdefault(u64, "lb.u64")
        fields += [(each, u64) for each in world.counters]
        if not fields:
            return None
        self.declarations.struct("Everything", fields)
        values = ", ".join(f"{each}=self.{each}" for each, _ in fields)
        self._line("")
        self._line("@lb.command")
        self._line("def show_state(self) -> Everything:")
        self._line(f"    return Everything({values})")
        return "show_state"

    def _show_map(self, map_: KernelMapInfo) -> str:
        entry = f"Entry{map_.name.title()}"
        self.declarations.struct(entry, [("key", map_.key), ("value", map_.value)])
        self._line("")
        self._line("@lb.command")
        self._line(f"def show_{map_.name}(self, index: lb.u32) -> {entry}:")
        self._line("    position: lb.u32 = 0")
        self._line(f"    for key, value in self.{map_.name}.items():")
        self._line("        if position == index:")
        self._line(f"            return {entry}(key=key, value=value)")
        self._line("        position += 1")
        self._line("    raise IndexError")
        return f"show_{map_.name}"


def _is_key(type_: Type) -> bool:
    if isinstance(type_, StructType):
        return not type_.padding and all(_is_key(each.type) for each in type_.fields)
    return isinstance(type_, (Integer, EnumType)) or type_ == ipv4
