"""What went wrong with a call over netlink, in the words of the interface."""

from __future__ import annotations

import errno as errno_module
from typing import NoReturn

from landbridge.channels.base import name_of
from landbridge.errors import KernelError, kernel_error
from landbridge.spec import InterfaceSpec, ParamSpec

HINTS = {errno_module.EPERM: "the caller lacks the capability that the member asks for; run as root"}


def with_hint(error: KernelError) -> KernelError:
    """The same error, with what can be done about it."""
    if error.hint is None:
        error.hint = HINTS.get(error.errno)
    return error


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
