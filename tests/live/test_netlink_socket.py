"""Requests to this machine's kernel, and all that may go wrong between a request and its answer."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import random
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from netlink_world import (
    GETFAMILY,
    IFLA_IFNAME,
    RTM_GETLINK,
    RTM_NEWLINK,
    add_link,
    current_namespace,
    isolated,
    link_payload,
    unshare_network,
)

from landbridge.errors import (
    BrokenError,
    BusyError,
    ChannelTimeout,
    ClosedError,
    DecodeError,
    EncodeError,
    KernelError,
    OverrunError,
    UnsupportedError,
)
from landbridge.netlink import attributes, wire
from landbridge.netlink import constants as nl
from landbridge.netlink.port import Port
from landbridge.netlink.request import Operation, Request
from landbridge.netlink.socket import NetlinkSocket
from landbridge.netlink.writer import AttributeWriter

pytestmark = pytest.mark.live

FAMILIES = ("nlctrl", "ethtool", "TASKSTATS")


@pytest.fixture
def generic() -> Iterator[NetlinkSocket]:
    with NetlinkSocket(nl.NETLINK_GENERIC) as opened:
        yield opened


@pytest.fixture
def route() -> Iterator[NetlinkSocket]:
    with NetlinkSocket(nl.NETLINK_ROUTE) as opened:
        yield opened


def ask_for(name: str) -> bytes:
    writer = AttributeWriter(struct.pack("=BBH", 3, 1, 0))
    writer.string(2, name)
    return bytes(writer)


def family_name(payload: bytes) -> str:
    return attributes.read_string(payload, attributes.parse(payload, 4)[2])


def present(generic: NetlinkSocket) -> list[str]:
    return [family_name(each.payload) for each in generic.dump(16, struct.pack("=BBH", 3, 1, 0))]


def port_of(opened: NetlinkSocket) -> Port:
    port = opened._port
    assert port is not None
    return port


def open_inodes() -> list[int]:
    """Inodes of this process's open descriptors."""
    found = []
    for each in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            found.append(each.stat().st_ino)
    return found


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


class Alarm(Exception):
    """Raised by the signal handler."""


def test_a_signal_handler_that_raises_never_mixes_answers(generic: NetlinkSocket) -> None:
    names = [each for each in FAMILIES if each in present(generic)]
    assert len(names) >= 2
    asks = [(name, ask_for(name)) for name in names]

    def handler(number: int, frame: object) -> None:
        raise Alarm

    wrong = right = raised = 0
    before = signal.signal(signal.SIGALRM, handler)
    chance = random.Random(5)
    deadline = time.monotonic() + 60
    try:
        while (raised < 500 or right < 5000) and time.monotonic() < deadline:
            name, ask = asks[(right + raised) % len(asks)]
            try:
                signal.setitimer(signal.ITIMER_REAL, chance.uniform(2e-6, 6e-5))
                for _ in range(8):
                    answer = generic.request(16, ask)
                    if family_name(answer.payload) == name:
                        right += 1
                    else:
                        wrong += 1
                    name, ask = asks[(right + raised) % len(asks)]
            except Alarm:
                raised += 1
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert wrong == 0
    assert raised >= 500
    assert right >= 5000
    assert generic.statistics.stale > 0, "no handler ran between a request and its answer"


def test_a_signal_handler_that_asks_itself_gets_its_own_answer(generic: NetlinkSocket) -> None:
    names = [each for each in FAMILIES if each in present(generic)]
    inner: list[str] = []

    def handler(number: int, frame: object) -> None:
        inner.append(family_name(generic.request(16, ask_for(names[1])).payload))

    before = signal.signal(signal.SIGALRM, handler)
    try:
        chance = random.Random(6)
        outer = []
        deadline = time.monotonic() + 30
        while len(inner) < 1000 and time.monotonic() < deadline:
            signal.setitimer(signal.ITIMER_REAL, chance.uniform(2e-6, 3e-5))
            outer.append(family_name(generic.request(16, ask_for(names[0])).payload))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert set(outer) == {names[0]}
    assert set(inner) == {names[1]}
    assert len(inner) >= 1000
    assert len(generic._pool._idle) == 1, "no handler asked within another request"


