"""What went wrong with a call over netlink, in the words of the interface."""

from __future__ import annotations

from landbridge.channels.base import HINTS
from landbridge.errors import KernelError


def with_hint(error: KernelError) -> KernelError:
    """The same error, with what can be done about it."""
    if error.hint is None:
        error.hint = HINTS.get(error.errno)
    return error
