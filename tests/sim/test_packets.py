"""Netfilter hooks and events in the simulation."""

from __future__ import annotations

import asyncio
import select
import threading
from ipaddress import IPv4Address

import pytest

import landbridge as lb
from landbridge.client import load
from landbridge.compiler import compile_interface
from landbridge.constants import NF_ACCEPT, NF_DROP
from landbridge.errors import ChannelTimeout
from landbridge.sim import Packet, SimulatedKernel, Simulation, sim
from tests.sim.packets import ipv4, ipv6, udp
from tests.sim.world import Seen, World

SEEN = Seen(IPv4Address("10.0.0.1"), IPv4Address("10.0.0.2"), 80)


@pytest.fixture
def kernel() -> SimulatedKernel:
    return sim()


@pytest.fixture
def world(kernel: SimulatedKernel) -> Simulation:
    return Simulation(compile_interface(World), kernel)


def test_a_hook_reads_headers_and_sends_events(world: Simulation) -> None:
    listener = world.subscribe("seen")
    assert world.netfilter("watch", ipv4(udp(80))) is NF_ACCEPT
    assert world.netfilter("watch", ipv4(udp(53), options=bytes(8))) is NF_DROP
    first, second = listener.get(0), listener.get(0)
    assert first is not None
    assert second is not None
    assert (first.sequence, Seen.from_bytes(first.record)) == (1, SEEN)
    assert (second.sequence, Seen.from_bytes(second.record).port) == (2, 53)
    assert listener.get(0) is None


@pytest.mark.parametrize(
    "packet",
    [
        pytest.param(b"", id="empty"),
        pytest.param(ipv4(udp(53))[:19], id="network header cut"),
        pytest.param(ipv4(udp(53))[:27], id="transport header cut"),
        pytest.param(ipv4(udp(53), protocol=6), id="another protocol"),
        pytest.param(ipv4(udp(53), fragment=1), id="later fragment"),
        pytest.param(ipv4(udp(53), version=5), id="another version"),
        pytest.param(ipv6(udp(53)), id="IPv6"),
    ],
)
def test_a_packet_without_the_header_is_accepted_silently(world: Simulation, packet: bytes) -> None:
    listener = world.subscribe("seen")
    assert world.netfilter("watch", packet) is NF_ACCEPT
    assert listener.get(0) is None
    assert not world.log


def test_a_first_fragment_has_its_header(world: Simulation) -> None:
    assert world.netfilter("watch", ipv4(udp(53), fragment=0x2000)) is NF_DROP


def test_a_hook_that_fails_accepts_and_warns_within_the_rate(world: Simulation, kernel: SimulatedKernel) -> None:
    for _ in range(25):
        assert world.netfilter("watch", ipv4(udp(1))) is NF_ACCEPT
    assert [line.text for line in kernel.log] == ["world: watch: error -1"] * 10
    kernel.now_ns += 6_000_000_000
    world.netfilter("watch", ipv4(udp(1)))
    assert len(kernel.log) == 11


def test_the_machine_gives_packets_to_the_hooks_of_their_family(world: Simulation, kernel: SimulatedKernel) -> None:
    assert kernel.netfilter(ipv4(udp(53))) is NF_DROP
    assert kernel.netfilter(ipv4(udp(53)), hook=lb.NF_INET_POST_ROUTING) is NF_ACCEPT
    assert kernel.netfilter(ipv6(udp(53))) is NF_ACCEPT
    assert world.call("total") == 1


def test_extension_headers_are_skipped() -> None:
    hop = bytes([17, 0]) + bytes(6)
    assert Packet(ipv6(hop + udp(53), next_header=0)).header("udp").dest == 53  # type: ignore[union-attr]
    assert Packet(ipv6(bytes([17, 0, 0, 8]) + bytes(4) + udp(53), next_header=44)).header("udp") is None
    assert Packet(ipv6(bytes([17, 0, 0, 1]) + bytes(4) + udp(53), next_header=44)).header("udp").dest == 53  # type: ignore[union-attr]
    assert Packet(ipv6(b"", next_header=59)).header("udp") is None


def test_a_full_queue_is_counted(world: Simulation) -> None:
    slow, fast = world.subscribe("seen", capacity=2), world.subscribe("seen")
    for _ in range(5):
        world.netfilter("watch", ipv4(udp(80)))
    assert world.event_counts("seen") == (2, 3)
    assert [slow.get(0).sequence for _ in range(2)] == [1, 2]  # type: ignore[union-attr]
    assert [fast.get(0).sequence for _ in range(5)] == [1, 2, 3, 4, 5]  # type: ignore[union-attr]


def test_a_stream_gives_events_and_losses(kernel: SimulatedKernel) -> None:
    with load(World, kernel=kernel) as world:
        kernel.netfilter(ipv4(udp(9)))  # before anybody listens
        world.seen.open()
        assert not select.select([world.seen.fileno()], [], [], 0)[0]
        kernel.netfilter(ipv4(udp(80)))
        assert select.select([world.seen.fileno()], [], [], 0)[0]
        assert world.seen.next(timeout=0) == SEEN
        with pytest.raises(ChannelTimeout):
            world.seen.next(timeout=0)
        for _ in range(4100):
            kernel.netfilter(ipv4(udp(80)))
        assert [world.seen.next(timeout=0) for _ in range(4096)] == [SEEN] * 4096
        kernel.netfilter(ipv4(udp(81)))
        assert world.seen.next(timeout=0) == lb.Lost(4)
        assert world.seen.next(timeout=0).port == 81  # type: ignore[union-attr]


def test_a_stream_waits_for_another_thread(kernel: SimulatedKernel) -> None:
    with load(World, kernel=kernel) as world:
        world.seen.open()
        sender = threading.Timer(0.05, lambda: kernel.netfilter(ipv4(udp(80))))
        sender.start()
        assert next(iter(world.seen)) == SEEN
        sender.join()


def test_a_stream_waits_in_a_task(kernel: SimulatedKernel) -> None:
    async def first(world: World) -> object:
        async for packet in world.seen:
            return packet
        return None

    with load(World, kernel=kernel) as world:
        world.seen.open()
        kernel.netfilter(ipv4(udp(80)))
        assert asyncio.run(first(world)) == SEEN
