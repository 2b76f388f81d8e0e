"""What the functions of one C file need beside themselves, gathered while they are emitted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from landbridge.compiler.emit_c.code import Node
from landbridge.compiler.emit_c.names import Names
from landbridge.compiler.emit_c.usage import Usage
from landbridge.compiler.ir import Lock, Program
from landbridge.spec import ParamSpec
from landbridge.types import Address, Array, Chars, EnumType

# Kernel header of a constant, by the start of its name.
_SYMBOL_HEADERS = (
    ("NF_IP_PRI_", "linux/netfilter_ipv4.h"),
    ("NF_IP6_PRI_", "linux/netfilter_ipv6.h"),
    ("NF_", "linux/netfilter.h"),
    ("NFPROTO_", "linux/netfilter.h"),
    ("IPPROTO_", "linux/in.h"),
    ("ETH_", "linux/if_ether.h"),
    ("CAP_", "linux/capability.h"),
    ("IFF_", "linux/if.h"),
    ("ICMPV6_", "linux/icmpv6.h"),
    ("ICMP_", "linux/icmp.h"),
    ("AF_", "linux/socket.h"),
    ("PF_", "linux/socket.h"),
)


@dataclass
class Unit:
    """One C file in the making.

    Attributes:
        program: What is emitted.
        names: Its names in C.
        usage: What its functions use.
        includes: Kernel headers, such as ``linux/string.h``.
        helpers: Small functions that were asked for, by name; each after those it calls.
        defines: Macros, by name.
        addresses: Constant addresses that are no numbers, with the names of their variables.
        enums: Enums whose members were written, by name.
    """

    program: Program
    names: Names = field(init=False)
    usage: Usage = field(init=False)
    includes: set[str] = field(default_factory=set)
    helpers: dict[str, list[Node]] = field(default_factory=dict)
    defines: dict[str, str] = field(default_factory=dict)
    addresses: dict[tuple[Address, bytes], str] = field(default_factory=dict)
    enums: dict[str, EnumType] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.names = Names(self.program.spec.c_name)
        self.usage = Usage(self.program)

    def include(self, headers: Iterable[str]) -> None:
        """Ask for kernel headers."""
        self.includes.update(headers)

    def address(self, type_: Address, value: bytes) -> str:
        """Use a constant address; gives the name of its variable."""
        name = f"{type_.name}_{len(self.addresses)}"
        return self.addresses.setdefault((type_, value), self.names.symbol(name))

    def symbol(self, name: str) -> str:
        """Use a constant of the kernel; gives its name."""
        for start, header in _SYMBOL_HEADERS:
            if name.startswith(start):
                self.includes.add(header)
                break
        return name

    @property
    def lock(self) -> Lock:
        """The lock there is: the program's, or a mutex for Params that a read or write could tear."""
        if self.program.lock is Lock.NONE and any(is_wide(each) for each in self.program.spec.params):
            return Lock.MUTEX
        return self.program.lock

    def lock_calls(self) -> tuple[str, str]:
        """The statements that take and release the lock."""
        name = self.names.symbol("lock")
        if self.lock is Lock.MUTEX:
            self.include(["linux/mutex.h"])
            return f"mutex_lock(&{name});", f"mutex_unlock(&{name});"
        self.include(["linux/spinlock.h"])
        return f"spin_lock_bh(&{name});", f"spin_unlock_bh(&{name});"


def is_wide(param: ParamSpec) -> bool:
    """Whether a Param is more than the one word that the machine reads and writes at once."""
    return isinstance(param.type, (Array, Chars)) or param.type.size > 8
