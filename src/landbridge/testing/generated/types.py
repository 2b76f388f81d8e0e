"""The types that a generated interface uses, and how each is written."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from landbridge import types as kinds
from landbridge.testing.generated.scope import World
from landbridge.types import Array, Chars, Enum, EnumType, Flags, Integer, StructType, Type, boolean, ipv4, layout, mac

INTEGERS = (kinds.u8, kinds.u16, kinds.u32, kinds.u64, kinds.s8, kinds.s16, kinds.s32, kinds.s64)
BIG_ENDIAN = (kinds.be16, kinds.be32, kinds.be64)


@dataclass(slots=True)
class Declarations:
    """The part of a module above the interface: aliases, enums and structs.

    Attributes:
        lines: Its source.
    """

    world: World
    lines: list[str] = field(default_factory=list)

    def choose(self) -> None:
        """Choose the types of an interface."""
        world = self.world
        self._add(boolean, "bool")
        self._enum()
        if world.chance(0.6):
            self._add(ipv4, "lb.ipv4")
        if world.chance(0.2):
            self._add(mac, "lb.mac")
        if world.chance(0.5):
            big = world.pick(BIG_ENDIAN)
            self._add(big, f"lb.{big.name}")
        if world.chance(0.7):
            length = world.rng.randrange(2, 20)
            self._alias("Text", Chars(length), f"Annotated[str, lb.Chars({length})]")
        for _ in range(world.rng.randrange(1, 3)):
            self._array(world.pick(world.integers), world.rng.randrange(1, 7))
        if world.chance(0.4):
            self._flags()
        for _ in range(world.rng.randrange(1, 4)):
            self._struct()
        if world.chance(0.4):
            element = world.pick([each for each in world.types if not isinstance(each, (Array, Chars))])
            self._array(element, world.rng.randrange(1, 4))

    def _add(self, type_: Type, written: str) -> None:
        if type_ not in self.world.written:
            self.world.written[type_] = written
            self.world.types.append(type_)

    def _alias(self, stem: str, type_: Type, written: str) -> None:
        if type_ not in self.world.written:
            name = f"{stem}{len(self.world.written)}"
            self.lines.append(f"{name} = {written}")
            self._add(type_, name)

    def _array(self, element: Type, length: int) -> None:
        inner = self.world.written[element]
        self._alias("Items", Array(element, length), f"Annotated[list[Any], lb.Array({inner}, {length})]")

    def _enum(self) -> None:
        base = self.world.pick([each for each in INTEGERS if each.bits < 64])
        numbers = self.world.rng.sample(range(0, 100), self.world.rng.randrange(1, 4))
        members = tuple((f"M{i}", number) for i, number in enumerate(numbers))
        name = f"Level{len(self.world.written)}"
        self.lines += ["", "", f"class {name}(lb.Enum, base=lb.{base.name}):"]
        self.lines += [f"    {member} = {number}" for member, number in members] + ["", ""]
        # Only what it means is needed here; the class itself is made when the source runs.
        self._add(EnumType(name, base, members, False, Enum), name)

    def _flags(self) -> None:
        base = self.world.pick([each for each in INTEGERS if not each.signed])
        bits = self.world.rng.sample(range(base.bits), self.world.rng.randrange(1, 4))
        members = tuple((f"F{i}", 1 << bit) for i, bit in enumerate(bits))
        name = f"Mode{len(self.world.written)}"
        self.lines += ["", "", f"class {name}(lb.Flags, base=lb.{base.name}):"]
        self.lines += [f"    {member} = {number:#x}" for member, number in members] + ["", ""]
        self._add(EnumType(name, base, members, True, Flags), name)

    def _struct(self) -> None:
        able = [each for each in self.world.types if not isinstance(each, Array) or isinstance(each.element, Integer)]
        chosen = [self.world.pick(able) for _ in range(self.world.rng.randrange(1, 5))]
        fields = [(f"f{i}", each) for i, each in enumerate(chosen)]
        self.struct(f"Pair{len(self.world.written)}", fields)

    def struct(self, name: str, fields: Iterable[tuple[str, Type]]) -> StructType:
        """Declare a struct."""
        made = layout(name, list(fields))
        self.lines += ["", "", f"class {name}(lb.Struct):"]
        self.lines += [f"    {each.name}: {self.world.written[each.type]}" for each in made.fields] + ["", ""]
        self._add(made, name)
        return made
