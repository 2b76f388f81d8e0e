"""What a netlink socket has seen: counts, for people and for tests."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Statistics:
    """Counts since the socket was made, all of them rising.

    Attributes:
        requests: Requests sent.
        stale: Answers to requests that were given up before, discarded.
        forged: Messages whose sender was not the kernel, discarded.
        truncated: Messages that did not fit the receive buffer; it was grown.
        timeouts: Requests that had no answer in time.
        overruns: Times that the kernel reported a full receive buffer.
        interrupted: Dumps under which the data changed, so that they were thrown away.
        reopened: Times that the socket was opened anew (after a fork, or when broken).
        warnings: Requests that were done, but with a warning from the kernel.
    """

    requests: int = 0
    stale: int = 0
    forged: int = 0
    truncated: int = 0
    timeouts: int = 0
    overruns: int = 0
    interrupted: int = 0
    reopened: int = 0
    warnings: int = 0
