"""What a channel is: both its ends, behind one small face."""

from __future__ import annotations

import abc
import errno as errno_module
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, NoReturn

from landbridge.errors import kernel_error
from landbridge.spec import CommandSpec, EventSpec, InterfaceSpec, MemberSpec, ParamSpec, TableSpec


@dataclass(frozen=True, kw_only=True)
class KernelPart:
    """A channel's share of a module's C tree.

    Attributes:
        name: Name of the part: the file is ``<interface>_<name>.c``, its functions
            ``<interface>_<name>_init`` (``int __init``) and ``<interface>_<name>_exit`` (``void``).
        source: Text of that file.
        uapi: Lines for the module's uapi header: numbers and names that user space needs.
        internal: Lines for the header that the module's own files share, beyond init and exit.
        handbook: Lines of Markdown for the README of an ejected tree: how a C programmer or a shell
            user reaches each member.
        extra: Further files of an ejected tree, by relative path.
    """

    name: str
    source: str
    uapi: str
    internal: str = ""
    handbook: str = ""
    extra: Mapping[str, str] = field(default_factory=dict)


class ChannelEnd(abc.ABC):
    """The user end of one channel of one interface, open.

    Each method is called once for a member; what it gives is called often and must be fast.
    """

    @abc.abstractmethod
    def digest(self) -> int:
        """Read the kernel end's digest.

        Raises:
            GoneError: No kernel end answers here.
        """

    def command(self, member: CommandSpec) -> Callable[..., Any]:
        """A function that takes the command's arguments and gives its reply."""
        raise NotImplementedError(member.name)

    def getter(self, member: ParamSpec) -> Callable[[], Any]:
        """A function that reads a Param."""
        raise NotImplementedError(member.name)

    def setter(self, member: ParamSpec) -> Callable[[Any], None]:
        """A function that writes a Param."""
        raise NotImplementedError(member.name)

    def event(self, member: EventSpec) -> Any:
        """The stream of an Event; see :class:`landbridge.declare.EventStream`."""
        raise NotImplementedError(member.name)

    def table(self, member: TableSpec) -> Iterable[Any]:
        """An object whose iteration reads the table in one pass."""
        raise NotImplementedError(member.name)

    @abc.abstractmethod
    def close(self) -> None:
        """Close what is open. Calls after this raise ClosedError."""


class Channel(abc.ABC):
    """A way across, with its configuration. Immutable; calling one gives another configuration.

    Attributes:
        name: As in ``lb.<name>``.
        carries: Kinds of members that it can carry.
    """

    name: ClassVar[str]
    carries: ClassVar[tuple[type[MemberSpec], ...]]

    @abc.abstractmethod
    def check(self, spec: InterfaceSpec, members: Sequence[MemberSpec]) -> None:
        """Refuse what this configuration cannot do with these members.

        Raises:
            DeclarationError: Names the member, the limit, and what would do.
        """

    @abc.abstractmethod
    def kernel_part(self, spec: InterfaceSpec, members: Sequence[MemberSpec], features: frozenset[str]) -> KernelPart:
        """Emit the kernel end.

        Args:
            spec: The interface.
            members: Those that this channel carries.
            features: Names of the API forms that the target kernel has.
        """

    @abc.abstractmethod
    def open(self, spec: InterfaceSpec, members: Sequence[MemberSpec]) -> ChannelEnd:
        """Open the user end.

        Raises:
            GoneError: No kernel end of that name is there.
        """

    def explain_load_error(self, spec: InterfaceSpec, members: Sequence[MemberSpec], errno: int) -> str | None:
        """Say why loading may have failed with this errno on this channel's account, or None."""
        return None

    def describe(self, spec: InterfaceSpec, member: MemberSpec) -> str:
        """One line that says where a member is, in the words of a C programmer or shell user."""
        return self.name

    def __repr__(self) -> str:
        return f"lb.{self.name}"


def name_of(spec: InterfaceSpec, member: MemberSpec) -> str:
    """How errors call a member: ``imp1.tell``."""
    return f"{spec.c_name}.{member.name}"


HINTS = {errno_module.EPERM: "the caller lacks the capability that the member asks for; run as root"}
"""What can be done about an error number that a call came back with."""


def refuse_mode(spec: InterfaceSpec, member: ParamSpec, verb: str) -> NoReturn:
    """Say that a Param's mode lets nobody read, or write.

    Raises:
        KernelError: EACCES.
    """
    raise kernel_error(
        errno_module.EACCES,
        name_of(spec, member),
        hint=f"its mode {member.mode:#o} lets nobody {verb} it",
    )
