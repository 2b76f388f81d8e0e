"""Every error that landbridge raises.

::

    LandbridgeError                 .code  .hint  .where
    ├── DeclarationError            a class body, or its use, is wrong (at definition)
    ├── CompileError                .diagnostics: all that is wrong in the handlers of a class
    ├── UnsupportedError            .feature  .minimum_version  .kconfig: this kernel cannot
    ├── BuildError                  .log: the kernel's build refused the emitted C
    ├── LoadError                   the kernel refused the module, .errno
    ├── MismatchError               the kernel end was made from another declaration
    ├── ChannelError                something crossed, or should have
    │   ├── KernelError             .errno  .extack; also the OSError subclass of its errno
    │   ├── DecodeError             .path  .offset: bytes that are not what was declared
    │   ├── DumpInterrupted         the data changed under a dump, more often than was allowed
    │   ├── OverrunError            .lost: messages that the socket had no room for
    │   ├── ClosedError             used after close()
    │   ├── BrokenError             the connection can no longer be trusted
    │   ├── BusyError               someone else holds what is wanted
    │   ├── GoneError               the kernel end went away
    │   ├── EncodeError             .path: a value that the wire format cannot carry
    │   └── ChannelTimeout          no answer, no event in time; also a TimeoutError
    └── LabError                    throwaway kernels
        ├── HostSetupError          .fix: what this machine lacks, and the command that mends it
        ├── GuestPanic              .splat: what the kernel printed as it died
        └── GuestTimeout            the guest did not finish in time

``KernelError`` is made by :func:`kernel_error`, so that ``except PermissionError`` and
``except KernelError`` both catch an EPERM of the kernel.
"""

from __future__ import annotations

import errno as errno_module
import functools
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from landbridge.compiler.diagnostics import Diagnostic


