"""The extended ACK: what the kernel says about a request that it refused. No I/O."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from landbridge.errors import DecodeError
from landbridge.netlink import attributes
from landbridge.netlink import constants as nl
from landbridge.netlink.wire import HEADER, HEADER_SIZE, Buffer

AttributeNames: TypeAlias = Mapping[int, str | tuple[str, "AttributeNames"]]
"""Names of attributes by type; a nest is a pair of its name and the names inside."""

# enum netlink_attribute_type of linux/netlink.h, in the words of the YNL specs.
_TYPE_NAMES: Final = (
    "invalid", "flag", "u8", "u16", "u32", "u64", "s8", "s16", "s32", "s64", "binary", "string", "nul-string",
    "nest", "nest-array", "bitfield32", "sint", "uint",
)  # fmt: skip
_ERROR: Final = struct.Struct("=i")
_ERROR_CODE: Final = _ERROR.size
_MAX_DEPTH: Final = 10


@dataclass(frozen=True, slots=True)
class Policy:
    """What the kernel allows for the attribute that it refused.

    Attributes:
        type: Name of the type, such as ``u32`` or ``nul-string``; ``type N`` for one unknown here.
        minimum: Least value of an integer, or None.
        maximum: Greatest value of an integer, or None.
        minimum_length: Least length of the value in bytes, or None.
        maximum_length: Greatest length of the value in bytes, or None.
        mask: The bits that may be set, or None.
    """

    type: str
    minimum: int | None = None
    maximum: int | None = None
    minimum_length: int | None = None
    maximum_length: int | None = None
    mask: int | None = None

    def __str__(self) -> str:
        parts = [self.type]
        if self.minimum is not None or self.maximum is not None:
            parts.append(f"in {'' if self.minimum is None else self.minimum}..{_text(self.maximum)}")
        if self.minimum_length is not None:
            parts.append(f"at least {self.minimum_length} bytes")
        if self.maximum_length is not None:
            parts.append(f"at most {self.maximum_length} bytes")
        if self.mask is not None:
            parts.append(f"within mask {self.mask:#x}")
        return ", ".join(parts)


def _text(value: int | None) -> str:
    return "" if value is None else str(value)


@dataclass(frozen=True, slots=True)
class Extack:
    """What the kernel says about a request, besides an error number.

    Attributes:
        message: The kernel's text, or "".
        offset: Offset of the offending attribute in the request, from its nlmsghdr, or None.
        attribute: The offending attribute as a path, such as ``linkinfo.kind`` (numbers where the
            request came without names), or "".
        policy: What is allowed for that attribute, or None.
        missing_type: Type of the attribute that is missing, or None.
        missing: The missing attribute as a path, or "".
        cookie: Bytes that a family hands back on success, or b"".
    """

    message: str = ""
    offset: int | None = None
    attribute: str = ""
    policy: Policy | None = None
    missing_type: int | None = None
    missing: str = ""
    cookie: bytes = b""

    def __str__(self) -> str:
        parts = [self.message] if self.message else []
        if self.attribute:
            parts.append(f"attribute {self.attribute}")
        elif self.offset is not None:
            parts.append(f"byte {self.offset} of the request")
        if self.policy is not None:
            parts.append(f"allowed: {self.policy}")
        if self.missing:
            parts.append(f"missing: {self.missing}")
        return "; ".join(parts)


def error_number(payload: Buffer) -> int:
    """Read the error number of an NLMSG_ERROR or NLMSG_DONE.

    Args:
        payload: The payload of the message.

    Returns:
        The number, positive; 0 for an acknowledgement.

    Raises:
        DecodeError: The payload has no room for it, or the number cannot be one.
    """
    if len(payload) < _ERROR_CODE:
        raise DecodeError(
            f"the payload has {len(payload)} bytes, an error number has {_ERROR_CODE}", path="error", offset=HEADER_SIZE
        )
    code: int = _ERROR.unpack_from(payload)[0]
    # Done messages of a few old dumps carry a length here: what is not negative is success.
    if code >= 0:
        return 0
    if code < -4095:
        raise DecodeError(f"{code} is not an error number", path="error", offset=HEADER_SIZE)
    return -code


def parse(
    payload: Buffer,
    *,
    flags: int,
    done: bool,
    request: bytes,
    header_size: int = 0,
    names: AttributeNames | None = None,
) -> Extack | None:
    """Parse the extended part of an NLMSG_ERROR or NLMSG_DONE.

    Args:
        payload: The payload of the message.
        flags: Its ``nlmsg_flags``.
        done: It is an NLMSG_DONE, in which the request is not echoed.
        request: The request as it was sent.
        header_size: Size of the family header in the request, in bytes.
        names: Names of the request's attributes.

    Returns:
        What the kernel says, or None if it says nothing.

    Raises:
        DecodeError: The bytes are no extended ACK.

    Kernel: net/netlink/af_netlink.c:netlink_ack, netlink_dump_done.
    """
    if not flags & nl.NLM_F_ACK_TLVS:
        return None
    start = _ERROR_CODE
    if not done:
        # The header of the request is echoed, and all of it unless the socket asked for less.
        if len(payload) < _ERROR_CODE + HEADER_SIZE:
            raise DecodeError("the echoed request header is cut", path="error", offset=HEADER_SIZE + _ERROR_CODE)
        echoed = HEADER_SIZE
        if not flags & nl.NLM_F_CAPPED:
            echoed = HEADER.unpack_from(payload, _ERROR_CODE)[0]
            if echoed < HEADER_SIZE:
                raise DecodeError(f"the echoed request claims {echoed} bytes", path="error", offset=HEADER_SIZE + 4)
        start += (echoed + 3) & ~3
        if start > len(payload):
            raise DecodeError("the echoed request is cut", path="error", offset=HEADER_SIZE + _ERROR_CODE)
    return _Parser(payload, request, header_size, names or {}).parse(start)


class _Parser:
    def __init__(self, payload: Buffer, request: bytes, header_size: int, names: AttributeNames) -> None:
        self.payload = payload
        self.request = request
        self.first = HEADER_SIZE + ((header_size + 3) & ~3)
        self.names = names

    def parse(self, start: int) -> Extack:
        payload = self.payload
        found = attributes.parse(payload, start, path="extack")

        def u32(kind: int, name: str) -> int | None:
            where = found.get(kind)
            return None if where is None else attributes.read_u32(payload, where, f"extack.{name}")

        message = found.get(nl.NLMSGERR_ATTR_MSG)
        offset = u32(nl.NLMSGERR_ATTR_OFFS, "offset")
        missing_type = u32(nl.NLMSGERR_ATTR_MISS_TYPE, "missing-type")
        missing_nest = u32(nl.NLMSGERR_ATTR_MISS_NEST, "missing-nest")
        policy = found.get(nl.NLMSGERR_ATTR_POLICY)
        cookie = found.get(nl.NLMSGERR_ATTR_COOKIE)
        return Extack(
            message="" if message is None else attributes.read_string(payload, message, "extack.message"),
            offset=offset,
            attribute="" if offset is None else self._name(self._find(offset)),
            policy=None if policy is None else _parse_policy(payload, policy),
            missing_type=missing_type,
            missing="" if missing_type is None else self._missing(missing_type, missing_nest),
            cookie=b"" if cookie is None else attributes.read_bytes(payload, cookie),
        )

    def _missing(self, kind: int, nest: int | None) -> str:
        above = () if nest is None else self._find(nest)
        return self._name((*above, kind))

    def _find(self, offset: int) -> tuple[int, ...]:
        # Which attribute of the request lies at this offset: the deepest that begins there, or
        # holds it. Without a schema a value counts as a nest if it walks like one.
        path: list[int] = []
        start, end = self.first, len(self.request)
        for _ in range(_MAX_DEPTH):
            try:
                inside = [
                    each for each in attributes.walk(self.request, start, end) if each.start - 4 <= offset < each.end
                ]
            except DecodeError:
                break
            if not inside:
                break
            path.append(inside[0].type)
            if offset < inside[0].start:
                break
            start, end = inside[0].start, inside[0].end
        return tuple(path)

    def _name(self, path: tuple[int, ...]) -> str:
        names: AttributeNames = self.names
        text = ""
        for kind in path:
            entry = names.get(kind, str(kind))
            names = {}
            if isinstance(entry, tuple):
                entry, names = entry
            text = attributes.join(text, entry)
        return text


def _parse_policy(payload: Buffer, where: attributes.Attribute) -> Policy:
    found = attributes.parse(payload, where.start, where.end, "extack.policy")

    def number(*kinds: int) -> int | None:
        for kind in kinds:
            if kind not in found:
                continue
            at = found[kind]
            path = f"extack.policy.{kind}"
            if kind in (nl.NL_POLICY_TYPE_ATTR_MIN_VALUE_S, nl.NL_POLICY_TYPE_ATTR_MAX_VALUE_S):
                return attributes.read_s64(payload, at, path)
            if at.end - at.start == 8:
                return attributes.read_u64(payload, at, path)
            return attributes.read_u32(payload, at, path)
        return None

    kind = number(nl.NL_POLICY_TYPE_ATTR_TYPE)
    known = kind is not None and kind < len(_TYPE_NAMES)
    return Policy(
        type=_TYPE_NAMES[kind] if kind is not None and known else f"type {kind}",
        minimum=number(nl.NL_POLICY_TYPE_ATTR_MIN_VALUE_S, nl.NL_POLICY_TYPE_ATTR_MIN_VALUE_U),
        maximum=number(nl.NL_POLICY_TYPE_ATTR_MAX_VALUE_S, nl.NL_POLICY_TYPE_ATTR_MAX_VALUE_U),
        minimum_length=number(nl.NL_POLICY_TYPE_ATTR_MIN_LENGTH),
        maximum_length=number(nl.NL_POLICY_TYPE_ATTR_MAX_LENGTH),
        mask=number(nl.NL_POLICY_TYPE_ATTR_BITFIELD32_MASK, nl.NL_POLICY_TYPE_ATTR_MASK),
    )
