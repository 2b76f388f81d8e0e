"""What is asked of the kernel: an operation, a request, and the answer that is due. No I/O."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from landbridge.errors import BrokenError, ChannelError, KernelError, kernel_error
from landbridge.netlink import constants as nl
from landbridge.netlink import extack
from landbridge.netlink.extack import AttributeNames, Extack
from landbridge.netlink.wire import HEADER, HEADER_SIZE, Message, messages


@dataclass(frozen=True, slots=True)
class Operation:
    """What an error needs to know about a request.

    Attributes:
        name: What is asked, for messages: ``imp1.tell``.
        header_size: Size of the family header before the attributes, in bytes; 4 for generic netlink.
        names: Names of the attributes, for extended ACKs.
    """

    name: str
    header_size: int = 0
    names: AttributeNames | None = None


class Shape(enum.Enum):
    """What ends the answer to a request."""

    REPLY = "one message"
    ACK = "an acknowledgement, after any messages"
    DUMP = "NLMSG_DONE, after any messages"


@dataclass(frozen=True, slots=True)
class Request:
    """One request of a batch.

    Attributes:
        type: ``nlmsg_type``.
        payload: Family header and attributes.
        flags: ``nlmsg_flags`` besides NLM_F_REQUEST and NLM_F_ACK.
        reply: The kernel answers with one message; otherwise with an acknowledgement.
        operation: What it is, for errors.
    """

    type: int
    payload: bytes = b""
    flags: int = 0
    reply: bool = False
    operation: Operation | None = None

    @property
    def shape(self) -> Shape:
        """What ends the answer."""
        return Shape.REPLY if self.reply else Shape.ACK


_EMPTY: Final = Operation("")


class Pending:
    """A request that was sent, and what of its answer has come.

    Attributes:
        sequence: Its sequence number.
        done: The answer is complete, be it an error.
        error: The error that the answer is, or None.
        replies: Messages of the answer (not of a dump).
        parts: The messages of a dump, as they came: whole messages, one after the other.
        interrupted: A message said that the data changed under the dump.
        warning: What the kernel remarked although it did what was asked, or None.
    """

    __slots__ = (
        "_operation",
        "_request",
        "done",
        "error",
        "interrupted",
        "parts",
        "replies",
        "sequence",
        "shape",
        "warning",
    )

    def __init__(self, sequence: int, shape: Shape, request: bytes, operation: Operation | None) -> None:
        self.sequence = sequence
        self.shape = shape
        self.done = False
        self.error: ChannelError | None = None
        self.replies: list[Message] = []
        self.parts: list[bytes] = []
        self.interrupted = False
        self.warning: Extack | None = None
        self._request = request
        self._operation = operation or _EMPTY

    @property
    def name(self) -> str:
        """What was asked, in words."""
        return self._operation.name or f"netlink request of type {HEADER.unpack_from(self._request)[1]}"

    def fail(self, error: ChannelError) -> None:
        """End it with an error; the first one counts."""
        if not self.done:
            self.done = True
            self.error = error

    def take(self, message: Message) -> None:
        """Take the next message that carries its sequence number.

        Raises:
            DecodeError: An NLMSG_ERROR or NLMSG_DONE is malformed.
        """
        if message.flags & nl.NLM_F_DUMP_INTR:
            self.interrupted = True
        if message.type in (nl.NLMSG_ERROR, nl.NLMSG_DONE):
            self._end(message)
        elif message.type == nl.NLMSG_NOOP or self.done:
            return
        elif self.shape is Shape.DUMP:
            header = HEADER.pack(HEADER_SIZE + len(message.payload), *message[:4])
            self.parts.append(header + message.payload)
        elif message.flags & nl.NLM_F_MULTI:
            # Its other parts would be taken for answers to what is asked next.
            self.fail(BrokenError(f"{self.name}: the kernel answers in several messages", hint="ask with dump()"))
        else:
            self.replies.append(message)
            self.done = self.shape is Shape.REPLY

    def _end(self, message: Message) -> None:
        if self.done:
            return
        number = extack.error_number(message.payload)
        said = extack.parse(
            message.payload,
            flags=message.flags,
            done=message.type == nl.NLMSG_DONE,
            request=self._request,
            header_size=self._operation.header_size,
            names=self._operation.names,
        )
        if number:
            self.fail(kernel_error(number, self.name, extack=said))
        elif self.shape is Shape.REPLY:
            self.fail(BrokenError(f"{self.name}: acknowledged, but there was no answer", hint="ask with execute()"))
        else:
            self.done = True
            self.warning = said if said is not None and said.message else None

    def messages(self) -> Iterator[Message]:
        """The messages of a dump."""
        for part in self.parts:
            yield from messages(part)

    @property
    def kernel_error(self) -> KernelError | None:
        """The kernel's refusal, if the answer is one."""
        return self.error if isinstance(self.error, KernelError) else None
