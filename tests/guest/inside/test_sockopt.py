"""Runs in a guest: the sockopt channel on a real kernel, with good and bad input."""

from __future__ import annotations

import ctypes
import errno
import mmap
import os
import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import pytest

import landbridge as lb
from landbridge.channels.sockopt import sockopt
from landbridge.errors import ClosedError, DeclarationError, GoneError, KernelError, LoadError, MismatchError

Message = Annotated[str, lb.Chars(64)]
Block = Annotated[list[int], lb.Array(lb.u32, 512)]  # 2 KiB: more than a stack frame should hold
BASE = 0x4D00


class Pair(lb.Struct):
    small: lb.u8
    large: lb.u64


class Options(lb.Interface):
    """Every shape that the channel has."""

    limit = lb.Param(lb.u32, default=10, minimum=5, maximum=50, doc="a bounded number")
    label = lb.Param(lb.Chars(16), default="first")
    secret = lb.Param(lb.u32, default=1, mode=0o600)
    table = lb.Param(lb.Array(lb.u32, 512))
    kept = lb.State(lb.u32)
    scratch = lb.State(lb.Array(lb.u32, 512))

    @lb.command(number=9)
    def tell(self, message: Message) -> None:
        lb.pr_info("umsg: %s", message)

    @lb.command(number=9)
    def ask(self) -> Message:
        return "a message from kernel\n"

    @lb.command
    def add(self, left: lb.u32, right: lb.u32) -> lb.u64:
        return lb.u64(left) + lb.u64(right)

    @lb.command
    def swap(self, pair: Pair) -> Pair:
        return Pair(small=lb.u8(pair.large), large=lb.u64(pair.small))

    @lb.command
    def twice(self, block: Block) -> Block:
        for i in range(512):
            self.scratch[i] = block[i] * 2
        return self.scratch

    @lb.command
    def poke(self) -> None:
        self.kept += 1

    @lb.command(capability=None)
    def kept_now(self) -> lb.u32:
        return self.kept

    @lb.command
    def refuse(self, number: lb.u32) -> lb.u32:
        if number == 1:
            raise PermissionError
        if number == 2:
            raise lb.Errno(errno.ENODATA)
        return 100 // number


@pytest.fixture(scope="module")
def options() -> Iterator[Options]:
    with lb.load(Options, over=sockopt(base=BASE)) as loaded:
        yield loaded


def number(name: str) -> int:
    member: Any = Options.__lb_spec__.member(name)
    return BASE + int(member.number)


@pytest.fixture
def sock() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as opened:
        yield opened


def test_every_shape_crosses(options: Options) -> None:
    options.tell("a message from userspace\n")
    assert options.ask() == "a message from kernel\n"
    assert options.add(1 << 31, 1 << 31) == 1 << 32
    assert options.add(right=2, left=1) == 3
    assert options.swap(Pair(7, 300)) == Pair(44, 7)
    assert options.twice(list(range(512))) == [2 * i for i in range(512)]
    before = options.kept_now()
    options.poke()
    assert options.kept_now() == before + 1
    assert options.limit == 10
    options.limit = 50
    assert options.limit == 50
    options.label = "second"
    assert options.label == "second"
    options.table = list(range(512))
    assert options.table == list(range(512))


def test_the_kernel_log_has_the_message(options: Options) -> None:
    options.tell("seen in the log\n")
    log = os.popen("dmesg").read()
    assert "umsg: seen in the log" in log


def test_any_socket_of_the_family_reaches_it(options: Options) -> None:
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW):
        with socket.socket(socket.AF_INET, kind, socket.IPPROTO_ICMP if kind == socket.SOCK_RAW else 0) as sock:
            assert sock.getsockopt(0, number("ask"), 64).startswith(b"a message from kernel\n")


@pytest.mark.parametrize("length", [0, 1, 63, 65, 65536])
def test_a_wrong_request_length_is_refused(options: Options, sock: socket.socket, length: int) -> None:
    with pytest.raises(OSError) as caught:
        sock.setsockopt(0, number("tell"), b"x" * length)
    assert caught.value.errno == errno.EINVAL


