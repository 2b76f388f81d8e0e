"""The members of an interface, as pure data."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import Any

from landbridge.errors import Where
from landbridge.types import StructType, Type


class Capability(enum.IntEnum):
    """Capabilities that a member may ask of its caller (uapi/linux/capability.h)."""

    CAP_NET_BIND_SERVICE = 10
    CAP_NET_ADMIN = 12
    CAP_NET_RAW = 13
    CAP_SYS_MODULE = 16
    CAP_SYS_RAWIO = 17
    CAP_SYS_PTRACE = 19
    CAP_SYS_ADMIN = 21
    CAP_SYS_NICE = 23
    CAP_SYS_RESOURCE = 24
    CAP_PERFMON = 38
    CAP_BPF = 39


@dataclass(frozen=True, kw_only=True)
class MemberSpec:
    """What all members have.

    Attributes:
        name: As in the class.
        doc: What it is for; the first line becomes a comment in C.
        where: Where it is declared; not part of what it means.
    """

    name: str
    doc: str = field(default="", compare=False)
    where: Where | None = field(default=None, compare=False)


@dataclass(frozen=True, kw_only=True)
class CommandSpec(MemberSpec):
    """A request and its reply.

    Attributes:
        number: From 1; two commands may share one if only one of them has a reply.
        request: The arguments as a struct, None for none.
        reply: A struct with the single field ``value``, None for none.
        capability: What the caller needs; None: nothing.
    """

    number: int
    request: StructType | None
    reply: StructType | None
    capability: Capability | None


@dataclass(frozen=True, kw_only=True)
class ParamSpec(MemberSpec):
    """A named variable.

    Attributes:
        number: From 1, of its own.
        value: A struct with the single field ``value``.
        default: Value when the kernel end is loaded.
        minimum, maximum: Bounds, inclusive; integers only, None: those of the type.
        mode: Permission bits: who may read and write (0o644: all read, privileged write).
        capability: What writing needs, and reading where ``mode`` lets only the owner read.
    """

    number: int
    value: StructType
    default: Any
    minimum: int | None = None
    maximum: int | None = None
    mode: int = 0o644
    capability: Capability | None = Capability.CAP_NET_ADMIN

    @property
    def type(self) -> Type:
        """Type of the value."""
        return self.value.fields[0].type

    @property
    def is_readable(self) -> bool:
        """Whether users may read it at all."""
        return bool(self.mode & 0o444)

    @property
    def is_writable(self) -> bool:
        """Whether users may write it at all."""
        return bool(self.mode & 0o222)

    @property
    def read_capability(self) -> Capability | None:
        """What reading needs."""
        return None if self.mode & 0o004 else self.capability


@dataclass(frozen=True, kw_only=True)
class EventSpec(MemberSpec):
    """A record that the kernel end sends when it likes.

    Attributes:
        number: From 1, of its own.
        record: What is sent, beside a u64 sequence number from 1.
        capability: What listening needs; None: nothing.
    """

    number: int
    record: StructType
    capability: Capability | None


@dataclass(frozen=True, kw_only=True)
class TableSpec(MemberSpec):
    """Records read in one pass.

    Attributes:
        number: From 1, of its own.
        row: One record.
        capability: What reading needs; None: nothing.
    """

    number: int
    row: StructType
    capability: Capability | None


@dataclass(frozen=True, kw_only=True)
class NetfilterSpec(MemberSpec):
    """A handler that netfilter calls for each packet.

    Attributes:
        hook: ``NF_INET_PRE_ROUTING`` (0) and so on.
        family: ``NFPROTO_IPV4`` (2), ``NFPROTO_IPV6`` (10) or ``NFPROTO_INET`` (1).
        priority: Order among the hooks, lowest first.
    """

    hook: int
    family: int
    priority: int


@dataclass(frozen=True, kw_only=True)
class TimerSpec(MemberSpec):
    """A handler that runs again and again.

    Attributes:
        interval_ms: Milliseconds between runs, 1 to 86,400,000.
    """

    interval_ms: int


@dataclass(frozen=True, kw_only=True)
class MethodSpec(MemberSpec):
    """A plain method; it is compiled if a handler calls it, else it is the user end's own."""


@dataclass(frozen=True, kw_only=True)
class StateSpec(MemberSpec):
    """A variable of the kernel end, not visible to users.

    Attributes:
        type: Type of the value.
        default: Value when the kernel end is loaded.
    """

    type: Type
    default: Any


@dataclass(frozen=True, kw_only=True)
class MapSpec(MemberSpec):
    """A bounded hash map of the kernel end, in order of insertion.

    Attributes:
        key: Type of the key: an integer, an address, an Enum, or a struct of those.
        value: Type of the value.
        entries: The most it holds, 1 to 1,048,576; all memory is taken at load.
    """

    key: Type
    value: Type
    entries: int


@dataclass(frozen=True, kw_only=True)
class CounterSpec(MemberSpec):
    """A per-CPU count of the kernel end: cheap to add to, summed when read. A u64."""
