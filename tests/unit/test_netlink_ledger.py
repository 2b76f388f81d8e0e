"""The ledger of losses, against a model of a socket that drops."""

from __future__ import annotations

import random

import pytest

from landbridge.events import Lost
from landbridge.netlink.ledger import LossLedger


@pytest.mark.parametrize("sequenced", [True, False])
@pytest.mark.parametrize("seed", range(40))
def test_every_event_is_received_or_counted_once(seed: int, sequenced: bool) -> None:
    # A socket with room for a few events, which once full drops all until it is empty; a reader
    # that looks now and then. In the end: sent = received + lost, and each gap is reported where it is.
    chance = random.Random(seed)
    sources = chance.choice([1, 1, 3]) if sequenced else 1
    numbers = dict.fromkeys(range(sources), 0)
    ledger = LossLedger(drops=0xFFFFFFFE, sources=dict(numbers) if sequenced else None)
    queue: list[tuple[int, int]] = []
    congested = error = False
    drops, sent, received, lost = 0xFFFFFFFE, 0, 0, 0
    unknown = 0

    def report(item: Lost | None) -> None:
        nonlocal lost, unknown
        if item is not None:
            if item.count is None:
                unknown += 1
            else:
                lost += item.count

    for _ in range(400):
        for _ in range(chance.choice([0, 0, 1, 3, 12])):
            source = chance.randrange(sources)
            if congested or len(queue) >= 5:
                error = error or not congested
                congested = True
                drops = (drops + 1) & 0xFFFFFFFF
            else:
                queue.append((source, numbers[source]))
            numbers[source] += 1
            sent += 1
        for _ in range(chance.choice([0, 1, 2, 9])):
            if error:
                error = False
                ledger.overrun()
            elif queue:
                source, number = queue.pop(0)
                congested = congested and bool(queue)
                received += 1
                if sequenced:
                    before = lost
                    report(ledger.event(source, number))
                    if sources == 1:
                        assert received + lost == number + 1, "reported at its place, not later"
                        assert lost >= before
            else:
                congested = False
                report(ledger.idle(drops))
    while queue or error:
        if error:
            error = False
            ledger.overrun()
            continue
        received += 1
        source, number = queue.pop(0)
        if sequenced:
            report(ledger.event(source, number))
    report(ledger.idle(drops))
    assert received + lost == sent
    assert ledger.reported == lost
    assert ledger.drops == lost
    assert ledger.disagreements == 0
    assert unknown == 0
    assert ledger.before_socket == 0
    assert ledger.unmatched == 0


def test_a_gap_without_a_drop_happened_before_the_socket() -> None:
    ledger = LossLedger()
    assert ledger.event("a", 10) is None
    assert ledger.event("a", 15) == Lost(4)
    assert ledger.idle(0) is None
    assert ledger.before_socket == 4
    # A later drop is not hidden by it.
    assert ledger.idle(3) == Lost(3)
    assert ledger.event("a", 19) is None
    assert ledger.disagreements == 0


def test_more_drops_than_gaps_show_as_a_disagreement() -> None:
    ledger = LossLedger(sources={"a": None})
    ledger.event("a", 1)
    assert ledger.idle(5) == Lost(5)
    assert ledger.event("a", 4) is None
    assert ledger.disagreements == 1
    assert (ledger.gaps, ledger.drops) == (2, 5)
    # And the ledger goes on from there.
    assert ledger.event("a", 6) == Lost(1)


def test_numbers_that_go_back_are_an_unknown_loss() -> None:
    ledger = LossLedger()
    ledger.event("a", 100)
    assert ledger.event("a", 0) == Lost(None)
    assert ledger.disagreements == 1
    assert ledger.event("a", 1) is None


def test_an_overrun_that_no_counter_confirms_is_an_unknown_loss() -> None:
    ledger = LossLedger()
    ledger.overrun()
    assert ledger.idle(0) == Lost(None)
    assert ledger.idle(0) is None


def test_losses_before_the_first_event_count_where_its_number_is_known() -> None:
    ledger = LossLedger(sources={"a": 0})
    assert ledger.event("a", 3) == Lost(3)


def test_an_event_too_large_to_receive_counts_once() -> None:
    ledger = LossLedger()
    ledger.event("a", 1)
    assert ledger.truncated() == Lost(1)
    assert ledger.event("a", 3) is None
    assert ledger.idle(0) is None
    assert (ledger.cut, ledger.reported, ledger.before_socket) == (1, 1, 0)


def test_lost_prints_as_words() -> None:
    assert str(Lost(3)) == "lost 3"
    assert str(Lost(None)) == "lost some events"


def test_events_of_sources_that_were_not_known_are_no_disagreement() -> None:
    ledger = LossLedger()
    ledger.event("a", 1)
    assert ledger.idle(5) == Lost(5)
    # Two were of "a", the others of "b", of which nothing was known.
    assert ledger.event("a", 4) is None
    assert (ledger.disagreements, ledger.unmatched) == (0, 3)
    assert ledger.event("b", 70) is None
    assert ledger.event("b", 72) == Lost(1)


def test_losses_of_a_newcomer_stay_in_doubt_until_all_sources_have_spoken() -> None:
    ledger = LossLedger(sources={"a": None, "b": None})
    ledger.event("a", 1)
    assert ledger.idle(5) == Lost(5)
    # All five were of "b", whose first event this is; then more are lost, of both.
    assert ledger.event("b", 50) is None
    assert ledger.idle(7) == Lost(2)
    assert ledger.event("a", 3) is None
    assert ledger.event("b", 52) is None
    assert (ledger.disagreements, ledger.unmatched) == (0, 5)
    # From now on both are known, and the counters are held against each other.
    assert ledger.idle(9) == Lost(2)
    assert ledger.event("a", 4) is None
    assert ledger.event("b", 53) is None
    assert ledger.disagreements == 1
