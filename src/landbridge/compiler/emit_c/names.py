"""What things are called in the emitted C."""

from __future__ import annotations

from landbridge.spec import MapSpec, MemberSpec
from landbridge.types import EnumType, StructType, check_name, snake_case

# What the emitter itself calls things inside a function.
_OWN = frozenset(["dump", "err", "priv", "reply", "request", "result", "state", "turns", "verdict"])


class Names:
    """Names of one interface: everything that is not local to a function starts with its prefix.

    Args:
        prefix: The interface's C name.
    """

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix

    def symbol(self, name: str) -> str:
        """A function, a variable or a tag: ``imp1_tell``."""
        return f"{self.prefix}_{name}"

    def macro(self, name: str) -> str:
        """A macro or an enumerator: ``IMP1_DIGEST``."""
        return f"{self.prefix}_{name}".upper()

    def struct(self, struct: StructType) -> str:
        """``struct imp2_seen``."""
        return f"struct {self.symbol(snake_case(struct.name))}"

    def request(self, member: MemberSpec) -> str:
        return f"struct {self.symbol(member.name)}_request"

    def reply(self, member: MemberSpec) -> str:
        return f"struct {self.symbol(member.name)}_reply"

    def param(self, member: MemberSpec) -> str:
        return f"struct {self.symbol(member.name)}_param"

    def dump(self, member: MemberSpec) -> str:
        return f"struct {self.symbol(member.name)}_dump"

    def enum(self, enum: EnumType) -> str:
        return f"enum {self.symbol(snake_case(enum.name))}"

    def enumerator(self, enum: EnumType, member: str) -> str:
        return self.macro(f"{snake_case(enum.name)}_{member}")

    def entry(self, map_: MapSpec) -> str:
        """The struct of a Map's entries."""
        return f"struct {self.symbol(map_.name)}_entry"


class LocalNames:
    """Names of the locals of one C function: as in the Python, unless C or the emitter has another use for one."""

    def __init__(self) -> None:
        self._given: dict[str, str] = {}
        self._taken = set(_OWN)

    def of(self, name: str) -> str:
        """The name in C of a local of the Python; the same each time."""
        if name not in self._given:
            self._given[name] = self.fresh(name)
        return self._given[name]

    def fresh(self, name: str) -> str:
        """A name that nothing else has yet."""
        plain = snake_case(name).replace(".", "_")
        # checkpatch takes what starts with else for one.
        if plain.startswith("else"):
            plain = f"py_{plain}"
        while plain in self._taken or _is_taken(plain):
            plain += "_"
        self._taken.add(plain)
        return plain


def _is_taken(name: str) -> bool:
    problem = check_name(name)
    return problem is not None and ("word of C" in problem or "macro" in problem)
