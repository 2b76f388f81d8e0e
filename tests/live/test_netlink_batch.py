"""Large requests and many requests at once, to this machine's kernel."""

from __future__ import annotations

import errno
import os
import socket
import struct
import subprocess
import sys

import pytest

from landbridge.errors import (
    BrokenError,
    ChannelTimeout,
    EncodeError,
    KernelError,
    OverrunError,
)
from landbridge.netlink import attributes
from landbridge.netlink import constants as nl
from landbridge.netlink.request import Request
from landbridge.netlink.socket import NetlinkSocket
from tests.live.netlink_world import (
    GETFAMILY,
    IFLA_IFNAME,
    RTM_GETLINK,
    RTM_NEWLINK,
    ask_for,
    family_name,
    link_payload,
    port_of,
)

pytestmark = pytest.mark.live


# Sizes and batches -------------------------------------------------------------------------------


def test_a_request_over_the_send_buffer_gets_a_larger_one(generic: NetlinkSocket) -> None:
    sock = port_of(generic).socket
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4608)
    padded = GETFAMILY + b"".join(struct.pack("=HH", 10_004, 2) + b"nlctrl" + bytes(9994) for _ in range(3))
    with pytest.raises(KernelError) as caught:
        generic.request(16, padded)
    # It arrived, and the kernel read it: attributes of that size are against the policy.
    assert caught.value.errno == errno.ERANGE
    assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) > 30_000


def test_a_request_that_is_too_large_for_any_buffer_is_refused_by_size(generic: NetlinkSocket) -> None:
    script = (
        "import os\n"
        "from landbridge.errors import EncodeError\n"
        "from landbridge.netlink.socket import NetlinkSocket\n"
        "generic = NetlinkSocket(16)\n"
        "if not os.geteuid(): os.setuid(65534)\n"
        "try: generic.request(16, bytes(64 << 20))\n"
        "except EncodeError as error: print(error)\n"
    )
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert f"the request has {(64 << 20) + 16} bytes, the kernel takes " in told.stdout
    assert issubclass(EncodeError, ValueError)


def test_a_batch_has_one_result_per_request(generic: NetlinkSocket) -> None:
    good = Request(16, GETFAMILY, reply=True)
    bad = Request(16, ask_for("nosuchfamily"), reply=True)
    results = generic.batch([good, bad, good, bad, bad, good] * 100)
    assert len(results) == 600
    for number, result in enumerate(results):
        if number % 6 in (0, 2, 5):
            assert isinstance(result, list)
            assert family_name(result[0].payload) == "nlctrl"
        else:
            assert isinstance(result, FileNotFoundError)
    assert generic.batch([]) == []


def test_the_rest_of_a_batch_without_an_answer_is_told_from_what_was_sent(route: NetlinkSocket) -> None:
    if os.geteuid():
        pytest.skip("needs root, for a request without an answer")
    silent = Request(RTM_NEWLINK, link_payload(1), reply=True)
    fine = Request(RTM_GETLINK, link_payload(1), reply=True)
    route._window = 4
    results = route.batch([fine, fine, silent, fine, fine], timeout=0.2)
    # The acknowledgement that ends a batch is asked for only where no message is expected.
    assert isinstance(results[0], list)
    assert isinstance(results[1], list)
    assert isinstance(results[2], ChannelTimeout)
    assert isinstance(results[4], BrokenError)
    answer = route.request(RTM_GETLINK, link_payload(1))
    assert attributes.read_string(answer.payload, attributes.parse(answer.payload, 16)[IFLA_IFNAME]) == "lo"


def test_answers_that_do_not_fit_the_receive_buffer_are_told_one_by_one(route: NetlinkSocket) -> None:
    # Ask for more at once than a tiny receive buffer can hold.
    with NetlinkSocket(nl.NETLINK_ROUTE, receive_buffer=1) as tiny:
        tiny._window = 64
        results = tiny.batch([Request(RTM_GETLINK, link_payload(1), reply=True)] * 64)
        lost = [each for each in results if isinstance(each, OverrunError)]
        fine = [each for each in results if isinstance(each, list)]
        assert len(lost) + len(fine) == 64
        assert lost
        assert fine
        # For each, the kernel dropped the answer and then the message that it could not answer.
        assert port_of(tiny).memory().drops == 2 * len(lost)
        assert tiny.statistics.overruns >= 1
        # And the socket works as before.
        assert len(tiny.batch([Request(RTM_GETLINK, link_payload(1), reply=True)])[0]) == 1
    assert isinstance(route.request(RTM_GETLINK, link_payload(1)).payload, bytes)