def raw_getsockopt(sock: socket.socket, option: int, address: int | None, length: int) -> tuple[int, int]:
    """getsockopt(2) with any pointer; gives errno and the length that came back."""
    libc = ctypes.CDLL(None, use_errno=True)
    size = ctypes.c_int(length)
    pointer = ctypes.c_void_p(address)
    result = libc.getsockopt(sock.fileno(), 0, option, pointer, ctypes.byref(size))
    return (ctypes.get_errno() if result else 0), size.value


@pytest.mark.parametrize("length", [0, 1, 63, 65, 1 << 16, -1, -(1 << 31)])
def test_a_wrong_reply_length_is_refused_and_nothing_is_written(
    options: Options, sock: socket.socket, length: int
) -> None:
    buffer = ctypes.create_string_buffer(b"\xaa" * 70000, 70000)
    number_, _ = raw_getsockopt(sock, number("ask"), ctypes.addressof(buffer), length)
    assert number_ == errno.EINVAL
    assert buffer.raw == b"\xaa" * 70000


def test_a_reply_writes_exactly_its_size(options: Options, sock: socket.socket) -> None:
    buffer = ctypes.create_string_buffer(b"\xaa" * 80, 80)
    assert raw_getsockopt(sock, number("ask"), ctypes.addressof(buffer), 64) == (0, 64)
    assert buffer.raw[:64] == b"a message from kernel\n" + bytes(42)
    assert buffer.raw[64:] == b"\xaa" * 16


def test_null_and_unmapped_pointers(options: Options, sock: socket.socket) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    hole = mmap.mmap(-1, 3 * mmap.PAGESIZE)
    start = ctypes.addressof(ctypes.c_char.from_buffer(hole))
    libc.munmap(ctypes.c_void_p(start + mmap.PAGESIZE), ctypes.c_size_t(mmap.PAGESIZE))
    for address in (None, 1, start + mmap.PAGESIZE, start + mmap.PAGESIZE - 4, 0xFFFF800000000000):
        assert raw_getsockopt(sock, number("ask"), address, 64)[0] == errno.EFAULT
        pointer = ctypes.c_void_p(address)
        assert libc.setsockopt(sock.fileno(), 0, number("tell"), pointer, 64) == -1
        assert ctypes.get_errno() == errno.EFAULT
        assert raw_getsockopt(sock, number("add"), address, 8)[0] == errno.EFAULT
        assert raw_getsockopt(sock, number("twice"), address, 2048)[0] == errno.EFAULT


def test_text_without_an_end_and_numbers_out_of_bounds(options: Options, sock: socket.socket) -> None:
    with pytest.raises(OSError) as caught:
        sock.setsockopt(0, number("tell"), b"x" * 64)
    assert caught.value.errno == errno.EINVAL
    for value in (0, 4, 51, 0xFFFFFFFF):
        with pytest.raises(OSError) as caught:
            sock.setsockopt(0, number("limit"), struct.pack("=I", value))
        assert caught.value.errno == errno.ERANGE
    with pytest.raises(KernelError) as from_client:
        options.limit = 51
    assert from_client.value.errno == errno.ERANGE


def test_unknown_options(options: Options, sock: socket.socket) -> None:
    for option in (number("tell") - 1000, BASE + 100, BASE - 1):
        with pytest.raises(OSError) as caught:
            sock.setsockopt(0, option, b"1234")
        assert caught.value.errno == errno.ENOPROTOOPT
        with pytest.raises(OSError) as caught:
            sock.getsockopt(0, option, 4)
        assert caught.value.errno == errno.ENOPROTOOPT


def test_errors_of_handlers_arrive(options: Options) -> None:
    with pytest.raises(PermissionError):
        options.refuse(1)
    with pytest.raises(KernelError) as caught:
        options.refuse(2)
    assert caught.value.errno == errno.ENODATA
    with pytest.raises(KernelError) as caught:
        options.refuse(0)
    assert caught.value.errno == errno.EDOM
    assert options.refuse(5) == 20


