"""``raise``: from an exception class to an errno."""

from __future__ import annotations

import ast
import errno
from typing import Any

from landbridge.compiler import ir
from landbridge.compiler.codes import Code
from landbridge.compiler.frontend.lowering import Lowering
from landbridge.compiler.frontend.names import MISSING
from landbridge.compiler.frontend.values import Literal
from landbridge.intrinsics import Errno

ERRNO_OF: dict[type[BaseException], int] = {
    OSError: errno.EIO,
    PermissionError: errno.EPERM,
    FileNotFoundError: errno.ENOENT,
    FileExistsError: errno.EEXIST,
    ProcessLookupError: errno.ESRCH,
    ChildProcessError: errno.ECHILD,
    InterruptedError: errno.EINTR,
    BlockingIOError: errno.EAGAIN,
    TimeoutError: errno.ETIMEDOUT,
    NotADirectoryError: errno.ENOTDIR,
    IsADirectoryError: errno.EISDIR,
    BrokenPipeError: errno.EPIPE,
    ConnectionAbortedError: errno.ECONNABORTED,
    ConnectionRefusedError: errno.ECONNREFUSED,
    ConnectionResetError: errno.ECONNRESET,
    ValueError: errno.EINVAL,
    TypeError: errno.EINVAL,
    AssertionError: errno.EINVAL,
    IndexError: errno.ERANGE,
    KeyError: errno.ENOENT,
    ZeroDivisionError: errno.EDOM,
    OverflowError: errno.EOVERFLOW,
    MemoryError: errno.ENOMEM,
    NotImplementedError: errno.EOPNOTSUPP,
}
"""What each exception is in the kernel."""

_HINT = "raise PermissionError, ValueError and so on, or raise lb.Errno(errno.ENODATA) for any number"


def raise_(low: Lowering, node: ast.Raise) -> None:
    """``raise ValueError`` or ``raise lb.Errno(number)``."""
    from landbridge.compiler.frontend.expressions import outside  # noqa: PLC0415  # expressions is above this module

    if node.cause is not None:
        raise low.fail(
            Code.UNSUPPORTED_CONSTRUCT, "raise ... from ... is not in kernel Python", node.cause, "leave it out"
        )
    if node.exc is None:
        raise low.fail(Code.UNSUPPORTED_CONSTRUCT, "raise without an exception is not in kernel Python", node, _HINT)
    called = isinstance(node.exc, ast.Call)
    written = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
    thing: Any = outside(low, written)
    arguments = [*node.exc.args, *node.exc.keywords] if isinstance(node.exc, ast.Call) else []
    if thing is Errno:
        number = _number(low, node, node.exc.args if isinstance(node.exc, ast.Call) else [])
    else:
        if thing is MISSING or not isinstance(thing, type) or thing not in ERRNO_OF:
            raise low.fail(Code.UNKNOWN_EXCEPTION, f"{ast.unparse(written)} has no errno in the kernel", written, _HINT)
        if called and arguments:
            raise low.fail(
                Code.MESSAGE_DROPPED,
                "the message would be lost on the way: only the errno arrives",
                arguments[0],
                f"log it (lb.pr_warn(...)), and raise {thing.__name__}",
            )
        number = ERRNO_OF[thing]
    low.emit(ir.Fail(errno=number, span=low.span(node)))


def _number(low: Lowering, node: ast.Raise, arguments: list[ast.expr]) -> int:
    if len(arguments) != 1:
        raise low.fail(Code.WRONG_ERRNO, "lb.Errno takes one number", node, "raise lb.Errno(errno.ENODATA)")
    value = low.value(arguments[0])
    if not isinstance(value, Literal) or not 1 <= value.value <= 4095:
        raise low.fail(
            Code.WRONG_ERRNO,
            "an errno is a constant from 1 to 4095",
            arguments[0],
            "raise lb.Errno(errno.ENODATA); write an if for each number",
        )
    return value.value
