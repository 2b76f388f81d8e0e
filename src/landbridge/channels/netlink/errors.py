"""What went wrong with a call over netlink, in the words of the interface."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn

from landbridge.channels.base import HINTS
from landbridge.errors import KernelError
from landbridge.types import StructType


def with_hint(error: KernelError) -> KernelError:
    """The same error, with what can be done about it."""
    if error.hint is None:
        error.hint = HINTS.get(error.errno)
    return error


def explain(struct: StructType | None, error: Exception, values: Sequence[Any]) -> NoReturn:
    """Raise what is wrong with the values of a call that could not be packed.

    Raises:
        TypeError, ValueError: Names the field, and the limit.
    """
    if struct is not None:
        struct.pack_values(values)
    raise error
