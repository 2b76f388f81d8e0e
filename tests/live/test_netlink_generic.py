"""Generic netlink families by name, on this machine's kernel."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import pytest

from landbridge.errors import DecodeError, GoneError, KernelError, UnsupportedError
from landbridge.netlink import constants as nl
from landbridge.netlink.generic import GenericNetlink, parse_family
from landbridge.netlink.socket import NetlinkSocket
from landbridge.netlink.writer import AttributeWriter
from tests.live.netlink_world import GETFAMILY, add_link, isolated

pytestmark = pytest.mark.live

LOOKUP = GETFAMILY[4:]


@pytest.fixture
def generic() -> Iterator[GenericNetlink]:
    with GenericNetlink() as opened:
        yield opened


def test_the_controller_describes_itself(generic: GenericNetlink) -> None:
    family = generic.family("nlctrl")
    assert (family.name, family.id, family.version) == ("nlctrl", 16, 2)
    assert set(family.operations) >= {3}
    assert set(family.groups) == {"notify"}
    assert generic.family("nlctrl") is family


def test_all_families_are_listed_and_each_is_found_by_its_name(generic: GenericNetlink) -> None:
    families = generic.families()
    assert "nlctrl" in [each.name for each in families]
    for each in families:
        assert generic.family(each.name) == each


def test_a_family_that_never_was_is_unsupported(generic: GenericNetlink) -> None:
    with pytest.raises(UnsupportedError, match="no generic netlink family 'nosuch'"):
        generic.family("nosuch")
    with pytest.raises(KernelError, match="at most 15 bytes"):
        generic.family("x" * 16)


def test_a_number_that_has_become_stale_is_looked_up_once(generic: GenericNetlink) -> None:
    right = generic.family("nlctrl")
    other = next(each.id for each in generic.families() if each.name != "nlctrl" and 3 not in each.operations)
    for wrong in (1023, other):
        # An id that nobody has (ENOENT), and one of a family without the command (EOPNOTSUPP).
        generic._families["nlctrl"] = dataclasses.replace(right, id=wrong)
        before = generic.socket.statistics.requests
        answer = generic.request("nlctrl", 3, LOOKUP)
        assert parse_family(answer.payload) == right
        assert generic.socket.statistics.requests == before + 3
        assert generic.family("nlctrl") == right
        generic._families["nlctrl"] = dataclasses.replace(right, id=wrong)
        assert right in [parse_family(each.payload) for each in generic.dump("nlctrl", 3)]


def test_an_enoent_of_the_operation_itself_is_not_retried(generic: GenericNetlink) -> None:
    writer = AttributeWriter()
    writer.string(2, "nosuch")
    generic.family("nlctrl")
    before = generic.socket.statistics.requests
    with pytest.raises(FileNotFoundError) as caught:
        generic.request("nlctrl", 3, bytes(writer))
    assert isinstance(caught.value, KernelError)
    assert not isinstance(caught.value, GoneError)
    # The request, and one look whether the family is still the same.
    assert generic.socket.statistics.requests == before + 2


def test_a_family_that_is_gone_is_told(generic: GenericNetlink) -> None:
    # As if it had been there when it was first looked up.
    generic._families["vanished"] = dataclasses.replace(generic.family("nlctrl"), name="vanished", id=1023)
    for call in (generic.request, generic.execute, generic.dump):
        with pytest.raises(GoneError, match="'vanished' is gone"):
            call("vanished", 1)


def test_a_group_that_is_not_there_is_told_with_those_that_are(generic: GenericNetlink) -> None:
    with pytest.raises(UnsupportedError, match="it has: notify"):
        generic.subscribe("nlctrl", bytes, "nosuch")


@isolated
def test_events_of_a_family_arrive() -> None:
    # The ethtool family tells its monitors what somebody sets: here a feature of a veth.
    with NetlinkSocket(nl.NETLINK_ROUTE) as route, GenericNetlink() as generic:
        add_link(route, "eth9", "veth")
        if "ethtool" not in [each.name for each in generic.families()]:
            pytest.skip("this kernel has no ethtool netlink")
        with generic.subscribe("ethtool", lambda message: message.payload[0], "monitor", timeout=5) as events:
            writer = AttributeWriter()
            with writer.nest(1, "header"):
                writer.string(2, "eth9", "dev-name")
            with writer.nest(3, "wanted"), writer.nest(3, "bits"), writer.nest(1, "bit"):
                writer.string(2, "tx-generic-segmentation", "name")
            # ETHTOOL_MSG_FEATURES_SET without a value switches it off; ETHTOOL_MSG_FEATURES_NTF tells.
            generic.execute("ethtool", 12, bytes(writer))
            assert next(events) == 13


def test_descriptions_that_are_cut_are_refused(generic: GenericNetlink) -> None:
    payload = generic.request("nlctrl", 3, LOOKUP).payload
    whole = parse_family(payload)
    refused = 0
    for size in range(len(payload)):
        try:
            found = parse_family(payload[:size])
        except DecodeError:
            refused += 1
        else:
            # A cut between two attributes leaves a shorter description, never a wrong one.
            assert (found.name, found.id) == (whole.name, whole.id)
            assert found.operations.items() <= whole.operations.items()
    assert refused > len(payload) * 3 // 4


def test_a_caller_may_share_its_socket(generic: GenericNetlink) -> None:
    with GenericNetlink(generic.socket) as second:
        assert second.family("nlctrl").id == 16
    # It is still open.
    assert generic.family("nlctrl", refresh=True).id == 16
