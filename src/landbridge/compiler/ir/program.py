"""Functions and programs."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

from landbridge.compiler.ir.node import Node
from landbridge.compiler.ir.statements import Block
from landbridge.spec import CommandSpec, InterfaceSpec, MethodSpec, NetfilterSpec, TableSpec, TimerSpec
from landbridge.types import StructType, Type

LOOP_BUDGET = 1_000_000
"""Turns that all counted loops of one handler call may take together."""

Handler = CommandSpec | TableSpec | NetfilterSpec | TimerSpec | MethodSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Function(Node):
    """One handler or method.

    Attributes:
        name: Name in the class.
        member: What it is.
        parameters: Names and types, without self; never stored to. A netfilter hook has one of OpaqueType ``Skb``;
            methods may take an ``Skb``, ``Task`` or ``NetDevice`` too.
        result: Type of the result; None: none. A netfilter hook: the Verdict enum.
        locals: Every local variable but the parameters, with its type, in order of first use.
        body: What it does.
        atomic: Whether it may run where the kernel cannot sleep (it, or something that calls it, is a hook or timer).
        guarded: Whether it needs the interface's lock: it, or what it calls, uses a Map, or State or Param beyond
            a lone read or write of a word that no other handler combines.
        spends: Whether it, or what it calls, has a :class:`Spend`.
        sleeps: Whether it, or what it calls, may sleep.
    """

    name: str
    member: Handler
    parameters: tuple[tuple[str, Type], ...]
    result: Type | None
    locals: Mapping[str, Type] = field(hash=False)
    body: Block
    atomic: bool
    guarded: bool
    spends: bool
    sleeps: bool


class Lock(enum.Enum):
    """What guards the state of an interface."""

    NONE = "none"
    MUTEX = "mutex"
    SPINLOCK = "spinlock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """All handlers of an interface, compiled.

    Attributes:
        spec: The interface.
        functions: Handlers and the methods they call, each after those that it calls.
        lock: MUTEX where every guarded function may sleep, SPINLOCK where one is atomic, NONE where none is
            guarded. Params that are not plain words (Chars, Array) and are used by a handler count as guarded.
        structs: Structs that handlers build or hold and that do not cross, in order of dependence.
    """

    spec: InterfaceSpec
    functions: tuple[Function, ...]
    lock: Lock
    structs: tuple[StructType, ...] = ()

    def function(self, name: str) -> Function:
        """The function of that name.

        Raises:
            KeyError: There is none.
        """
        for each in self.functions:
            if each.name == name:
                return each
        raise KeyError(name)
