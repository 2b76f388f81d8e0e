"""Encoders and decoders of attribute sets, compiled to straight-line Python.

A run of attributes of fixed size is packed and unpacked by one :class:`struct.Struct`, their headers as
constants in between. What a decoder does not find as the kernel end lays it out goes the slow way,
:mod:`decode`, which takes attributes in any order and says what is wrong.
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from landbridge.channels.netlink.call import ReplyPlan, RequestPlan
from landbridge.channels.netlink.decode import SlowDecoder
from landbridge.channels.netlink.sets import Attribute
from landbridge.channels.netlink.transfer import room
from landbridge.netlink.attributes import ATTRIBUTE
from landbridge.netlink.constants import NLA_F_NESTED
from landbridge.netlink.wire import HEADER_SIZE, Buffer
from landbridge.types import Chars, StructType

Encoder: TypeAlias = Callable[..., bytes]
Decoder: TypeAlias = Callable[[Buffer, int, int], Any]

_ZEROS = (b"\0\0\0\0", b"\0\0\0", b"\0\0", b"\0")


def _header(size: int, kind: int) -> int:
    """A header as the integer that ``I`` packs."""
    return int.from_bytes(ATTRIBUTE.pack(size + 4, kind), sys.byteorder)


@dataclass
class _Run:
    """Attributes of fixed size, one after the other."""

    format: str = "="
    items: list[str] = field(default_factory=list)

    def add(self, code: str, *items: str) -> None:
        self.format += code
        self.items += items

    @property
    def size(self) -> int:
        return struct.calcsize(self.format)


@dataclass
class _Text:
    """A string, whose size is that of the text."""

    kind: int
    item: str


_LARGEST_PADDED = 128
"""Bytes of a text that is sent with NULs up to the size of its type."""


@dataclass
class _Nest:
    """A nest with a string somewhere inside."""

    kind: int
    pieces: list[_Piece]


_Piece: TypeAlias = _Run | _Text | _Nest


class _Pieces:
    """Cuts attributes into pieces that are handled at once.

    Attributes:
        names: What the compiled text refers to.
    """

    prefix = "_"

    def __init__(self) -> None:
        self.names: dict[str, Any] = {}

    def name(self, thing: Any) -> str:
        """A name for something in the compiled text."""
        name = f"{self.prefix}{len(self.names)}"
        self.names[name] = thing
        return name

    def cut(self, attributes: Sequence[Attribute], items: Sequence[str]) -> list[_Piece]:
        """The pieces of some attributes; ``items`` are the expressions of their values, or the names for them."""
        pieces: list[_Piece] = []
        for attribute, item in zip(attributes, items, strict=True):
            for piece in self._of(attribute, item):
                if pieces and isinstance(piece, _Run) and isinstance(last := pieces[-1], _Run):
                    last.add(piece.format[1:], *piece.items)
                else:
                    pieces.append(piece)
        return pieces

    def _of(self, attribute: Attribute, item: str) -> Iterator[_Piece]:
        if attribute.nest is not None:
            inner = self.cut(attribute.nest.reply, self.inside(attribute, item))
            if len(inner) == 1 and isinstance(inner[0], _Run):
                run = inner[0]
                header = _header(run.size, attribute.number | NLA_F_NESTED)
                yield _Run(f"=I{run.format[1:]}", [str(header), *run.items])
            else:
                yield _Nest(attribute.number, inner)
        elif isinstance(attribute.type, Chars):
            yield self.text(attribute, attribute.type, item)
        else:
            size = attribute.type.size
            code = f"I{attribute.type.code}{'x' * (-size % 4)}"
            yield _Run(f"={code}", [str(_header(size, attribute.number)), self.converted(attribute, item)])

    def text(self, attribute: Attribute, type_: Chars, item: str) -> _Piece:
        """The piece of a text."""
        return _Text(attribute.number, self.converted(attribute, item))

    def inside(self, attribute: Attribute, item: str) -> list[str]:
        """The expressions of the fields of a nest."""
        raise NotImplementedError

    def converted(self, attribute: Attribute, item: str) -> str:
        """The expression of what is packed, or of the variable that is unpacked."""
        raise NotImplementedError


class _Encoding(_Pieces):
    prefix = "_in"

    def inside(self, attribute: Attribute, item: str) -> list[str]:
        assert attribute.nest is not None
        return [f"{item}.{each.name}" for each in attribute.nest.reply]

    def text(self, attribute: Attribute, type_: Chars, item: str) -> _Piece:
        if type_.length > _LARGEST_PADDED:
            return super().text(attribute, type_, item)
        # The kernel takes NULs after the text (lib/nlattr.c: validate_nla), and a fixed size is packed at once.
        code = f"I{type_.length}s{'x' * (-type_.length % 4)}"
        return _Run(f"={code}", [str(_header(type_.length, attribute.number)), self.converted(attribute, item)])

    def converted(self, attribute: Attribute, item: str) -> str:
        return item if attribute.type.packs_plainly else f"{self.name(attribute.type.to_raw)}({item})"

    def expression(self, pieces: Sequence[_Piece]) -> str:
        parts = [self._expression(each) for each in pieces]
        if len(parts) == 1:
            return parts[0]
        return f"{self.name(b''.join)}(({', '.join(parts)}))"

    def _expression(self, piece: _Piece) -> str:
        match piece:
            case _Run():
                return f"{self.name(struct.Struct(piece.format).pack)}({', '.join(piece.items)})"
            case _Text():
                return f"{self.name(_put_text)}({piece.kind}, {piece.item})"
            case _Nest():
                return f"{self.name(_put_nest)}({piece.kind | NLA_F_NESTED}, {self.expression(piece.pieces)})"


def _put_text(kind: int, raw: bytes) -> bytes:
    size = len(raw)
    return ATTRIBUTE.pack(size + 5, kind) + raw + _ZEROS[size & 3]


def _put_nest(kind: int, inside: bytes) -> bytes:
    return ATTRIBUTE.pack(len(inside) + 4, kind) + inside


def plan_request(attributes: Sequence[Attribute], header: bytes) -> RequestPlan:
    """Plan how the payload of a request is packed.

    Args:
        attributes: What it consists of; their names are those of the arguments.
        header: Four bytes before them.
    """
    encoding = _Encoding()
    arguments = [each.name for each in attributes]
    pieces = [_Run("=I", [str(int.from_bytes(header, sys.byteorder))]), *encoding.cut(attributes, arguments)]
    if len(pieces) > 1 and isinstance(first := pieces[0], _Run) and isinstance(second := pieces[1], _Run):
        first.add(second.format[1:], *second.items)
        del pieces[1]
    if len(pieces) == 1 and isinstance(only := pieces[0], _Run):
        return RequestPlan(arguments, only.format[1:], only.items, encoding.names)
    return RequestPlan(arguments, None, [encoding.expression(pieces)], encoding.names)


def compile_encoder(attributes: Sequence[Attribute], header: bytes) -> Encoder:
    """Compile a function that takes the attributes' values and gives the payload of a message.

    Args:
        attributes: What the message consists of.
        header: Four bytes before them.

    Returns:
        The function. It raises struct.error, TypeError, ValueError or AttributeError for values that do not
        fit; which one, and where, is found by packing the struct.
    """
    plan = plan_request(attributes, header)
    scope = dict(plan.names)
    body = plan.items[0]
    if plan.format is not None:
        scope["_pack"] = struct.Struct(f"={plan.format}").pack
        body = f"_pack({', '.join(plan.items)})"
    exec(f"def encode({', '.join(plan.arguments)}):\n    return {body}\n", scope)
    made: Encoder = scope["encode"]
    return made


class _Decoding(_Pieces):
    """Unpacks into variables, and knows the expressions that make values of them."""

    prefix = "_out"

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self._values: dict[str, str] = {}
        self._structs: dict[str, tuple[StructType, list[str]]] = {}
        self._variables = 0

    def inside(self, attribute: Attribute, item: str) -> list[str]:
        assert attribute.nest is not None
        assert isinstance(attribute.type, StructType)
        items = [f"{item}_{i}" for i in range(len(attribute.nest.reply))]
        self._structs[item] = (attribute.type, items)
        return items

    def converted(self, attribute: Attribute, item: str) -> str:
        plain = attribute.type.is_plain
        self._values[item] = item if plain else f"{self.name(attribute.type.from_raw)}({item})"
        return item

    def value(self, item: str) -> str:
        """The expression of a value, once the variables are unpacked."""
        if item not in self._structs:
            return self._values[item]
        type_, items = self._structs[item]
        arguments = ", ".join(self.value(each) for each in items)
        return f"({arguments},)" if type_.value_class is None else f"{self.name(type_.value_class)}({arguments})"

    def unpack(self, pieces: Sequence[_Piece]) -> None:
        """Write the statements that unpack some pieces from offset ``o``, and leave ``o`` after them."""
        for piece in pieces:
            if isinstance(piece, _Run):
                self._unpack_run(piece)
            elif isinstance(piece, _Text):
                self.lines += [
                    f"n, k = {self.name(ATTRIBUTE.unpack_from)}(b, o)",
                    f"if k != {piece.kind} or n < 5 or o + n > e: return slow(b, s, e)",
                    f"{piece.item} = b[o + 4 : o + n]",
                    "o += n + 3 & ~3",
                ]
            else:
                # A nest ends where what is inside it ends, if all is as the kernel end lays it out.
                self._variables += 1
                end = f"e{self._variables}"
                self.lines += [
                    f"n, k = {self.name(ATTRIBUTE.unpack_from)}(b, o)",
                    f"{end} = o + n",
                    f"if k != {piece.kind | NLA_F_NESTED} or n < 4 or {end} > e: return slow(b, s, e)",
                    "o += 4",
                ]
                self.unpack(piece.pieces)
                self.lines.append(f"if o != {end}: return slow(b, s, e)")

    def unpacked(self, run: _Run) -> tuple[list[str], list[str]]:
        """The names that a run is unpacked into, and what must not be true of them."""
        targets, checks = [], []
        for each in run.items:
            if each.isdigit():
                self._variables += 1
                targets.append(f"_h{self._variables}")
                checks.append(f"_h{self._variables} != {each}")
            else:
                targets.append(each)
        return targets, checks

    def _unpack_run(self, run: _Run) -> None:
        targets, checks = self.unpacked(run)
        self.lines += [
            f"if o + {run.size} > e: return slow(b, s, e)",
            f"{', '.join(targets)}, = {self.name(struct.Struct(run.format).unpack_from)}(b, o)",
            f"if {' or '.join(checks)}: return slow(b, s, e)",
            f"o += {run.size}",
        ]


def compile_decoder(attributes: Sequence[Attribute], make: Callable[..., Any] | None, path: str) -> Decoder:
    """Compile a function that takes part of a buffer and gives what the attributes in it mean.

    Args:
        attributes: What the kernel end sends, in its order.
        make: Makes the result of the values; None: the result is the one value there is.
        path: What is decoded, for errors.

    Returns:
        The function; it raises DecodeError.
    """
    slow = SlowDecoder(attributes, make, path)
    decoding = _Decoding()
    items = [f"v{i}" for i in range(len(attributes))]
    decoding.unpack(decoding.cut(attributes, items))
    values = ", ".join(decoding.value(each) for each in items)
    result = values if make is None else f"make({values})"
    body = ["s = o", "try:", *(f"    {line}" for line in decoding.lines), "except error: return slow(b, s, e)"]
    body += ["if o != e: return slow(b, s, e)", f"return {result}"]
    text = "def decode(b, o, e):\n" + "".join(f"    {line}\n" for line in body)
    scope = {**decoding.names, "slow": slow.decode, "make": make, "error": struct.error}
    exec(text, scope)
    made: Decoder = scope["decode"]
    return made


def plan_reply(attribute: Attribute, header: bytes, path: str) -> ReplyPlan:
    """Plan how a reply with one attribute is unpacked.

    Args:
        attribute: What the reply consists of.
        header: Four bytes before it.
        path: What is decoded, for errors.
    """
    decode = compile_decoder([attribute], None, path)

    def whole(payload: bytes) -> Any:
        return decode(payload, len(header), len(payload))

    decoding = _Decoding()
    pieces = [_Run("=I", [str(int.from_bytes(header, sys.byteorder))]), *decoding.cut([attribute], ["_v"])]
    size = HEADER_SIZE + len(header) + room(attribute)
    if len(pieces) == 2 and isinstance(first := pieces[0], _Run) and isinstance(second := pieces[1], _Run):
        first.add(second.format[1:], *second.items)
        targets, checks = decoding.unpacked(first)
        return ReplyPlan(first.format[1:], targets, checks, decoding.value("_v"), whole, decoding.names, size)
    start = HEADER_SIZE + len(header)
    if isinstance(attribute.type, Chars):
        # The kernel end puts text as long as it is, with the NUL that ends it.
        number = int.from_bytes(header, sys.byteorder)
        checks = [
            f"_h != {number}",
            f"_t != {attribute.number}",
            f"_l < 5 or _l + {start} > _n",
            f"_a[_l + {start - 1}]",
        ]
        text = f'_a[{start + 4}:_l + {start - 1}].decode("utf-8", "surrogateescape")'
        return ReplyPlan("IHH", ["_h", "_l", "_t"], checks, text, whole, {}, size, is_prefix=True)
    return ReplyPlan(None, [], [], f"_decode(_a, {start}, _n)", whole, {"_decode": decode}, size)
