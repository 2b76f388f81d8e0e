"""Receiving until requests are answered, or time is up."""

from __future__ import annotations

import time
from collections.abc import Sequence

from landbridge.errors import ChannelTimeout, OverrunError
from landbridge.netlink.caution import warn
from landbridge.netlink.conversation import Conversation
from landbridge.netlink.port import Port
from landbridge.netlink.request import Pending, Shape
from landbridge.netlink.statistics import Statistics
from landbridge.netlink.wire import Message


def complete(port: Port, conversation: Conversation, pendings: Sequence[Pending], timeout: float) -> None:
    """Receive until all of the requests are done.

    Ends early, with ``done`` unset, when a dump among them was interrupted.

    Args:
        port: Where they were sent.
        conversation: What expects them.
        pendings: The requests.
        timeout: Seconds until those without an answer fail with ChannelTimeout; a dump has as long
            for each of its parts.

    Raises:
        DecodeError: What came is malformed, or did not fit.
        BrokenError: An answer carries a sequence number that was never used.
        ClosedError: The port was closed.
    """
    deadline = time.monotonic() + timeout
    first, count = 0, len(pendings)
    while True:
        # Answers come in the order of the requests: all before `first` have theirs.
        while first < count and pendings[first].done:
            first += 1
        if first == count:
            return
        pending = pendings[first]
        if pending.interrupted:
            return
        try:
            size = port.receive()
        except OverrunError:
            conversation.overran = True
            continue
        if size:
            conversation.receive(port.buffer, size)
            if pending.done:
                continue
            if pending.shape is Shape.DUMP:
                deadline = time.monotonic() + timeout
                continue
            # A flood of answers that nobody waits for must not keep us for ever.
            if time.monotonic() < deadline:
                continue
        elif conversation.overran:
            # The queue is empty: what is not here now was dropped.
            conversation.settle_overrun()
            return
        elif port.wait(deadline):
            continue
        _time_out(pendings[first:], timeout, port.statistics)
        return


def _time_out(waiting: Sequence[Pending], timeout: float, statistics: Statistics) -> None:
    statistics.timeouts += 1
    for each in waiting:
        if each.shape is Shape.REPLY:
            hint = "request() waits for a message; what is only acknowledged needs execute()"
        else:
            hint = "it is unknown whether the kernel did it"
        each.fail(ChannelTimeout(f"{each.name}: no answer in {timeout:g} s", hint=hint))


def settle(pending: Pending, statistics: Statistics) -> list[Message]:
    """Turn a request that is done into its answer.

    Returns:
        The messages of the answer.

    Raises:
        ChannelError: The error that the answer is.
    """
    if pending.error is not None:
        raise pending.error
    if pending.warning is not None:
        statistics.warnings += 1
        warn(f"{pending.name}: the kernel warns: {pending.warning}")
    return pending.replies
