"""Who gets which answer: dispatch, stale answers, dumps and their ends, without a socket."""

from __future__ import annotations

import struct

import pytest

from landbridge.errors import BrokenError, DecodeError, KernelError, OverrunError
from landbridge.netlink import constants as nl
from landbridge.netlink.conversation import Conversation
from landbridge.netlink.request import Operation, Shape
from landbridge.netlink.wire import HEADER, build


def error(sequence: int, code: int = 0, flags: int = 0) -> bytes:
    return build(nl.NLMSG_ERROR, flags, sequence, struct.pack("=i", code) + HEADER.pack(16, 18, 5, sequence, 0))


def done(sequence: int, code: int = 0, flags: int = nl.NLM_F_MULTI) -> bytes:
    return build(nl.NLMSG_DONE, flags, sequence, struct.pack("=i", code))


def test_a_request_is_built_with_the_next_number_and_its_flags() -> None:
    talk = Conversation(first=41)
    for shape, flags in ((Shape.REPLY, 0x1), (Shape.ACK, 0x5), (Shape.DUMP, 0x301)):
        pending, data = talk.start(18, b"body", 0, shape)
        assert HEADER.unpack_from(data) == (20, 18, flags, pending.sequence, 0)
    assert pending.sequence == 44
    assert talk.statistics.requests == 3


def test_the_number_wraps_past_zero() -> None:
    talk = Conversation(first=0xFFFFFFFE)
    assert [talk.issue() for _ in range(3)] == [0xFFFFFFFF, 1, 2]
    assert talk.is_stale(0xFFFFFFFF)


def test_answers_go_to_their_requests_in_any_order() -> None:
    talk = Conversation()
    one, _ = talk.start(18, b"", 0, Shape.REPLY)
    two, _ = talk.start(18, b"", 0, Shape.ACK)
    talk.receive(error(two.sequence) + build(16, 0, one.sequence, b"link"))
    assert one.done
    assert [each.payload for each in one.replies] == [b"link"]
    assert two.done
    assert two.error is None


def test_messages_before_the_acknowledgement_belong_to_the_answer() -> None:
    talk = Conversation()
    pending, _ = talk.start(16, b"", nl.NLM_F_ECHO, Shape.ACK)
    talk.receive(build(16, 0, pending.sequence, b"made"))
    assert not pending.done
    talk.receive(error(pending.sequence))
    assert pending.done
    assert [each.payload for each in pending.replies] == [b"made"]


def test_a_refusal_is_a_kernel_error_and_the_oserror_of_its_number() -> None:
    talk = Conversation()
    pending, _ = talk.start(16, b"", 0, Shape.ACK, Operation("imp1.tell"))
    talk.receive(error(pending.sequence, -1))
    assert isinstance(pending.error, KernelError)
    assert isinstance(pending.error, PermissionError)
    assert pending.error.errno == 1
    assert "imp1.tell" in str(pending.error)


def test_a_late_answer_is_counted_and_dropped() -> None:
    talk = Conversation()
    old, _ = talk.start(18, b"", 0, Shape.REPLY)
    talk.forget([old])
    new, _ = talk.start(18, b"", 0, Shape.REPLY)
    talk.receive(build(16, 0, old.sequence, b"old"))
    assert not new.done
    assert not old.done
    talk.receive(build(16, 0, new.sequence, b"new"))
    assert new.replies[0].payload == b"new"
    assert talk.statistics.stale == 1


def test_a_number_that_was_never_sent_is_an_error_after_the_rest_is_taken() -> None:
    talk = Conversation(first=100)
    pending, _ = talk.start(18, b"", 0, Shape.REPLY)
    with pytest.raises(BrokenError, match="request 4711, which was never sent"):
        talk.receive(build(16, 0, 4711, b"alie") + build(16, 0, pending.sequence, b"mine"))
    assert pending.replies[0].payload == b"mine"
    with pytest.raises(BrokenError, match="request 100,"):
        talk.receive(build(16, 0, 100))


def test_a_dump_ends_with_done() -> None:
    talk = Conversation()
    pending, _ = talk.start(18, b"", 0, Shape.DUMP)
    parts = [build(16, nl.NLM_F_MULTI, pending.sequence, bytes([number]) * 5) for number in range(4)]
    padded = [each + bytes(-len(each) % 4) for each in parts]
    talk.receive(padded[0] + padded[1])
    talk.receive(padded[2])
    assert not pending.done
    talk.receive(padded[3] + done(pending.sequence))
    assert pending.done
    assert pending.error is None
    assert [each.payload for each in pending.messages()] == [bytes([number]) * 5 for number in range(4)]