def test_plain_signals_do_not_end_a_wait(route: NetlinkSocket) -> None:
    if os.geteuid():
        pytest.skip("needs root, for a request without an answer")
    before = signal.signal(signal.SIGALRM, lambda number, frame: None)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
        began = time.monotonic()
        with pytest.raises(ChannelTimeout):
            route.request(RTM_NEWLINK, link_payload(1), timeout=0.3)
        assert 0.29 <= time.monotonic() - began < 2
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


# Threads and forks -------------------------------------------------------------------------------


def test_eight_threads_share_a_socket_and_none_gets_a_wrong_answer(generic: NetlinkSocket) -> None:
    names = present(generic)
    wrong: list[tuple[str, str]] = []
    counts = [0] * 8

    def work(thread: int) -> None:
        chance = random.Random(thread)
        for _ in range(3000):
            name = chance.choice(names)
            got = family_name(generic.request(16, ask_for(name)).payload)
            counts[thread] += 1
            if got != name:
                wrong.append((name, got))
        for _ in range(20):
            if [family_name(each.payload) for each in generic.dump(16, struct.pack("=BBH", 3, 1, 0))] != names:
                wrong.append(("dump", "differs"))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(120)
    assert counts == [3000] * 8
    assert wrong == []
    assert generic.statistics.stale == 0


def test_parent_and_child_use_a_socket_at_once_and_none_gets_a_wrong_answer(generic: NetlinkSocket) -> None:
    names = present(generic)
    parents_port = generic.portid
    inode = os.fstat(port_of(generic).socket.fileno()).st_ino

    def work(seed: int) -> int:
        chance = random.Random(seed)
        wrong = 0
        for _ in range(3000):
            name = chance.choice(names)
            wrong += family_name(generic.request(16, ask_for(name)).payload) != name
        return wrong

    child = os.fork()
    if not child:
        status = 99
        try:
            status = 2 if inode in open_inodes() else min(work(2), 50) + 10 * (generic.portid == parents_port)
        finally:
            os._exit(status)
    assert work(1) == 0
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert generic.portid == parents_port


def test_a_child_of_a_process_whose_other_thread_holds_the_lock_can_ask(generic: NetlinkSocket) -> None:
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            generic.request(16, GETFAMILY)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        for _ in range(20):
            child = os.fork()
            if not child:
                signal.alarm(20)
                try:
                    os._exit(family_name(generic.request(16, GETFAMILY).payload) != "nlctrl")
                finally:
                    os._exit(9)
            _, status = os.waitpid(child, 0)
            assert os.waitstatus_to_exitcode(status) == 0
    finally:
        stop.set()
        thread.join()


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


# Namespaces --------------------------------------------------------------------------------------


@isolated
def test_a_socket_stays_in_the_namespace_where_it_was_opened() -> None:
    with NetlinkSocket(nl.NETLINK_ROUTE) as route:
        add_link(route, "here0")
        inode = route.netns_inode
        assert inode == current_namespace()
        handle = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        unshare_network()
        assert current_namespace() != inode

        def names(opened: NetlinkSocket) -> set[str]:
            return {
                attributes.read_string(each.payload, attributes.parse(each.payload, 16)[IFLA_IFNAME])
                for each in opened.dump(RTM_GETLINK, link_payload())
            }

        # A dump opens a second socket, and a forked child a third: in the old namespace, both.
        assert "here0" in names(route)
        child = os.fork()
        if not child:
            try:
                os._exit(0 if "here0" in names(route) else 1)
            finally:
                os._exit(9)
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == 0
        with NetlinkSocket(nl.NETLINK_ROUTE) as other, NetlinkSocket(0, netns=f"/proc/self/fd/{handle}") as again:
            assert "here0" not in names(other)
            assert "here0" in names(again)
            assert again.netns_inode == inode != other.netns_inode
        # The thread that asks is still where it was.
        assert current_namespace() != inode


def test_a_namespace_that_is_not_there_is_told() -> None:
    with pytest.raises(FileNotFoundError, match="/run/netns/nosuch"):
        NetlinkSocket(nl.NETLINK_ROUTE, netns="/run/netns/nosuch")
