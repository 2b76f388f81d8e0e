"""The user end of the sockopt channel."""

from __future__ import annotations

import ctypes
import errno as errno_module
import functools
import os
import socket
import sys
from collections.abc import Callable
from functools import partial
from typing import Any, NoReturn

from landbridge.channels.base import HINTS, ChannelEnd, name_of, refuse_mode
from landbridge.channels.signature import compile_call
from landbridge.channels.sockopt.ranges import PF_INET6
from landbridge.errors import ChannelError, ClosedError, DecodeError, GoneError, kernel_error
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
            self._fail(f"{self._spec.c_name} digest", None, error, ())
        if len(raw) != 8:
            raise GoneError(f"socket option {self._base:#x} is not a kernel end of {self._spec.c_name}")
        return int.from_bytes(raw, sys.byteorder)

    def command(self, member: CommandSpec) -> Callable[..., Any]:
        option, what = self._base + member.number, name_of(self._spec, member)
        if member.reply is None:
            return self._writer(member.name, member.request, option, what)
        if member.request is None:
            return self._reader(member.name, member.reply, option, what)
        return self._exchange(member, member.request, member.reply, option, what)

    def getter(self, member: ParamSpec) -> Callable[[], Any]:
        if not member.is_readable:
            return lambda: refuse_mode(self._spec, member, "read")
        return self._reader(member.name, member.value, self._base + member.number, name_of(self._spec, member))

    def setter(self, member: ParamSpec) -> Callable[[Any], None]:
        if not member.is_writable:
            return lambda value: refuse_mode(self._spec, member, "write")
        return self._writer(member.name, member.value, self._base + member.number, name_of(self._spec, member))

    def close(self) -> None:
        self._socket.close()

    def _writer(self, name: str, request: StructType | None, option: int, what: str) -> Callable[..., None]:
        return compile_call(
            name,
            request,
            "_setsockopt(_level, _option, {packed})",
            partial(self._fail, what, request),
            setsockopt=self._socket.setsockopt,
            level=self._level,
            option=option,
        )

    def _reader(self, name: str, reply: StructType, option: int, what: str) -> Callable[[], Any]:
        type_ = reply.fields[0].type
        value = "_unpack(_getsockopt(_level, _option, _size))[0]"
        return compile_call(
            name,
            None,
            f"return {value}" if type_.is_plain else f"return _value({value})",
            partial(self._fail, what, None),
            getsockopt=self._socket.getsockopt if reply.size <= LARGEST_SIMPLE else self._getsockopt_large,
            level=self._level,
            option=option,
            size=reply.size,
            unpack=reply.packer.unpack,
            value=type_.from_raw,
        )

    def _exchange(
        self, member: CommandSpec, request: StructType, reply: StructType, option: int, what: str
    ) -> Callable[..., Any]:
        size, reply_size, unpack = max(request.size, reply.size), reply.size, reply.unpack_values
        level, call = self._level, self._call

        def exchange(packed: bytes) -> Any:
            buffer = ctypes.create_string_buffer(packed, size)
            length = call(level, option, buffer, size)
            if length != reply_size:
                raise DecodeError(f"{length} bytes, not {reply_size}", path=what)
            return unpack(buffer.raw)[0]

        return compile_call(
            member.name,
            request,
            "return _exchange({packed})",
            partial(self._fail, what, request),
            exchange=exchange,
        )

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

    def _fail(self, what: str, request: StructType | None, error: Exception, values: tuple[Any, ...]) -> NoReturn:
        if isinstance(error, ChannelError):
            raise error
        if not isinstance(error, OSError):
            if request is None:
                raise DecodeError(str(error), path=what) from None
            raise request.explain(values, error) from None
        number = error.errno or errno_module.EIO
        if number == errno_module.EBADF:
            raise ClosedError(f"{what}: used after close()") from None
        if number == errno_module.ENOPROTOOPT and self._is_gone():
            raise GoneError(f"{what}: the kernel end went away", hint="load it again") from None
        raise kernel_error(number, what, hint=HINTS.get(number)) from None

    def _is_gone(self) -> bool:
        try:
            self._socket.getsockopt(self._level, self._base, 8)
        except OSError as error:
            return error.errno == errno_module.ENOPROTOOPT
        return False
