"""What the netlink user end costs, beside the bare system calls from Python.

    sudo python bench/netlink_client.py [--rounds 100] [--routes 102400]

Requests run in turns with their bare counterparts, the best of the rounds counts; read the ratios, not
the times. Routes are made in a network namespace of the benchmark's own.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import socket
import struct
import time
from collections.abc import Callable

from landbridge.events import Lost
from landbridge.netlink import constants as nl
from landbridge.netlink import wire
from landbridge.netlink.generic import GenericNetlink
from landbridge.netlink.request import Request
from landbridge.netlink.socket import NetlinkSocket
from landbridge.netlink.subscription import Subscription

RTM_NEWLINK, RTM_NEWROUTE, RTM_GETROUTE = 16, 24, 26
RTNLGRP_IPV4_ROUTE = 7
CLONE_NEWNET = 0x40000000
LOOKUP = struct.pack("=HH", 11, 2) + b"nlctrl\0\0"
GETFAMILY = struct.pack("=BBH", 3, 1, 0) + LOOKUP
ALL_ROUTES = struct.pack("=12B", socket.AF_INET, *[0] * 11)


def in_turns(calls: dict[str, Callable[[], object]], rounds: int, count: int = 100) -> dict[str, float]:
    """Best time of each call, in microseconds."""
    best = dict.fromkeys(calls, float("inf"))
    for _ in range(rounds):
        for name, call in calls.items():
            began = time.perf_counter()
            for _ in range(count):
                call()
            best[name] = min(best[name], (time.perf_counter() - began) / count * 1e6)
    return best


def requests(rounds: int) -> None:
    """A request with an answer, bare, ours, and by the name of the family."""
    raw = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, nl.NETLINK_GENERIC)
    data = wire.build(16, nl.NLM_F_REQUEST, 1, GETFAMILY)

    def bare() -> None:
        raw.send(data)
        raw.recv(65536)

    with raw, NetlinkSocket(nl.NETLINK_GENERIC) as ours, GenericNetlink() as generic:
        raw.bind((0, 0))
        batch = [Request(16, GETFAMILY, reply=True)] * 64
        best = in_turns(
            {
                "bare send + recv": bare,
                "request": lambda: ours.request(16, GETFAMILY),
                "generic, by name": lambda: generic.request("nlctrl", 3, LOOKUP),
            },
            rounds,
        )
        best["batch of 64, each"] = in_turns({"": lambda: ours.batch(batch)}, rounds, 2)[""] / 64
    for name, microseconds in best.items():
        print(f"{name:20} {microseconds:7.2f} us   {microseconds / best['bare send + recv']:5.2f} x")


def route(number: int) -> bytes:
    """Payload of an RTM_NEWROUTE for one host through lo."""
    header = struct.pack("=8BI", socket.AF_INET, 32, 0, 0, 254, 4, 253, 1, 0)
    destination = struct.pack("=HH4s", 8, 1, struct.pack(">I", 0x0B000000 + number))
    return header + destination + struct.pack("=HHI", 8, 4, 1)


def tables(count: int) -> None:
    """Many routes: added, their events read, and dumped."""
    with NetlinkSocket(nl.NETLINK_ROUTE) as ours:
        ours.execute(RTM_NEWLINK, struct.pack("=BxHiII", 0, 0, 1, 1, 1))
        watcher = Subscription(
            nl.NETLINK_ROUTE, lambda message: message.type, groups=[RTNLGRP_IPV4_ROUTE], receive_buffer=256 << 20
        )
        adds = [Request(RTM_NEWROUTE, route(number), nl.NLM_F_CREATE | nl.NLM_F_EXCL) for number in range(count)]
        began = time.perf_counter()
        done = sum(result == [] for result in ours.batch(adds))
        print(f"{done} routes added in a batch: {(time.perf_counter() - began) / count * 1e6:.1f} us each")
        began_cpu = time.process_time()
        items = list(watcher.available())
        spent = time.process_time() - began_cpu
        lost = sum(item.count or 0 for item in items if isinstance(item, Lost))
        print(f"{len(items)} events read, {lost} lost: {spent / len(items) * 1e6:.2f} us CPU each")
        watcher.close()
        for name, dump in {
            "dump_parts": lambda: ours.dump_parts(RTM_GETROUTE, ALL_ROUTES),
            "dump": lambda: list(ours.dump(RTM_GETROUTE, ALL_ROUTES)),
            "stream": lambda: sum(1 for _ in ours.stream(RTM_GETROUTE, ALL_ROUTES)),
        }.items():
            began_cpu = time.process_time()
            dump()
            spent = time.process_time() - began_cpu
            print(f"{name:10} of {count} routes: {spent:.3f} s CPU, {spent / count * 1e6:.2f} us each")


def main() -> None:
    """Run all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--routes", type=int, default=102_400)
    arguments = parser.parse_args()
    requests(arguments.rounds)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET):
        raise SystemExit(f"routes need root: {os.strerror(ctypes.get_errno())}")
    tables(arguments.routes)


if __name__ == "__main__":
    main()
