"""What a stream of events can carry besides the events."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Lost:
    """Events that were dropped at this place in the stream.

    The stream goes on after it: a reader that keeps state reads that state anew.

    Attributes:
        count: How many were lost, or None where it is known that some were, but not how many.
    """

    count: int | None

    def __str__(self) -> str:
        return f"lost {'some events' if self.count is None else self.count}"
