"""The function of one command or Param, compiled so that nothing stands between it and the two system calls."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from landbridge.netlink.calls import RECEIVE_SIZE, Calls
from landbridge.netlink.constants import NLM_F_ACK, NLM_F_ACK_TLVS, NLM_F_MULTI, NLM_F_REQUEST, NLMSG_ERROR
from landbridge.netlink.request import Operation, Shape
from landbridge.netlink.wire import HEADER, HEADER_SIZE, Message

_ACK = struct.Struct("=IHHIIi")


@dataclass
class RequestPlan:
    """How a request is packed.

    Attributes:
        arguments: Names of the values.
        format: Format of all after the netlink header, without byte order; None if its size varies.
        items: Expressions of what is packed; if the size varies one expression of the bytes.
        names: What the expressions refer to.
    """

    arguments: list[str] = field(default_factory=list)
    format: str | None = ""
    items: list[str] = field(default_factory=list)
    names: dict[str, Any] = field(default_factory=dict)


@dataclass
class ReplyPlan:
    """How a reply is unpacked.

    Attributes:
        format: Format of all after the netlink header; None if its size varies.
        targets: Names of what is unpacked.
        checks: Expressions that are true if the reply is not as it should be.
        result: Expression of the result.
        decode: Reads the payload of a reply the long way.
        names: What the expressions refer to.
        size: The most bytes that a reply has.
        is_prefix: The format covers the beginning only; the rest is text.
    """

    format: str | None
    targets: list[str]
    checks: list[str]
    result: str
    decode: Callable[[bytes], Any]
    names: dict[str, Any] = field(default_factory=dict)
    size: int = 0
    is_prefix: bool = False


@dataclass
class Target:
    """Where requests go.

    Attributes:
        calls: The ports.
        kind: The message type, in a list that may be written anew.
        operation: What is asked, for errors.
        explain: Raises what is wrong with the values of a call.
        again: Handles an error of the kernel: raises it, or gives what another try gave.
    """

    calls: Calls
    kind: list[int]
    operation: Operation
    explain: Callable[[Exception, Sequence[Any]], Any]
    again: Callable[[Exception, Callable[[], list[Message]]], list[Message]]


def compile_call(name: str, target: Target, request: RequestPlan, reply: ReplyPlan | None) -> Callable[..., Any]:
    """Compile a function that asks and gives the answer.

    Args:
        name: Its name.
        target: Where requests go.
        request: What they consist of.
        reply: What the answers consist of; None: an acknowledgement.
    """
    calls, kind = target.calls, target.kind
    shape = Shape.ACK if reply is None else Shape.REPLY
    flags = NLM_F_REQUEST | (NLM_F_ACK if reply is None else 0)
    arguments = ", ".join(request.arguments)

    def slow(entry: Any, message: bytes, answer: bytes) -> Any:
        def ask(entry: Any, message: bytes, answer: bytes) -> list[Message]:
            return calls.finish(entry, message, answer, shape, target.operation)

        def repeat() -> list[Message]:
            anew = bytearray(message)
            struct.pack_into("=H", anew, 4, kind[0])
            fresh = calls.fresh()
            fresh[2].send(bytes(anew))
            return ask(fresh, bytes(anew), b"")

        try:
            found = ask(entry, message, answer)
        except Exception as error:
            found = target.again(error, repeat)
        return None if reply is None else reply.decode(found[0].payload)

    scope: dict[str, Any] = {
        **request.names,
        **(reply.names if reply else {}),
        "_pop": calls.stock.pop,
        "_give": calls.stock.append,
        "_fresh": calls.fresh,
        "_rescue": calls.rescue,
        "_turn": calls.turn,
        "_kind": kind,
        "_slow": slow,
        "_explain": target.explain,
        "_error": struct.error,
    }
    if request.format is None:
        scope["_pack"] = HEADER.pack
        pack = f"{request.items[0]}; _m = _pack({HEADER_SIZE} + len(_m), _kind[0], {flags}, _q, 0) + _m"
    else:
        packer = struct.Struct(f"{HEADER.format}{request.format}")
        scope["_pack"] = packer.pack
        pack = f"_pack({', '.join([str(packer.size), '_kind[0]', str(flags), '_q', '0', *request.items])})"
    # Names of the function's own start with _, which those of arguments do not.
    text = f"""\
def {name}({arguments}):
    _q = _turn() & 0xFFFFFFFF
    try:
        _m = {pack}
    except (_error, TypeError, ValueError, AttributeError) as _problem:
        _explain(_problem, ({arguments}{"," if arguments else ""}))
        raise
    try:
        _e = _send, _recv, _ = _pop()
    except IndexError:
        _e = _send, _recv, _ = _fresh()
    try:
        _send(_m)
        _a = _recv({max(RECEIVE_SIZE, reply.size + 64 if reply else 0)})
    except OSError as _problem:
        _e, _a = _rescue(_e, _m, _problem)
    try:
{_unpack(reply, scope)}
    except _error:
        pass
    return _slow(_e, _m, _a)
"""
    exec(text, scope)
    made: Callable[..., Any] = scope[name]
    return made


def _unpack(reply: ReplyPlan | None, scope: dict[str, Any]) -> str:
    if reply is None:
        scope["_unpack"] = _ACK.unpack_from
        lines = [
            "_, _k, _f, _s, _, _n = _unpack(_a)",
            f"if _s == _q and _k == {NLMSG_ERROR} and not _n and not _f & {NLM_F_ACK_TLVS}:",
            "    _give(_e)",
            "    return",
        ]
    elif reply.format is None:
        scope["_unpack"] = HEADER.unpack_from
        lines = [
            "_n, _k, _f, _s, _ = _unpack(_a)",
            f"if _s == _q and _k == _kind[0] and _n == len(_a) and not _f & {NLM_F_MULTI}:",
            "    _give(_e)",
            f"    return {reply.result}",
        ]
    else:
        unpacker = struct.Struct(f"{HEADER.format}{reply.format}")
        scope["_unpack"] = unpacker.unpack_from if reply.is_prefix else unpacker.unpack
        length = "len(_a)" if reply.is_prefix else str(unpacker.size)
        checks = "".join(f" and not ({each})" for each in reply.checks)
        lines = [
            f"_n, _k, _f, _s, _, {', '.join(reply.targets)} = _unpack(_a)",
            f"if _s == _q and _k == _kind[0] and _n == {length} and not _f & {NLM_F_MULTI}{checks}:",
            "    _give(_e)",
            f"    return {reply.result}",
        ]
    return "\n".join(f"        {line}" for line in lines)
