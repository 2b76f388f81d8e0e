"""What the netlink tests in a guest share: an interface with every shape, and raw access to the kernel end."""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Callable, Iterator
from ipaddress import IPv4Address, IPv6Address
from typing import Annotated, Any

import landbridge as lb
from landbridge.types import MacAddress

Message = Annotated[str, lb.Chars(64)]
Words = Annotated[list[int], lb.Array(lb.u32, 4)]


class Level(lb.Enum, base=lb.u8):
    LOW = 1
    HIGH = 5


class Mode(lb.Enum, base=lb.u16):
    A = 0
    B = 1
    C = 2


class Rights(lb.Flags):
    READ = 1
    WRITE = 4


class Point(lb.Struct):
    x: lb.s32
    y: lb.u64
    name: Annotated[str, lb.Chars(8)]


class Everything(lb.Struct):
    u8: lb.u8
    s16: lb.s16
    u64: lb.u64
    s64: lb.s64
    be16: lb.be16
    be32: lb.be32
    be64: lb.be64
    flag: bool
    v4: lb.ipv4
    v6: lb.ipv6
    mac: lb.mac
    text: Message
    words: Words
    level: Level
    mode: Mode
    rights: Rights
    point: Point


class Tick(lb.Struct):
    number: lb.u32
    level: Level


class Note(lb.Struct):
    text: Annotated[str, lb.Chars(32)]


class Row(lb.Struct):
    number: lb.u32
    name: Annotated[str, lb.Chars(16)]


class Entry(lb.Struct):
    key: lb.u32
    value: lb.u32


class Large(lb.Struct):
    number: lb.u32
    data: Annotated[list[int], lb.Array(lb.u8, 5000)]


class Crossing(lb.Interface):
    """Every shape that netlink carries."""

    ticked = lb.Event(Tick)
    noted = lb.Event(Note, capability=None)
    limit = lb.Param(lb.u32, default=10, minimum=1, maximum=100, doc="a bounded number")
    wide = lb.Param(lb.u64, minimum=1 << 40, default=1 << 41)
    offset = lb.Param(lb.s64, minimum=-(1 << 62), maximum=5, mode=0o666)
    label = lb.Param(lb.Chars(400), default="first")
    secret = lb.Param(lb.u32, default=7, mode=0o600)
    blind = lb.Param(lb.u32, mode=0o200)
    fixed = lb.Param(lb.u32, default=3, mode=0o444)
    numbers = lb.Map(lb.u32, lb.u32, 4096)
    large = lb.State(Large)

    @lb.command
    def tell(self, message: Message) -> None:
        lb.pr_info("umsg: %s", message)

    @lb.command(capability=None)
    def ask(self) -> Message:
        return "a message from kernel\n"

    @lb.command(capability=None)
    def echo(self, thing: Everything) -> Everything:
        return thing

    @lb.command(capability=lb.CAP_SYS_ADMIN)
    def add(self, left: lb.u32, right: lb.u32) -> lb.u64:
        return lb.u64(left) + lb.u64(right)

    @lb.command(capability=None)
    def nothing(self) -> None:
        pass

    @lb.command
    def tick(self, count: lb.u32) -> None:
        for i in range(count):
            self.ticked(Tick(number=i, level=Level.HIGH))

    @lb.command
    def note(self, text: Annotated[str, lb.Chars(32)]) -> None:
        self.noted(Note(text=text))

    @lb.command
    def put(self, key: lb.u32, value: lb.u32) -> None:
        self.numbers[key] = value

    @lb.command
    def drop(self, key: lb.u32) -> None:
        del self.numbers[key]

    @lb.command
    def fill(self, first: lb.u32, count: lb.u32) -> None:
        self.numbers.clear()
        for i in range(count):
            self.numbers[first + i] = i

    @lb.command(capability=None)
    def refuse(self, number: lb.u32) -> lb.u32:
        if number == 1:
            raise PermissionError
        if number == 2:
            raise FileNotFoundError
        return 100 // number

    @lb.table
    def rows(self) -> Iterator[Row]:
        for i in range(3000):
            yield Row(number=i, name="row")

    @lb.table(capability=None)
    def entries(self) -> Iterator[Entry]:
        for key, value in self.numbers.items():
            yield Entry(key=key, value=value)

    @lb.table(capability=lb.CAP_SYS_ADMIN)
    def larges(self) -> Iterator[Large]:
        for i in range(5):
            self.large.number = i
            yield self.large


def everything() -> Everything:
    return Everything(
        u8=255,
        s16=-2,
        u64=(1 << 64) - 1,
        s64=-(1 << 63),
        be16=0x1234,
        be32=0x12345678,
        be64=1 << 63,
        flag=True,
        v4=IPv4Address("192.0.2.1"),
        v6=IPv6Address("2001:db8::1"),
        mac=MacAddress("52:54:00:12:34:56"),
        text="grün",
        words=[1, 2, 3, 1 << 31],
        level=Level.HIGH,
        mode=Mode.C,
        rights=Rights.READ | Rights.WRITE,
        point=Point(-1, 7, "name"),
    )


def as_nobody(over: Any, cls: type[Any], call: str) -> str:
    """What a call gives for an unprivileged user, in a child."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgid(65534)
            os.setuid(65534)
            end = lb.attach(cls, over=over)
            try:
                result = repr(eval(call, {"end": end, "set": setattr, "list": list}))
            except Exception as error:
                result = f"PermissionError {isinstance(error, PermissionError)}"
            os.write(write, result.encode())
        finally:
            os._exit(0)
    os.close(write)
    os.waitpid(child, 0)
    with os.fdopen(read) as pipe:
        return pipe.read()


def in_child(work: Callable[[], None]) -> int:
    """Run something in a forked child; gives its process ID."""
    child = os.fork()
    if child == 0:
        try:
            work()
            os._exit(0)
        finally:
            os._exit(1)
    return child


class Wire:
    """A plain netlink socket: what a C program would use."""

    def __init__(self, unit: int) -> None:
        self.socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, unit)
        self.socket.bind((0, 0))
        self.socket.setsockopt(270, 11, 1)  # SOL_NETLINK, NETLINK_EXT_ACK
        self.socket.setsockopt(270, 10, 1)  # NETLINK_CAP_ACK
        self.socket.settimeout(5)

    def send(self, kind: int, payload: bytes, flags: int = 5, length: int | None = None) -> None:
        """Send one message; ``length`` is what its header claims."""
        size = 16 + len(payload) if length is None else length
        self.socket.send(struct.pack("=IHHII", size, kind, flags, 1, 0) + payload)

    def error(self, kind: int, payload: bytes, flags: int = 5) -> int:
        """Send one message; gives the error number of its acknowledgement."""
        self.send(kind, payload, flags)
        while True:
            answer = self.socket.recv(65536)
            if struct.unpack_from("=H", answer, 4)[0] == 2:
                return -int(struct.unpack_from("=i", answer, 16)[0])

    def drain(self) -> None:
        """Throw away what has come."""
        self.socket.setblocking(False)
        try:
            while True:
                try:
                    self.socket.recv(65536)
                except BlockingIOError:
                    break
                except OSError:
                    continue  # ENOBUFS: the answers were more than the buffer holds
        finally:
            self.socket.settimeout(5)

    def close(self) -> None:
        self.socket.close()


def attribute(kind: int, value: bytes, length: int | None = None) -> bytes:
    """One netlink attribute; ``length`` is what its header claims."""
    return struct.pack("=HH", 4 + len(value) if length is None else length, kind) + value + bytes(-len(value) % 4)
