"""Where the numbers of a stream of events begin, so that a loss before the first event counts."""

from __future__ import annotations

from landbridge.netlink.ledger import LossLedger


class Numbering:
    """Tells a ledger which number the first event will have.

    The kernel end is asked how many events it numbered, after the listener is known there. An event from
    before the answer may still come first.
    """

    def __init__(self) -> None:
        self._first: int | None = None
        self._ledger: LossLedger | None = None

    def begin(self, ledger: LossLedger, numbered: int) -> None:
        """Say how many events the kernel end has numbered."""
        self._ledger, self._first = ledger, numbered + 1

    def note(self, sequence: int) -> tuple[int, int]:
        """Account for the number of an event that came.

        Returns:
            Source and number, as Subscription wants them.
        """
        if self._ledger is not None and self._first is not None:
            self._ledger.begin(0, min(sequence, self._first))
            self._ledger = None
        return 0, sequence