def test_a_dump_may_be_refused_in_its_done() -> None:
    talk = Conversation()
    pending, _ = talk.start(26, b"", 0, Shape.DUMP)
    talk.receive(done(pending.sequence, -22))
    assert isinstance(pending.error, KernelError)
    assert pending.error.errno == 22


@pytest.mark.parametrize("place", [0, 1, 2, "done"])
def test_an_interruption_is_noticed_in_any_message(place: int | str) -> None:
    talk = Conversation()
    pending, _ = talk.start(18, b"", 0, Shape.DUMP)
    for number in range(3):
        flags = nl.NLM_F_MULTI | (nl.NLM_F_DUMP_INTR if number == place else 0)
        talk.receive(build(16, flags, pending.sequence, b"1234"))
    talk.receive(done(pending.sequence, 0, nl.NLM_F_MULTI | (nl.NLM_F_DUMP_INTR if place == "done" else 0)))
    assert pending.interrupted


def test_a_late_dump_beside_a_dump_is_dropped() -> None:
    talk = Conversation()
    old, _ = talk.start(18, b"", 0, Shape.DUMP)
    talk.forget([old])
    new, _ = talk.start(18, b"", 0, Shape.DUMP)
    mine = build(16, nl.NLM_F_MULTI, new.sequence, b"mine")
    talk.receive(mine + build(16, nl.NLM_F_MULTI, old.sequence, b"late") + mine + done(old.sequence))
    assert [each.payload for each in new.messages()] == [b"mine", b"mine"]
    assert not new.done
    assert talk.statistics.stale == 2


def test_an_answer_in_many_messages_to_a_single_request_is_an_error() -> None:
    talk = Conversation()
    pending, _ = talk.start(18, b"", 0, Shape.REPLY)
    talk.receive(build(16, nl.NLM_F_MULTI, pending.sequence, b"1234"))
    assert isinstance(pending.error, BrokenError)


def test_an_acknowledgement_instead_of_an_answer_is_an_error() -> None:
    talk = Conversation()
    pending, _ = talk.start(18, b"", 0, Shape.REPLY)
    talk.receive(error(pending.sequence))
    assert isinstance(pending.error, BrokenError)


def test_an_overrun_message_ends_what_is_then_unanswered() -> None:
    talk = Conversation()
    one, _ = talk.start(18, b"", 0, Shape.ACK)
    two, _ = talk.start(18, b"", 0, Shape.ACK)
    talk.receive(build(nl.NLMSG_OVERRUN, 0, 0) + error(two.sequence))
    assert talk.overran
    talk.settle_overrun()
    assert isinstance(one.error, OverrunError)
    assert one.error.lost is None
    assert two.error is None
    assert not talk.overran


def test_noop_is_ignored_whatever_its_number() -> None:
    talk = Conversation()
    pending, _ = talk.start(18, b"", 0, Shape.REPLY)
    talk.receive(build(nl.NLMSG_NOOP, 0, 0) + build(nl.NLMSG_NOOP, 0, pending.sequence))
    assert not pending.done


def test_a_malformed_error_is_a_decode_error() -> None:
    talk = Conversation()
    pending, _ = talk.start(18, b"", 0, Shape.ACK)
    with pytest.raises(DecodeError):
        talk.receive(build(nl.NLMSG_ERROR, 0, pending.sequence, b"\0\0"))
    with pytest.raises(DecodeError):
        talk.receive(done(pending.sequence)[:-1])


def test_a_warning_on_success_is_kept() -> None:
    talk = Conversation()
    pending, _ = talk.start(16, b"", 0, Shape.ACK)
    text = struct.pack("=HH", 4 + 8, nl.NLMSGERR_ATTR_MSG) + b"careful\0"
    payload = struct.pack("=i", 0) + HEADER.pack(16, 16, 5, pending.sequence, 0) + text
    talk.receive(build(nl.NLMSG_ERROR, nl.NLM_F_CAPPED | nl.NLM_F_ACK_TLVS, pending.sequence, payload))
    assert pending.error is None
    assert pending.warning is not None
    assert pending.warning.message == "careful"
