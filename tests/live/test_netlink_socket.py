"""Requests to this machine's kernel, and all that may go wrong between a request and its answer."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import math
import os
import socket
import struct
import subprocess
import sys
import time

import pytest

from landbridge.errors import (
    BrokenError,
    BusyError,
    ChannelTimeout,
    ClosedError,
    DecodeError,
    EncodeError,
    KernelError,
    UnsupportedError,
)
from landbridge.netlink import attributes, wire
from landbridge.netlink import constants as nl
from landbridge.netlink.completion import complete
from landbridge.netlink.request import Operation, Request, Shape
from landbridge.netlink.socket import NetlinkSocket
from landbridge.netlink.writer import AttributeWriter
from tests.live.netlink_world import (
    GETFAMILY,
    IFLA_IFNAME,
    RTM_GETLINK,
    RTM_NEWLINK,
    ask_for,
    family_name,
    link_payload,
    open_inodes,
    port_of,
)

pytestmark = pytest.mark.live


# Answers and refusals ----------------------------------------------------------------------------


def test_a_request_has_its_answer(generic: NetlinkSocket) -> None:
    answer = generic.request(16, GETFAMILY)
    assert answer.type == 16
    assert family_name(answer.payload) == "nlctrl"


def test_a_refusal_names_the_attribute_and_what_is_allowed(generic: NetlinkSocket) -> None:
    with pytest.raises(KernelError) as caught:
        generic.request(16, ask_for("x" * 40), operation=Operation("nlctrl.getfamily", 4, {2: "family-name"}))
    error = caught.value
    assert error.errno == errno.EINVAL
    assert isinstance(error, OSError)
    assert error.extack.message == "Attribute failed policy validation"
    assert error.extack.attribute == "family-name"
    assert error.extack.policy.maximum_length == 15
    assert "family-name" in str(error)
    assert "at most 15 bytes" in str(error)


def test_a_missing_attribute_is_named() -> None:
    # ethtool wants a header nest in each request, and says so with MISS_TYPE.
    with NetlinkSocket(nl.NETLINK_GENERIC) as generic:
        answer = generic.request(16, ask_for("ethtool"))
        family = attributes.read_u16(answer.payload, attributes.parse(answer.payload, 4)[1])
        with pytest.raises(KernelError) as caught:
            generic.request(family, struct.pack("=BBH", 2, 1, 0), operation=Operation("linkinfo-get", 4, {1: "header"}))
        assert caught.value.errno == errno.EINVAL
        assert caught.value.extack.missing_type == 1
        assert caught.value.extack.missing == "header"


def test_refusals_are_the_oserror_of_their_number(generic: NetlinkSocket, route: NetlinkSocket) -> None:
    with pytest.raises(FileNotFoundError):
        generic.request(16, ask_for("nosuchfamily"))
    with pytest.raises(KernelError) as caught:
        route.request(RTM_GETLINK, link_payload(999_999))
    assert caught.value.errno == errno.ENODEV


def test_nobody_gets_permission_error() -> None:
    script = (
        "import os, struct\n"
        "from landbridge.netlink.socket import NetlinkSocket\n"
        "route = NetlinkSocket(0)\n"
        "os.setuid(65534)\n"
        "try: route.execute(16, struct.pack('=BxHiII', 0, 0, 1, 0, 0))\n"
        "except PermissionError as error: print(type(error).__name__, error.errno)\n"
    )
    if os.geteuid():
        pytest.skip("needs root, to become somebody else")
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert told.stdout.split() == ["KernelError", "1"]


def test_an_acknowledged_request(route: NetlinkSocket) -> None:
    # Setting no flag of lo changes nothing, and is acknowledged.
    if os.geteuid():
        pytest.skip("needs root, to set a link")
    assert route.execute(RTM_NEWLINK, link_payload(1)) == []


def test_asking_the_wrong_way_is_told(generic: NetlinkSocket, route: NetlinkSocket) -> None:
    with pytest.raises(BrokenError, match=r"dump\(\)"):
        generic.request(16, struct.pack("=BBH", 3, 1, 0), nl.NLM_F_DUMP)
    if not os.geteuid():
        with pytest.raises(ChannelTimeout, match=r"0\.05 s") as caught:
            route.request(RTM_NEWLINK, link_payload(1), timeout=0.05)
        assert isinstance(caught.value, TimeoutError)
        assert "execute()" in str(caught.value)
        assert route.statistics.timeouts == 1
    assert family_name(generic.request(16, GETFAMILY).payload) == "nlctrl"


def test_an_unknown_protocol_is_told() -> None:
    with pytest.raises(UnsupportedError, match="no netlink protocol 29"):
        NetlinkSocket(29)


def test_after_close_there_is_closed_error(generic: NetlinkSocket) -> None:
    generic.close()
    generic.close()
    for call in (generic.request, generic.execute, generic.dump):
        with pytest.raises(ClosedError):
            call(16, GETFAMILY)
    with pytest.raises(ClosedError):
        generic.batch([Request(16, GETFAMILY, reply=True)])


def test_nothing_stays_open() -> None:
    before = len(open_inodes())
    for _ in range(20):
        with NetlinkSocket(nl.NETLINK_GENERIC) as generic:
            generic.request(16, GETFAMILY)
            list(generic.dump(16, struct.pack("=BBH", 3, 1, 0)))
    with pytest.raises(BusyError), NetlinkSocket(nl.NETLINK_GENERIC) as generic:
        NetlinkSocket(nl.NETLINK_GENERIC, portid=generic.portid)
    assert len(open_inodes()) == before


# Sequence numbers --------------------------------------------------------------------------------


def test_late_answers_are_discarded_and_counted(generic: NetlinkSocket) -> None:
    for name in ("ethtool", "TASKSTATS"):
        # Requests that were sent and given up: their answers are in the queue already.
        number = generic._conversation.issue()
        port_of(generic).send(wire.build(16, nl.NLM_F_REQUEST, number, ask_for(name)))
    assert family_name(generic.request(16, GETFAMILY).payload) == "nlctrl"
    assert generic.statistics.stale == 2


def test_an_answer_to_nobody_breaks_the_connection_which_is_then_renewed(generic: NetlinkSocket) -> None:
    alien = (generic._conversation.sequence + 1_000_000) & 0xFFFFFFFF
    port_of(generic).send(wire.build(16, nl.NLM_F_REQUEST, alien, GETFAMILY))
    with pytest.raises(BrokenError, match=str(alien)):
        generic.request(16, GETFAMILY)
    assert family_name(generic.request(16, GETFAMILY).payload) == "nlctrl"
    assert generic.statistics.reopened == 1


# Forgery, truncation, port ids -------------------------------------------------------------------

FORGER = """
import socket, struct, sys
port, group, protocol, sequence = map(int, sys.argv[1:])
forger = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, protocol)
forger.bind((0, 0))
message = struct.pack("=IHHII", 20, 16, 0, sequence, 0) + b"evil"
try:
    forger.sendto(message, (port, group))