def test_values_that_do_not_fit_do_not_cross(options: Options) -> None:
    with pytest.raises(ValueError, match="left: 4294967296 does not fit u32"):
        options.add(1 << 32, 0)
    with pytest.raises(ValueError, match="64 bytes does not fit"):
        options.tell("x" * 64)
    with pytest.raises(TypeError):
        options.add(1)  # type: ignore[call-arg]  # wrong on purpose


def as_nobody(call: str) -> str:
    """What a call gives for an unprivileged user, in a child."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.setgid(65534)
        os.setuid(65534)
        end = lb.attach(Options, over=sockopt(base=BASE))
        try:
            result = repr(eval(call, {"end": end, "set": setattr}))
        except Exception as error:
            result = f"PermissionError {isinstance(error, PermissionError)}"
        os.write(write, result.encode())
        os._exit(0)
    os.close(write)
    os.waitpid(child, 0)
    with os.fdopen(read) as pipe:
        return pipe.read()


def test_without_the_capability(options: Options) -> None:
    assert as_nobody("end.ask()") == "PermissionError True"
    assert as_nobody("end.tell('x')") == "PermissionError True"
    assert as_nobody("end.add(1, 2)") == "PermissionError True"
    assert as_nobody("set(end, 'limit', 7)") == "PermissionError True"
    assert as_nobody("end.secret") == "PermissionError True"
    assert as_nobody("end.limit") == str(options.limit)
    assert as_nobody("end.kept_now()") == str(options.kept_now())


def test_threads_share_an_end(options: Options) -> None:
    wrong: list[tuple[int, int]] = []

    def work(left: int) -> None:
        wrong.extend((left, right) for right in range(500) if options.add(left, right) != left + right)

    threads = [threading.Thread(target=work, args=(1000 * i,)) for i in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert wrong == []


def test_state_is_locked(options: Options) -> None:
    before = options.kept_now()
    children = []
    for _ in range(4):
        child = os.fork()
        if child == 0:
            for _ in range(1000):
                options.poke()
            os._exit(0)
        children.append(child)
    for child in children:
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert options.kept_now() == before + 4000


def test_numbers_that_are_taken(options: Options) -> None:
    class Second(lb.Interface):
        @lb.command
        def go(self) -> None: ...

    with pytest.raises(LoadError, match=r"options 0x4d00 to 0x4d01 of PF_INET are taken by another module") as caught:
        lb.load(Second, over=sockopt(base=BASE))
    assert caught.value.errno == errno.EBUSY
    assert "second" not in Path("/proc/modules").read_text()
    with pytest.raises(DeclarationError, match="ebtables"):
        lb.load(Second, over=sockopt(base=128))


def test_loaded_twice(options: Options) -> None:
    with pytest.raises(LoadError) as caught:
        lb.load(Options, over=sockopt(base=BASE))
    assert caught.value.errno == errno.EEXIST
    assert options.limit == options.limit


def test_another_declaration_is_noticed(options: Options) -> None:
    class Other(lb.Interface):
        @lb.command
        def go(self, x: lb.u64) -> None: ...

    with pytest.raises(MismatchError, match="made from another declaration"):
        lb.attach(Other, over=sockopt(base=BASE))
    with pytest.raises(GoneError, match="no kernel end"):
        lb.attach(Other, over=sockopt(base=0x7000))


def test_ipv6() -> None:
    class Six(lb.Interface):
        @lb.command
        def twice(self, x: lb.u32) -> lb.u32:
            return x * 2

    with lb.load(Six, over=sockopt(base=0x5000, pf=lb.PF_INET6)) as six:
        assert six.twice(21) == 42
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as four, pytest.raises(OSError):
            four.getsockopt(0, 0x5000, 8)


def test_unloaded_while_a_socket_is_open() -> None:
    class Brief(lb.Interface):
        @lb.command
        def go(self) -> lb.u32:
            return 1

    over = sockopt(base=0x5100)
    first = lb.load(Brief, over=over)
    second = lb.attach(Brief, over=over)
    assert second.go() == 1
    first.close()
    assert "brief" not in Path("/proc/modules").read_text()
    with pytest.raises(GoneError):
        second.go()
    with lb.load(Brief, over=over):
        assert second.go() == 1
    second.close()
    with pytest.raises(ClosedError):
        second.go()