@dataclass(frozen=True, slots=True)
class Where:
    """A place in a Python file.

    Attributes:
        file: Path of the file.
        line: Line, from 1.
        column: Column, from 1.
    """

    file: str
    line: int
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class LandbridgeError(Exception):
    """The root of all errors of landbridge.

    Args:
        message: What is wrong: the thing, its value, the limit.
        code: Stable code, such as ``LB101``; ``landbridge explain`` tells more.
        hint: What to do about it.
        where: The place in the user's Python that caused it.
    """

    default_code = "LB000"

    def __init__(
        self, message: str, *, code: str | None = None, hint: str | None = None, where: Where | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code
        self.hint = hint
        self.where = where

    def __str__(self) -> str:
        text = f"{self.where}: {self.message}" if self.where else self.message
        return f"{text} ({self.hint})" if self.hint else text

    def __reduce__(self) -> tuple[Any, ...]:
        # The default rebuilds from args alone and would lose the keywords.
        return _rebuild, (type(self), self.args, self.__dict__)


def _rebuild(cls: type[LandbridgeError], args: tuple[Any, ...], state: dict[str, Any]) -> LandbridgeError:
    error = cls.__new__(cls, *args)
    error.args = args
    error.__dict__.update(state)
    return error


class DeclarationError(LandbridgeError):
    """A declaration is wrong, or asks a channel for what it cannot carry."""

    default_code = "LB100"


class CompileError(LandbridgeError):
    """Handlers of an interface do not compile.

    Attributes:
        diagnostics: All that was found, in the order of the source.
    """

    default_code = "LB200"

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        count = len(self.diagnostics)
        text = "\n\n".join(str(each) for each in self.diagnostics)
        super().__init__(f"{count} error{'s' if count != 1 else ''} in kernel Python\n\n{text}")


class UnsupportedError(LandbridgeError):
    """The kernel at hand cannot do what was asked.

    Attributes:
        feature: What is missing.
        minimum_version: First kernel release that has it, where that is the reason.
        kconfig: Kernel configuration symbol that brings it, where that is the reason.
    """

    default_code = "LB300"

    def __init__(
        self,
        message: str,
        *,
        feature: str,
        minimum_version: str | None = None,
        kconfig: str | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.feature = feature
        self.minimum_version = minimum_version
        self.kconfig = kconfig


class BuildError(LandbridgeError):
    """The kernel's build system refused the emitted C.

    Attributes:
        log: What the compiler printed.
    """

    default_code = "LB310"

    def __init__(self, message: str, *, log: str = "", hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.log = log


class LoadError(LandbridgeError):
    """The kernel refused to load or unload a module.

    Attributes:
        errno: The kernel's error number.
    """

    default_code = "LB320"

    def __init__(self, message: str, *, errno: int, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.errno = errno


class MismatchError(LandbridgeError):
    """The kernel end that answers was made from another declaration."""

    default_code = "LB330"


class ChannelError(LandbridgeError):
    """Something went wrong as a value crossed."""

    default_code = "LB400"


class KernelError(ChannelError):
    """The kernel answered with an error number.

    Raise it through :func:`kernel_error`, which adds the OSError subclass that the number has.

    Attributes:
        errno: Error number, positive.
        strerror: The number in words.
        extack: The extended acknowledgement that came with it (netlink only), else None.
    """

    default_code = "LB401"
    errno: int
    strerror: str
    extack: Any


class DecodeError(ChannelError):
    """Bytes that are not what was declared.

    Attributes:
        path: Where in the message, such as ``newlink.linkinfo.kind``.
        offset: Offset of the first wrong byte in the message.
    """

    default_code = "LB402"

    def __init__(self, message: str, *, path: str = "", offset: int = 0) -> None:
        super().__init__(f"{path or 'message'} at byte {offset}: {message}")
        self.path = path
        self.offset = offset


class DumpInterrupted(ChannelError):
    """What was dumped changed meanwhile, in each of the tries that were allowed."""

    default_code = "LB403"


class OverrunError(ChannelError):
    """The kernel dropped messages because the socket's buffer was full.

    Attributes:
        lost: How many, or None where it cannot be known.
    """

    default_code = "LB404"

    def __init__(self, message: str, *, lost: int | None, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.lost = lost


class ClosedError(ChannelError):
    """Used after close()."""

    default_code = "LB405"


class BrokenError(ChannelError):
    """The connection is in a state that cannot be trusted any more."""

    default_code = "LB406"


class BusyError(ChannelError):
    """Someone else holds what is wanted."""

    default_code = "LB407"


class GoneError(ChannelError):
    """The kernel end went away, or was replaced by another."""

    default_code = "LB408"


class EncodeError(ChannelError, ValueError):
    """A value that does not fit where it should be sent.

    Attributes:
        path: Which part of the request, such as ``newlink.linkinfo.kind``.
    """

    default_code = "LB409"

    def __init__(self, message: str, *, path: str = "", hint: str | None = None) -> None:
        super().__init__(f"{path or 'message'}: {message}", hint=hint)
        self.path = path


class ChannelTimeout(ChannelError, TimeoutError):
    """Nothing came in the time that was allowed."""

    default_code = "LB410"


class LabError(LandbridgeError):
    """A throwaway kernel could not do its work."""

    default_code = "LB500"


class HostSetupError(LabError):
    """This machine lacks something.

    Attributes:
        fix: The command, or the step, that mends it.
    """

    default_code = "LB501"

    def __init__(self, message: str, *, fix: str) -> None:
        super().__init__(message, hint=f"fix: {fix}")
        self.fix = fix


class GuestPanic(LabError):
    """The guest's kernel died.

    Attributes:
        splat: What it printed as it died.
    """

    default_code = "LB502"

    def __init__(self, message: str, *, splat: str) -> None:
        super().__init__(message)
        self.splat = splat

    def __str__(self) -> str:
        return f"{self.message}\n{self.splat}" if self.splat else self.message


class GuestTimeout(LabError):
    """The guest did not finish in time; it was ended."""

    default_code = "LB503"


# Where libc has two names for a number, the one that kernel code uses.
_KERNEL_NAMES = {errno_module.EOPNOTSUPP: "EOPNOTSUPP", errno_module.EAGAIN: "EAGAIN", errno_module.EDEADLK: "EDEADLK"}


@functools.cache
def _kernel_error_class(base: Any) -> type[KernelError]:
    if base is OSError:
        bases: tuple[type, ...] = (KernelError, OSError)
    else:
        bases = (KernelError, base)
    return type("KernelError", bases, {"__module__": __name__, "__doc__": KernelError.__doc__})


def kernel_error(errno: int, what: str, *, extack: Any = None, hint: str | None = None) -> KernelError:
    """Make the KernelError of an error number.

    Args:
        errno: Error number as the kernel gave it, positive.
        what: What was asked of the kernel, such as ``imp1.tell``.
        extack: Extended acknowledgement; its text is added to the message.
        hint: What to do about it.

    Returns:
        An instance of both KernelError and the OSError subclass of ``errno``.
    """
    base: Any = type(OSError(errno, ""))
    cls = _kernel_error_class(base)
    name = _KERNEL_NAMES.get(errno) or errno_module.errorcode.get(errno, str(errno))
    detail = f": {extack}" if extack else ""
    error = cls.__new__(cls, errno, os.strerror(errno))
    LandbridgeError.__init__(error, f"{what}: {os.strerror(errno)} [{name}]{detail}", hint=hint)
    error.errno = errno
    error.strerror = os.strerror(errno)
    error.extack = extack
    return error
