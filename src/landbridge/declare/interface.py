"""Interface: the class that declares what crosses."""

from __future__ import annotations

import sys
from types import FunctionType, TracebackType
from typing import Any, ClassVar, Protocol, Self, cast

from landbridge.declare.members import Declared, Handler
from landbridge.declare.specify import specify
from landbridge.errors import LandbridgeError
from landbridge.spec import InterfaceSpec


class End(Protocol):
    """What an object of an interface stands on: a kernel end, reached through channels or simulated."""

    def command(self, name: str) -> Any:
        """The callable of a command."""

    def handler(self, name: str) -> Any:
        """A hook, as far as it can be reached."""

    def get(self, name: str) -> Any:
        """Read a Param."""

    def set(self, name: str, value: Any) -> None:
        """Write a Param."""

    def event(self, name: str) -> Any:
        """The stream of an Event."""

    def table(self, name: str) -> Any:
        """The rows of a table."""

    def close(self) -> None:
        """Let go of everything."""


class _NotOpen:
    """Stands in where an interface was instantiated by hand."""

    def __getattr__(self, name: str) -> Any:
        raise LandbridgeError(
            "this object is not connected to a kernel end",
            hint="get one with lb.load(TheClass, over=...) or lb.attach(TheClass, over=...)",
        )


class Interface:
    """What crosses between kernel and user space: subclass it and declare members.

    The class is only a declaration; :func:`landbridge.load` gives objects that work. An object is a
    context manager: leaving it closes its channels, and unloads the kernel end if it was loaded for it.

    Raises:
        DeclarationError: The class body is wrong, at the line that is.
    """

    __lb_spec__: ClassVar[InterfaceSpec]
    __lb_functions__: ClassVar[dict[str, FunctionType]]
    __lb_namespace__: ClassVar[dict[str, Any]]  # names around the class, for annotations of a class in a function
    __lb_end__: End = _NotOpen()  # any use of it raises

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        declared: dict[str, Any] = {}
        for base in reversed(cls.__mro__):
            if issubclass(base, Interface) and base is not Interface:
                for name, value in vars(base).items():
                    if isinstance(value, (Declared, FunctionType)) and not name.startswith("__"):
                        declared[name] = value
        cls.__lb_functions__ = {
            name: cast(FunctionType, value.function if isinstance(value, Handler) else value)
            for name, value in declared.items()
            if isinstance(value, (Handler, FunctionType))
        }
        frame = sys._getframe(1)
        cls.__lb_namespace__ = {} if frame.f_locals is frame.f_globals else dict(frame.f_locals)
        cls.__lb_spec__ = specify(cls, declared, frame.f_locals, frame.f_code.co_filename)

    def close(self) -> None:
        """Close the channels, and unload the kernel end if it was loaded for this object."""
        if not isinstance(self.__lb_end__, _NotOpen):
            self.__lb_end__.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
