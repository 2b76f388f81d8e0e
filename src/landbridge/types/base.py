"""What every type of a crossing value has in common."""

from __future__ import annotations

import abc
from typing import Any


class Type(abc.ABC):
    """A type with a fixed size, the same in both ends.

    A value has two forms in Python: the *value* that users see (int, bool, str, IPv4Address, list, a
    Struct) and the *raw* form that :mod:`struct` packs (int, bool, bytes).

    Attributes:
        name: As it is written in Python, such as ``u32`` or ``Chars(64)``.
        size: Bytes.
        align: Bytes; what the kernel's C compiler gives it, on every machine landbridge supports.
        code: Format code of the raw form for :mod:`struct`, without a byte order.
    """

    name: str
    size: int
    align: int
    code: str

    @abc.abstractmethod
    def to_raw(self, value: Any) -> Any:
        """Check a value and give its raw form.

        Raises:
            TypeError: The value is of another kind.
            ValueError: The value is out of range; the message names the limit.
        """

    @abc.abstractmethod
    def from_raw(self, raw: Any) -> Any:
        """Give the value of a raw form."""

    @property
    def is_plain(self) -> bool:
        """Whether the raw form is the value, so that unpacking needs no conversion."""
        return False

    @property
    def packs_plainly(self) -> bool:
        """Whether :mod:`struct` itself refuses every value that does not fit, so that packing needs no check."""
        return self.is_plain

    @property
    def zero(self) -> Any:
        """The value whose bytes are all zero."""
        return self.from_raw(b"\0" * self.size)

    def __str__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        return f"lb.{self.name}"
