"""What a crossing costs through landbridge, beside the bare system call from Python and from C.

    landbridge run bench/crossing.py [--rounds 9] [--count 2000]

All in one run, in turns (ours, Python, C, ours, ...): medians of the rounds. Read the ratios; the times
are those of an emulated machine. The C program is compiled on the spot, with the host's gcc.
"""

from __future__ import annotations

import argparse
import gc
import socket
import statistics
import struct
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import landbridge as lb
from landbridge.channels.netlink.operations import Kind, find, generic_operations, group_name, raw_operations
from landbridge.netlink.generic import GenericNetlink

UNIT = 25
BURST = 2000
SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, SO_RCVBUFFORCE = 270, 1, 33
U32 = struct.Struct("=I")
HEADER = struct.Struct("=IHHII")
Nanoseconds = Callable[[], float]


class Mark(lb.Struct):
    """What a burst sends."""

    number: lb.u64


class Crossing(lb.Interface):
    """The smallest members of each kind."""

    mark = lb.Event(Mark)

    @lb.command
    def put(self, value: lb.u32) -> None:
        """Take a number."""

    @lb.command
    def get(self) -> lb.u32:
        """Give a number."""
        return 7

    @lb.command
    def burst(self, count: lb.u32) -> None:
        """Send that many events."""
        for i in range(count):
            self.mark(Mark(number=lb.u64(i)))


SPEC = Crossing.__lb_spec__


def timed(call: Callable[[], Any], count: int) -> Nanoseconds:
    """How long one of ``count`` calls takes."""

    def run() -> float:
        gc.disable()
        start = time.perf_counter_ns()
        for _ in range(count):
            call()
        spent = time.perf_counter_ns() - start
        gc.enable()
        return spent / count

    return run


def from_c(bare: Path, *arguments: object, fd: int | None = None) -> Nanoseconds:
    """The same, told by the C program."""
    line = [str(bare), *map(str, arguments)]
    fds = () if fd is None else (fd,)
    return lambda: float(subprocess.run(line, check=True, capture_output=True, text=True, pass_fds=fds).stdout)


def compare(title: str, rounds: int, ours: Nanoseconds, python: Nanoseconds, c: Nanoseconds) -> None:
    """Run the three in turns and print a row."""
    times = [(ours(), python(), c()) for _ in range(rounds)]
    mine, theirs, floor = (statistics.median(column) / 1000 for column in zip(*times, strict=True))
    to_python = statistics.median(row[0] / row[1] for row in times)
    to_c = statistics.median(row[0] / row[2] for row in times)
    print(f"{title:<36}{mine:>9.2f}{theirs:>9.2f}{floor:>9.2f}{to_python:>10.2f}x{to_c:>8.2f}x", flush=True)


def sockopt_rows(bare: Path, rounds: int, count: int) -> None:
    """setsockopt and getsockopt."""
    over = lb.sockopt()
    with (
        lb.load(Crossing, over={"mark": lb.netlink, ...: over}) as end,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock,
    ):
        get, put = (over.option(find_member(name)) for name in ("get", "put"))
        compare(
            "sockopt: command with a reply",
            rounds,
            timed(end.get, count),
            timed(lambda: U32.unpack(sock.getsockopt(0, get, 4))[0], count),
            from_c(bare, "get", 0, get, 4, count),
        )
        compare(
            "sockopt: command with a request",
            rounds,
            timed(lambda: end.put(5), count),
            timed(lambda: sock.setsockopt(0, put, U32.pack(5)), count),
            from_c(bare, "set", 0, put, 4, count),
        )


def find_member(name: str) -> Any:
    """A member of the interface."""
    return SPEC.member(name)


def netlink_rows(bare: Path, rounds: int, count: int, *, raw: bool) -> None:
    """One request and its answer, as messages; a burst of events that waits in the socket."""
    title, protocol = ("raw netlink", UNIT) if raw else ("generic netlink", 16)
    over = lb.netlink(unit=UNIT, readers=3) if raw else lb.netlink
    with lb.load(Crossing, over=over) as end:
        request = get_request(raw=raw)
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, protocol) as sock:
            sock.bind((0, 0))

            def ask() -> int:
                sock.send(request)
                answer = sock.recv(65536)
                value: int = U32.unpack_from(answer, 16 if raw else 24)[0]
                assert value == 7
                return value

            compare(
                f"{title}: command with a reply",
                rounds,
                timed(end.get, count),
                timed(ask, count),
                from_c(bare, "ask", protocol, request.hex(), count),
            )
        event_row(bare, rounds, end, title, raw=raw)


def get_request(*, raw: bool) -> bytes:
    """The message that calls ``get``."""
    if raw:
        operation = find(raw_operations(SPEC.crossing), Kind.COMMAND, find_member("get"))
        return HEADER.pack(16, operation.number, 1, 1, 0)
    operation = find(generic_operations(SPEC.crossing), Kind.COMMAND, find_member("get"))
    family = GenericNetlink().family(SPEC.c_name)
    return HEADER.pack(20, family.id, 1, 1, 0) + struct.pack("=BBH", operation.number, 1, 0)


@contextmanager
def listener(*, raw: bool) -> Iterator[socket.socket]:
    """A bare socket that gets the events."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, UNIT if raw else 16) as sock:
        sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 64 << 20)
        sock.bind((0, 0))
        if raw:
            operations = raw_operations(SPEC.crossing)
            event = find(operations, Kind.EVENT, find_member("mark"))
            register = find(operations, Kind.REGISTER)
            sock.send(HEADER.pack(20, register.number, 5, 1, 0) + U32.pack(event.number))
            error = struct.unpack_from("=i", sock.recv(4096), 16)[0]
            assert error == 0, error
        else:
            group = GenericNetlink().family(SPEC.c_name).groups[group_name(find_member("mark"))]
            sock.setsockopt(SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, group)
        yield sock


def event_row(bare: Path, rounds: int, end: Crossing, title: str, *, raw: bool) -> None:
    """Receiving and decoding a burst of events that waits in the socket."""
    events = end.mark
    events.open()
    with listener(raw=raw) as in_python, listener(raw=raw) as in_c:

        def ours() -> float:
            end.burst(BURST)
            stream = iter(events)
            start = time.perf_counter_ns()
            for _ in range(BURST):
                item = next(stream)
                assert not isinstance(item, lb.Lost), item
            return (time.perf_counter_ns() - start) / BURST

        def python() -> float:
            start = time.perf_counter_ns()
            for _ in range(BURST):
                in_python.recv(65536)
            return (time.perf_counter_ns() - start) / BURST

        drain = from_c(bare, "drain", in_c.fileno(), BURST, fd=in_c.fileno())
        compare(f"{title}: event received", rounds, ours, python, drain)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="What a crossing costs.")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--count", type=int, default=2000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bare = Path(folder) / "bare"
        subprocess.run(["gcc", "-O2", "-o", bare, Path(__file__).with_name("bare.c")], check=True)
        print(f"{'microseconds each':<36}{'ours':>9}{'Python':>9}{'C':>9}{'/Python':>11}{'/C':>9}")
        sockopt_rows(bare, options.rounds, options.count)
        netlink_rows(bare, options.rounds, options.count, raw=False)
        netlink_rows(bare, options.rounds, options.count, raw=True)


if __name__ == "__main__":
    main()