except OSError as error:
    print("refused", error.errno)
else:
    print("sent")
"""


def forge(port: int, protocol: int, sequence: int, group: int = 0) -> str:
    arguments = [str(each) for each in (port, group, protocol, sequence)]
    told = subprocess.run(
        [sys.executable, "-c", FORGER, *arguments], capture_output=True, text=True, timeout=60, check=True
    )
    return told.stdout.strip()


def test_the_kernel_itself_refuses_forgers(generic: NetlinkSocket) -> None:
    # connect() to the kernel makes it turn away whoever else sends to our port.
    told = forge(generic.portid, nl.NETLINK_GENERIC, generic._conversation.sequence + 1)
    assert told in {f"refused {errno.ECONNREFUSED}", f"refused {errno.EPERM}"}
    if not os.geteuid():
        assert told == f"refused {errno.ECONNREFUSED}"
    assert family_name(generic.request(16, GETFAMILY).payload) == "nlctrl"
    assert generic.statistics.forged == 0


def test_a_forged_answer_that_arrives_is_dropped_and_counted(generic: NetlinkSocket) -> None:
    if os.geteuid():
        pytest.skip("needs root, to forge")
    # Undo the connection, as if the kernel did not help: connect(AF_UNSPEC).
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.connect(port_of(generic).socket.fileno(), bytes(12), 12) == 0
    for _ in range(5):
        # With the very sequence number that the next request will have.
        assert forge(generic.portid, nl.NETLINK_GENERIC, (generic._conversation.sequence + 1) & 0xFFFFFFFF) == "sent"
        assert family_name(generic.request(16, GETFAMILY).payload) == "nlctrl"
    assert generic.statistics.forged == 5


def test_a_truncated_answer_is_an_error_and_the_buffer_grows(route: NetlinkSocket) -> None:
    port = port_of(route)
    port.buffer = bytearray(64)
    with pytest.raises(DecodeError, match="was cut") as caught:
        route.request(RTM_GETLINK, link_payload(1))
    assert caught.value.offset == 64
    assert route.statistics.truncated == 1
    answer = route.request(RTM_GETLINK, link_payload(1))
    assert attributes.read_string(answer.payload, attributes.parse(answer.payload, 16)[IFLA_IFNAME]) == "lo"


def test_a_truncated_dump_is_asked_for_again(route: NetlinkSocket) -> None:
    list(route.dump(RTM_GETLINK, link_payload()))
    (idle,) = route._pool._idle
    # The kernel sizes the parts of a dump by what was read before: this part is for 32 KiB.
    idle.buffer = bytearray(100)
    names = [
        attributes.read_string(each.payload, attributes.parse(each.payload, 16)[IFLA_IFNAME])
        for each in route.dump(RTM_GETLINK, link_payload())
    ]
    assert "lo" in names
    assert route.statistics.truncated == 1


def test_a_taken_port_id_is_a_busy_error_and_two_sockets_never_clash() -> None:
    with NetlinkSocket(nl.NETLINK_GENERIC) as one, NetlinkSocket(nl.NETLINK_GENERIC) as two:
        assert one.portid != two.portid
        with pytest.raises(BusyError, match=f"port id {one.portid} is taken"):
            NetlinkSocket(nl.NETLINK_GENERIC, portid=one.portid)
        freed = one.portid
    with NetlinkSocket(nl.NETLINK_GENERIC, portid=freed) as three:
        assert three.portid == freed
        assert family_name(three.request(16, GETFAMILY).payload) == "nlctrl"


def test_a_port_id_equal_to_our_pid_may_be_taken_by_others() -> None:
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(BusyError):
            stack.enter_context(NetlinkSocket(nl.NETLINK_GENERIC, portid=os.getpid()))
        generic = stack.enter_context(NetlinkSocket(nl.NETLINK_GENERIC))
        assert generic.portid != os.getpid()
        assert family_name(generic.request(16, GETFAMILY).payload) == "nlctrl"


def test_a_request_that_lies_about_its_length_has_no_answer_and_does_no_harm(generic: NetlinkSocket) -> None:
    # The kernel answers nothing at all to it: without a timeout this would hang.
    port, talk = port_of(generic), generic._conversation
    number = talk.issue()
    lying = wire.HEADER.pack(4096, 16, nl.NLM_F_REQUEST, number, 0) + GETFAMILY
    pending = talk.expect(number, Shape.REPLY, lying)
    port.send(lying)
    began = time.monotonic()
    complete(port, talk, [pending], 0.1)
    talk.forget([pending])
    assert isinstance(pending.error, ChannelTimeout)
    assert 0.09 < time.monotonic() - began < 2
    assert family_name(generic.request(16, GETFAMILY).payload) == "nlctrl"


def test_the_largest_attribute_arrives(generic: NetlinkSocket) -> None:
    writer = AttributeWriter(struct.pack("=BBH", 3, 1, 0))
    writer.put(2, bytes(attributes.MAX_VALUE), "family-name")
    with pytest.raises(KernelError) as caught:
        generic.request(16, bytes(writer), operation=Operation("getfamily", 4, {2: "family-name"}))
    # The kernel read it to its end: it is too long for a name, not malformed.
    assert caught.value.extack.attribute == "family-name"
    assert caught.value.extack.policy.maximum_length == 15
    with pytest.raises(EncodeError, match="family-name: the value has 65532 bytes"):
        writer.put(2, bytes(attributes.MAX_VALUE + 1), "family-name")


def test_a_small_request_costs_at_most_twice_the_bare_system_calls(generic: NetlinkSocket) -> None:
    # In turns, and the best of many short rounds, so that a busy machine disturbs both alike.
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, nl.NETLINK_GENERIC) as raw:
        raw.bind((0, 0))
        data = wire.build(16, nl.NLM_F_REQUEST, 1, GETFAMILY)

        def bare() -> None:
            raw.send(data)
            raw.recv(65536)

        def ours() -> None:
            generic.request(16, GETFAMILY)

        calls = (bare, ours)
        best = [math.inf, math.inf]
        for _ in range(100):
            for which, call in enumerate(calls):
                began = time.perf_counter()
                for _ in range(100):
                    call()
                best[which] = min(best[which], time.perf_counter() - began)
    assert best[1] / best[0] < 2
