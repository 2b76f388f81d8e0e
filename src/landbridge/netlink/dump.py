"""Dumps: tables that the kernel sends in many messages."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

from landbridge.errors import ChannelTimeout, DecodeError, DumpInterrupted, OverrunError
from landbridge.netlink.completion import complete, settle
from landbridge.netlink.conversation import Conversation
from landbridge.netlink.pool import PortPool
from landbridge.netlink.port import BUFFER_SIZE
from landbridge.netlink.request import Operation, Shape
from landbridge.netlink.wire import Message, messages


def dump_parts(
    pool: PortPool,
    kind: int,
    payload: bytes,
    flags: int,
    *,
    operation: Operation | None,
    timeout: float,
    retries: int,
) -> list[bytes]:
    """Receive a whole table; ask again if it changed meanwhile. See NetlinkSocket.dump_parts."""
    buffer_size = BUFFER_SIZE
    name = f"dump of type {kind}"
    for attempt in range(retries + 1):
        # A dump has a port to itself: the kernel runs one at a time on each (EBUSY otherwise).
        port = pool.borrow() if buffer_size == BUFFER_SIZE else pool.open(buffer_size=buffer_size)
        clean = False
        try:
            conversation = Conversation(pool.statistics)
            pending, data = conversation.start(kind, payload, flags, Shape.DUMP, operation)
            name = pending.name
            port.send(data)
            complete(port, conversation, [pending], timeout)
            clean = pending.done and not isinstance(pending.error, ChannelTimeout | OverrunError)
        except DecodeError:
            if not port.cut or attempt == retries:
                raise
            # A datagram did not fit. The rest of this dump is of no use: again, with room for it.
            buffer_size = len(port.buffer)
            continue
        finally:
            if clean:
                pool.give_back(port)
            else:
                pool.drop(port)
        if not pending.interrupted:
            settle(pending, pool.statistics)
            return pending.parts
        pool.statistics.interrupted += 1
        if attempt < retries:
            # The longer it goes on the longer the pause, and never in step with the disturber.
            jitter = 0.5 + os.urandom(1)[0] / 512
            time.sleep(min(0.1, 0.001 * 2**attempt) * jitter)
    raise DumpInterrupted(
        f"{name}: the table changed under each of {retries + 1} dumps", hint="ask again later, or allow more retries"
    )


def stream(
    pool: PortPool, kind: int, payload: bytes, flags: int, *, operation: Operation | None, timeout: float
) -> Iterator[Message]:
    """Yield a table's messages as they come. See NetlinkSocket.stream."""
    port = pool.borrow()
    done = False
    try:
        conversation = Conversation(pool.statistics)
        pending, data = conversation.start(kind, payload, flags, Shape.DUMP, operation)
        port.send(data)
        while not pending.done:
            size = port.receive()
            if size:
                conversation.receive(port.buffer, size)
            elif not port.wait(time.monotonic() + timeout):
                pool.statistics.timeouts += 1
                raise ChannelTimeout(f"{pending.name}: no next part in {timeout:g} s")
            if pending.interrupted:
                pool.statistics.interrupted += 1
                raise DumpInterrupted(f"{pending.name}: the table changed under the dump", hint="ask again")
            parts, pending.parts = pending.parts, []
            for part in parts:
                yield from messages(part)
        done = True
    finally:
        # An iterator that is left early leaves the kernel in the midst of the dump.
        if done:
            pool.give_back(port)
        else:
            pool.drop(port)
    settle(pending, pool.statistics)
