"""Accounts for lost events from two witnesses: sequence numbers and the kernel's drop counter. No I/O.

A gap in the sequence numbers says exactly where and how many; the drop counter of the socket says
how many, also after the last event that came. Both must agree, and where they do not it shows.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping

from landbridge.events import Lost
from landbridge.netlink.caution import warn

_U32 = 0xFFFFFFFF


class LossLedger:
    """The losses of one stream of events.

    Attributes:
        gaps: Events lost as the sequence numbers tell.
        drops: Messages dropped as the kernel's counter tells, since the ledger was opened.
        cut: Events lost because they did not fit the receive buffer.
        reported: Sum of the counts of all Lost that were given out.
        before_socket: Of ``gaps``, those that the socket did not drop: the kernel end could not
            send them, for want of memory.
        unmatched: Of ``drops``, those that no gap explains: events of a source that was not known
            yet, or messages without numbers; with declared sources each is a disagreement too.
        disagreements: Times that the drop counter told of more losses than the numbers of the
            declared sources, or that a number went back.
    """

    __slots__ = (
        "_ahead",
        "_newcomers",
        "_next",
        "_overrun",
        "_seen",
        "_sources",
        "_unseen",
        "before_socket",
        "cut",
        "disagreements",
        "drops",
        "gaps",
        "reported",
        "unmatched",
    )

    def __init__(self, drops: int = 0, sources: Mapping[Hashable, int | None] | None = None) -> None:
        """Open the ledger.

        Args:
            drops: The kernel's counter now.
            sources: All who number the events, each with the number of its first event, or with
                None where that is not known. Without them sources are learnt as they come, and the
                counters cannot be held against each other.
        """
        self.gaps = self.drops = self.cut = self.reported = 0
        self.before_socket = self.unmatched = self.disagreements = 0
        self._seen = drops
        self._sources = sources
        self._next = {source: first for source, first in (sources or {}).items() if first is not None}
        # Losses reported from the drop counter whose gap has not been seen yet, and the sources
        # whose next event may show it. A source without a number before may have had some of them.
        self._ahead = 0
        self._unseen: set[Hashable] = set()
        self._newcomers = False
        self._overrun = False

    @property
    def sequenced(self) -> bool:
        """Whether events with sequence numbers have come."""
        return bool(self._next)

    def begin(self, source: Hashable, sequence: int) -> None:
        """Say which number the first event of the only source has, where it was learnt after subscribing."""
        self._sources = {source: sequence}
        self._next[source] = sequence

    def event(self, source: Hashable, sequence: int) -> Lost | None:
        """Account for an event that came.

        Args:
            source: Who numbers it.
            sequence: Its number; the next event of the source has one more.

        Returns:
            What was lost between the last event and this one, if it was not reported before.
        """
        expected = self._next.get(source)
        self._next[source] = sequence + 1
        if expected == sequence and not self._ahead:
            return None
        if expected is None:
            self._newcomers = True
            gap = 0
        else:
            gap = sequence - expected
            if gap < 0:
                # The source began anew (its module was loaded again); nobody knows what it sent last.
                self._disagree(f"event {sequence} came, {expected} was expected")
                return Lost(None)
        known = min(gap, self._ahead)
        self._ahead -= known
        self.gaps += gap
        self._unseen.discard(source)
        if self._ahead and not self._unseen:
            self.unmatched += self._ahead
            if self._sources is not None and not self._newcomers:
                self._disagree(f"{self.drops} were dropped by the socket, {self.gaps} are missing by their numbers")
            self._ahead = 0
        return self._report(gap - known)

    def _expect_gap(self, count: int) -> None:
        if self._next or self._sources:
            # What a newcomer left unexplained stays in doubt until the account is cleared.
            self._newcomers = self._newcomers and self._ahead > 0
            self._ahead += count
            self._unseen = {*self._next, *(self._sources or ())}

    def truncated(self) -> Lost:
        """Account for an event that was too large to be received."""
        self.cut += 1
        self._expect_gap(1)
        self.reported += 1
        return Lost(1)

    def overrun(self) -> None:
        """Account for the kernel's saying that it dropped events, or could not make them (ENOBUFS)."""
        self._overrun = True

    def idle(self, drops: int) -> Lost | None:
        """Account for the drop counter at a moment when the receive queue is empty.

        Args:
            drops: The kernel's counter.

        Returns:
            What was lost after the last event that came, if it was not reported before.
        """
        self.drops += (drops - self._seen) & _U32
        overrun, self._overrun = self._overrun, False
        changed = drops != self._seen
        self._seen = drops
        missing = self.drops + self.cut + self.before_socket - self.reported
        if missing > 0:
            self._expect_gap(missing)
            return self._report(missing)
        # All drops are counted now, so what the numbers miss beyond them never reached the socket.
        self.before_socket -= missing
        # Said to be lost, and no counter moved: the kernel could not make the event at all.
        return Lost(None) if overrun and not changed else None

    def _report(self, count: int) -> Lost | None:
        self.reported += count
        return Lost(count) if count else None

    def _disagree(self, what: str) -> None:
        self.disagreements += 1
        warn(f"event accounting disagrees: {what}")
