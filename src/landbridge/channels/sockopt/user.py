"""The user end of the sockopt channel."""

from __future__ import annotations

import ctypes
import errno as errno_module
import functools
import os
import socket
import sys
from collections.abc import Callable
from typing import Any, NoReturn

from landbridge.channels.base import ChannelEnd, name_of
from landbridge.channels.signature import with_signature
from landbridge.channels.sockopt.ranges import PF_INET6
from landbridge.errors import ClosedError, DecodeError, GoneError, kernel_error
from landbridge.spec import CommandSpec, InterfaceSpec, ParamSpec
from landbridge.types import StructType

LARGEST_SIMPLE = 1024
"""Bytes that socket.getsockopt accepts; CPython's own limit."""


@functools.cache
def _libc_getsockopt() -> Callable[..., int]:
    function = ctypes.CDLL(None, use_errno=True).getsockopt
    function.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
    function.restype = ctypes.c_int
    return function


class SockoptEnd(ChannelEnd):
    """A socket whose options are the interface's members.

    Calls are single system calls without state in between: threads and forked children may share it.
    """

    def __init__(self, spec: InterfaceSpec, base: int, pf: int) -> None:
        self._spec = spec
        self._base = base
        self._level = socket.IPPROTO_IPV6 if pf == PF_INET6 else socket.IPPROTO_IP
        family = socket.AF_INET6 if pf == PF_INET6 else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)

    def digest(self) -> int:
        try:
            raw = self._socket.getsockopt(self._level, self._base, 8)
        except OSError as error:
            if error.errno == errno_module.ENOPROTOOPT:
                raise GoneError(
                    f"no kernel end of {self._spec.c_name} answers at socket option {self._base:#x}",
                    hint="load it with lb.load(...), or give the base= and pf= it was loaded with",
                ) from None
            self._fail(error, f"{self._spec.c_name} digest")
        if len(raw) != 8:
            raise GoneError(f"socket option {self._base:#x} is not a kernel end of {self._spec.c_name}")
        return int.from_bytes(raw, sys.byteorder)

    def command(self, member: CommandSpec) -> Callable[..., Any]:
        option, what = self._base + member.number, name_of(self._spec, member)
        if member.reply is None:
            return self._setter_command(member, option, what)
        if member.request is None:
            return self._reader(member.reply, option, what)
        return self._exchange(member, option, what)

    def getter(self, member: ParamSpec) -> Callable[[], Any]:
        return self._reader(member.value, self._base + member.number, name_of(self._spec, member))

    def setter(self, member: ParamSpec) -> Callable[[Any], None]:
        option, what = self._base + member.number, name_of(self._spec, member)
        setsockopt, level, pack, fail = self._socket.setsockopt, self._level, member.value.pack_values, self._fail

        def write(value: Any) -> None:
            try:
                setsockopt(level, option, pack((value,)))
            except OSError as error:
                fail(error, what)

        return write

    def close(self) -> None:
        self._socket.close()

    def _setter_command(self, member: CommandSpec, option: int, what: str) -> Callable[..., None]:
        setsockopt, level, fail = self._socket.setsockopt, self._level, self._fail
        if member.request is None:
            raw_empty = b""

            def signal() -> None:
                try:
                    setsockopt(level, option, raw_empty)
                except OSError as error:
                    fail(error, what)

            return signal
        pack = member.request.pack_values

        def send(*values: Any) -> None:
            try:
                setsockopt(level, option, pack(values))
            except OSError as error:
                fail(error, what)

        return with_signature(send, member)

    def _reader(self, reply: StructType, option: int, what: str) -> Callable[[], Any]:
        level, fail, size, unpack = self._level, self._fail, reply.size, reply.unpack_values
        getsockopt: Callable[[int, int, int], bytes] = (
            self._socket.getsockopt if size <= LARGEST_SIMPLE else self._getsockopt_large
        )

        def ask() -> Any:
            try:
                raw = getsockopt(level, option, size)
            except OSError as error:
                fail(error, what)
            if len(raw) != size:
                raise DecodeError(f"{len(raw)} bytes, not {size}", path=what)
            return unpack(raw)[0]

        return ask

    def _exchange(self, member: CommandSpec, option: int, what: str) -> Callable[..., Any]:
        assert member.request is not None
        assert member.reply is not None
        pack, unpack = member.request.pack_values, member.reply.unpack_values
        size, reply_size = max(member.request.size, member.reply.size), member.reply.size
        level, fail, call = self._level, self._fail, self._call

        def exchange(*values: Any) -> Any:
            buffer = ctypes.create_string_buffer(pack(values), size)
            try:
                length = call(level, option, buffer, size)
            except OSError as error:
                fail(error, what)
            if length != reply_size:
                raise DecodeError(f"{length} bytes, not {reply_size}", path=what)
            return unpack(buffer.raw)[0]

        return with_signature(exchange, member)

    def _getsockopt_large(self, level: int, option: int, size: int) -> bytes:
        buffer = ctypes.create_string_buffer(size)
        length = self._call(level, option, buffer, size)
        return buffer.raw[:length]

    def _call(self, level: int, option: int, buffer: Any, size: int) -> int:
        """getsockopt(2) with a buffer that carries bytes in as well; gives the length that came back."""
        length = ctypes.c_uint32(size)
        if _libc_getsockopt()(self._socket.fileno(), level, option, buffer, ctypes.byref(length)) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
        return length.value

    def _fail(self, error: OSError, what: str) -> NoReturn:
        number = error.errno or errno_module.EIO
        if number == errno_module.EBADF:
            raise ClosedError(f"{what}: used after close()") from None
        if number == errno_module.ENOPROTOOPT and self._is_gone():
            raise GoneError(f"{what}: the kernel end went away", hint="load it again") from None
        raise kernel_error(number, what, hint=_HINTS.get(number)) from None

    def _is_gone(self) -> bool:
        try:
            self._socket.getsockopt(self._level, self._base, 8)
        except OSError as error:
            return error.errno == errno_module.ENOPROTOOPT
        return False


_HINTS = {errno_module.EPERM: "the caller lacks the capability that the member asks for; run as root"}
