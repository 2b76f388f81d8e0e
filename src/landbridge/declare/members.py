"""The members that a class declares, as descriptors.

In the class body they say what crosses. On an object that :func:`landbridge.load` returns they are
how it crosses: a Param reads and writes, an Event iterates, a table dumps.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Generic, NoReturn, Protocol, Self, TypeVar, overload

from landbridge.errors import Where
from landbridge.events import Lost
from landbridge.spec import Capability
from landbridge.types import Array, Chars, Struct

if TYPE_CHECKING:
    from landbridge.declare.interface import Interface

T = TypeVar("T")
K = TypeVar("K")
V = TypeVar("V")
R = TypeVar("R", bound=Struct)

CAP_NET_ADMIN = Capability.CAP_NET_ADMIN


class Declared:
    """What every member knows of its declaration: its name and its place."""

    name: str = ""

    def __init__(self) -> None:
        frame = sys._getframe(1)
        # The first frame outside this package is the user's class body.
        while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith("landbridge.declare"):
            frame = frame.f_back
        self.where = Where(frame.f_code.co_filename, frame.f_lineno)

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name


class Param(Declared, Generic[T]):
    """A named variable that users read and write.

    Args:
        type: Integer, bool, Chars, Array, Enum, Flags or address type.
        default: Value when the kernel end is loaded; zero unless told.
        minimum, maximum: Bounds of an integer, inclusive.
        doc: What it is for.
        mode: Who may read and write, as permission bits. 0o644: all read, the privileged write.
        capability: What makes privileged; None: nobody needs to be.
        number: Number on channels that number members; given in order unless told.
    """

    @overload
    def __init__(
        self: Param[str],
        type: Chars,
        *,
        default: str | None = ...,
        doc: str = ...,
        mode: int = ...,
        capability: Capability | None = ...,
        number: int | None = ...,
    ) -> None: ...
    @overload
    def __init__(
        self: Param[list[Any]],
        type: Array,
        *,
        default: list[Any] | None = ...,
        doc: str = ...,
        mode: int = ...,
        capability: Capability | None = ...,
        number: int | None = ...,
    ) -> None: ...
    @overload
    def __init__(
        self: Param[T],
        type: type[T],
        *,
        default: Any = ...,
        minimum: int | None = ...,
        maximum: int | None = ...,
        doc: str = ...,
        mode: int = ...,
        capability: Capability | None = ...,
        number: int | None = ...,
    ) -> None: ...
    def __init__(
        self,
        type: Any,
        *,
        default: Any = None,
        minimum: int | None = None,
        maximum: int | None = None,
        doc: str = "",
        mode: int = 0o644,
        capability: Capability | None = CAP_NET_ADMIN,
        number: int | None = None,
    ) -> None:
        super().__init__()
        self.type, self.default, self.minimum, self.maximum = type, default, minimum, maximum
        self.doc, self.mode, self.capability, self.number = doc, mode, capability, number

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...
    @overload
    def __get__(self, instance: Interface, owner: type) -> T: ...
    def __get__(self, instance: Interface | None, owner: type) -> Any:
        return self if instance is None else instance.__lb_end__.get(self.name)

    def __set__(self, instance: Interface, value: T) -> None:
        instance.__lb_end__.set(self.name, value)


class EventStream(Protocol[T]):
    """Events as a user end sees them; in a handler, calling it sends one."""

    def __call__(self, record: T) -> None:
        """In a handler: send a record."""

    def __iter__(self) -> Iterator[T | Lost]:
        """Wait for each event; a loss is an item, :class:`landbridge.Lost`."""

    def __aiter__(self) -> AsyncIterator[T | Lost]:
        """The same, in a task."""

    def next(self, timeout: float | None = None) -> T | Lost:
        """Wait for one event.

        Args:
            timeout: Seconds; None waits for ever.

        Raises:
            TimeoutError: None came in time.
        """

    def fileno(self) -> int:
        """A descriptor that is readable when an event waits."""

    def open(self) -> None:
        """Start to listen now; iterating does it on first use."""

    def close(self) -> None:
        """Stop listening."""


class Event(Declared, Generic[R]):
    """A record that the kernel end sends when it likes.

    Args:
        record: A Struct class.
        doc: What it tells.
        capability: What listening needs; None: nothing.
        number: As for Param.
    """

    def __init__(
        self,
        record: type[R],
        *,
        doc: str = "",
        capability: Capability | None = CAP_NET_ADMIN,
        number: int | None = None,
    ) -> None:
        super().__init__()
        self.record, self.doc, self.capability, self.number = record, doc, capability, number

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...
    @overload
    def __get__(self, instance: Interface, owner: type) -> EventStream[R]: ...
    def __get__(self, instance: Interface | None, owner: type) -> Any:
        return self if instance is None else instance.__lb_end__.event(self.name)


class Handler(Declared):
    """A function of the class that runs in the kernel end.

    Attributes:
        function: The Python that is compiled.
        options: What the decorator was given.
    """

    def __init__(self, function: Callable[..., Any], **options: Any) -> None:
        super().__init__()
        code = function.__code__
        self.where = Where(code.co_filename, code.co_firstlineno)
        self.function = function
        self.options = options
        self.__doc__ = function.__doc__
        self.__wrapped__ = function

    def __get__(self, instance: Interface | None, owner: type) -> Any:
        return self if instance is None else instance.__lb_end__.handler(self.name)


class CommandHandler(Handler):
    """Made by :func:`command`."""

    def __get__(self, instance: Interface | None, owner: type) -> Any:
        return self if instance is None else instance.__lb_end__.command(self.name)


class NetfilterHandler(Handler):
    """Made by :func:`on_netfilter`."""


class TimerHandler(Handler):
    """Made by :func:`on_timer`."""


class Table(Handler, Generic[R]):
    """Made by :func:`table`; iterating it on a loaded interface reads all rows in one pass."""

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...
    @overload
    def __get__(self, instance: Interface, owner: type) -> Iterable[R]: ...
    def __get__(self, instance: Interface | None, owner: type) -> Any:
        return self if instance is None else instance.__lb_end__.table(self.name)


class _KernelMemory(Declared):
    """Memory of the kernel end, which users do not see."""

    def _refuse(self, instance: Interface) -> NoReturn:
        raise AttributeError(
            f"{type(instance).__name__}.{self.name} is the kernel end's own memory; a table or a command can show it"
        )


class State(_KernelMemory, Generic[T]):
    """A variable of the kernel end.

    Args:
        type: Any fixed-size type.
        default: Value when the kernel end is loaded; zero unless told.
    """

    @overload
    def __init__(self: State[str], type: Chars, default: str | None = None) -> None: ...
    @overload
    def __init__(self: State[list[Any]], type: Array, default: list[Any] | None = None) -> None: ...
    @overload
    def __init__(self: State[T], type: type[T], default: Any = None) -> None: ...
    def __init__(self, type: Any, default: Any = None) -> None:
        super().__init__()
        self.type, self.default = type, default

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...
    @overload
    def __get__(self, instance: Interface, owner: type) -> T: ...
    def __get__(self, instance: Interface | None, owner: type) -> Any:
        return self if instance is None else self._refuse(instance)

    def __set__(self, instance: Interface, value: T) -> None:
        self._refuse(instance)


class Counter(_KernelMemory):
    """A count kept per CPU, summed when read: u64. In handlers: ``self.packets += 1``."""

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...
    @overload
    def __get__(self, instance: Interface, owner: type) -> int: ...
    def __get__(self, instance: Interface | None, owner: type) -> Any:
        return self if instance is None else self._refuse(instance)

    def __set__(self, instance: Interface, value: int) -> None:
        self._refuse(instance)


class KernelMap(Protocol[K, V]):
    """A Map as handlers see it: a dict with a bound, in order of insertion."""

    def __getitem__(self, key: K) -> V: ...
    def __setitem__(self, key: K, value: V) -> None: ...
    def __delitem__(self, key: K) -> None: ...
    def __contains__(self, key: object) -> bool: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[K]: ...
    def get(self, key: K, default: V) -> V:
        """The value of a key, or the default."""

    def items(self) -> Iterable[tuple[K, V]]:
        """Each key with its value."""

    def values(self) -> Iterable[V]:
        """Each value."""

    def clear(self) -> None:
        """Remove all entries."""


class Map(_KernelMemory, Generic[K, V]):
    """A bounded hash map of the kernel end.

    Args:
        key: An integer, address or Enum type, or a Struct of those.
        value: Any fixed-size type.
        entries: The most it holds, 1 to 1,048,576. All memory is taken when the kernel end is loaded.
    """

    def __init__(self, key: type[K], value: type[V], entries: int) -> None:
        super().__init__()
        self.key: Any = key
        self.value: Any = value
        self.entries = entries

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...
    @overload
    def __get__(self, instance: Interface, owner: type) -> KernelMap[K, V]: ...
    def __get__(self, instance: Interface | None, owner: type) -> Any:
        return self if instance is None else self._refuse(instance)
