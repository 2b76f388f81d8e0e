"""Structs: named fields, laid out one after the other."""

from __future__ import annotations

import struct
import sys
import typing
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self, dataclass_transform

from landbridge.errors import DeclarationError, Where
from landbridge.types.base import Type
from landbridge.types.names import check_name
from landbridge.types.resolve import type_of


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a struct.

    Attributes:
        name: As in Python and in C.
        type: Its type.
        offset: Bytes from the start of the struct.
    """

    name: str
    type: Type
    offset: int


@dataclass(frozen=True, repr=False)
class StructType(Type):
    """The layout of a struct: what the C compiler would choose, with the padding made visible.

    Attributes:
        fields: In memory order. Padding is not among them; see :attr:`padding`.
        packer: Packs and unpacks the raw forms of the fields.
        value_class: Class whose instances are its values; None for a struct that only carries
            arguments (its values are tuples).
        doc: First line of its docstring.
    """

    name: str
    fields: tuple[Field, ...]
    size: int
    align: int
    value_class: type[Struct] | None = field(default=None, compare=False)
    doc: str = field(default="", compare=False)
    packer: struct.Struct = field(init=False, compare=False)
    _checked: tuple[tuple[int, Type], ...] = field(init=False, compare=False)
    _converted: tuple[tuple[int, Type], ...] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        codes, position = ["="], 0
        for each in self.fields:
            codes.append("x" * (each.offset - position))
            codes.append(each.type.code)
            position = each.offset + each.type.size
        codes.append("x" * (self.size - position))
        numbered = [(i, each.type) for i, each in enumerate(self.fields)]
        object.__setattr__(self, "packer", struct.Struct("".join(codes)))
        object.__setattr__(self, "_checked", tuple(each for each in numbered if not each[1].packs_plainly))
        object.__setattr__(self, "_converted", tuple(each for each in numbered if not each[1].is_plain))

    @property
    def code(self) -> str:  # type: ignore[override]  # derived here, stored elsewhere; never assigned
        return f"{self.size}s"

    @property
    def padding(self) -> tuple[tuple[int, int], ...]:
        """Offset and size of each gap, for the explicit ``__pad`` members of the C struct."""
        gaps, position = [], 0
        for each in self.fields:
            if each.offset > position:
                gaps.append((position, each.offset - position))
            position = each.offset + each.type.size
        if self.size > position:
            gaps.append((position, self.size - position))
        return tuple(gaps)

    def pack_values(self, values: Sequence[Any]) -> bytes:
        """Pack the fields' values, in order.

        Raises:
            TypeError, ValueError: A value does not fit; the message names the field.
        """
        raws = list(values)
        try:
            for i, type_ in self._checked:
                raws[i] = type_.to_raw(raws[i])
            return self.packer.pack(*raws)
        except (struct.error, TypeError, ValueError, IndexError) as error:
            raise self.explain(values, error) from None

    def unpack_values(self, raw: bytes | bytearray | memoryview, offset: int = 0) -> list[Any]:
        """Unpack the fields' values, in order. ``raw`` holds at least ``size`` bytes from ``offset``."""
        values = list(self.packer.unpack_from(raw, offset))
        for i, type_ in self._converted:
            values[i] = type_.from_raw(values[i])
        return values

    def to_raw(self, value: Any) -> bytes:
        if self.value_class is not None and not isinstance(value, self.value_class):
            raise TypeError(f"{self.name} takes a {self.value_class.__name__}, not {type(value).__name__}")
        return self.pack_values([getattr(value, each.name) for each in self.fields] if self.value_class else value)

    def from_raw(self, raw: bytes) -> Any:
        values = self.unpack_values(raw)
        return self.value_class(*values) if self.value_class is not None else tuple(values)

    def field(self, name: str) -> Field | None:
        """The field of that name, or None."""
        return next((each for each in self.fields if each.name == name), None)

    def explain(self, values: Sequence[Any], error: Exception) -> Exception:
        """The error that names the field, for values that could not be packed."""
        if len(values) != len(self.fields):
            return TypeError(f"{self.name} has {len(self.fields)} fields, not {len(values)}")
        for each, value in zip(self.fields, values, strict=True):
            try:
                each.type.to_raw(value)
            except (TypeError, ValueError) as reason:
                return reason.__class__(f"{each.name}: {reason}")
        return error


def layout(
    name: str, members: Sequence[tuple[str, Type]], *, value_class: type[Struct] | None = None, doc: str = ""
) -> StructType:
    """Lay out fields one after the other, each aligned as the C compiler would."""
    offset, align, fields = 0, 1, []
    for member, type_ in members:
        offset = -(-offset // type_.align) * type_.align
        fields.append(Field(member, type_, offset))
        offset += type_.size
        align = max(align, type_.align)
    return StructType(name, tuple(fields), -(-offset // align) * align, align, value_class, doc)


class _StructMeta(type):
    """Gives each Struct class slots, an ``__init__`` and its layout."""

    def __new__(mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any]) -> _StructMeta:
        if not bases:
            return super().__new__(mcs, name, bases, {**namespace, "__slots__": ()})
        names = [each for each, hint in namespace.get("__annotations__", {}).items() if "ClassVar" not in str(hint)]
        defaults = {each: namespace.pop(each) for each in names if each in namespace}
        cls = super().__new__(mcs, name, bases, {**namespace, "__slots__": tuple(names)})
        frame = sys._getframe(1)
        where = Where(frame.f_code.co_filename, frame.f_lineno)
        cls.__lb_layout__ = _layout_of(cls, names, frame.f_locals, where)  # type: ignore[attr-defined]
        type.__setattr__(cls, "__match_args__", tuple(names))
        _add_init(cls, names, defaults, where)
        return cls


@dataclass_transform(kw_only_default=False)
class Struct(metaclass=_StructMeta):
    """A record with fixed fields, the same bytes in both ends.

    ::

        class Seen(lb.Struct):
            saddr: lb.ipv4
            daddr: lb.ipv4

    Instances compare by value and print as they are written. A wrong field is a DeclarationError
    where the class is defined.
    """

    __lb_layout__: ClassVar[StructType]
    __match_args__: ClassVar[tuple[str, ...]]

    @classmethod
    def __lb_type__(cls) -> StructType:
        return cls.__lb_layout__

    def __eq__(self, other: object) -> bool:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self.__match_args__)

    def __hash__(self) -> int:
        return hash((self.__class__, *(repr(getattr(self, name)) for name in self.__match_args__)))

    def __repr__(self) -> str:
        inside = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__match_args__)
        return f"{type(self).__name__}({inside})"

    def __bytes__(self) -> bytes:
        return self.__lb_layout__.to_raw(self)

    @classmethod
    def from_bytes(cls, raw: bytes) -> Self:
        """Make one from exactly ``size`` bytes.

        Raises:
            ValueError: Another length.
        """
        if len(raw) != cls.__lb_layout__.size:
            raise ValueError(f"{cls.__name__} is {cls.__lb_layout__.size} bytes, not {len(raw)}")
        made: Self = cls.__lb_layout__.from_raw(raw)
        return made


def _layout_of(cls: type, names: list[str], local: dict[str, Any], where: Where) -> StructType:
    def wrong(message: str, hint: str | None = None) -> DeclarationError:
        return DeclarationError(f"{cls.__name__}: {message}", code="LB101", hint=hint, where=where)

    if not names:
        raise wrong("a struct without fields", 'write fields such as "count: lb.u32"')
    try:
        hints = typing.get_type_hints(cls, localns=local, include_extras=True)
    except NameError as error:
        raise wrong(f"unknown type in a field: {error}") from None
    members = []
    for name in names:
        problem = check_name(name)
        if problem:
            raise wrong(f"field {name!r} {problem}")
        try:
            members.append((name, type_of(hints[name])))
        except (TypeError, ValueError) as error:
            raise wrong(f"field {name!r}: {error}") from None
    doc = (cls.__doc__ or "").strip().partition("\n")[0]
    return layout(cls.__name__, members, value_class=cls, doc=doc)


def _add_init(cls: type, names: list[str], defaults: dict[str, Any], where: Where) -> None:
    seen_default = False
    for name in names:
        if name in defaults:
            seen_default = True
        elif seen_default:
            raise DeclarationError(
                f"{cls.__name__}: field {name!r} without a default follows one with", code="LB101", where=where
            )
    arguments = ", ".join(f"{name}=_defaults[{name!r}]" if name in defaults else name for name in names)
    body = "\n".join(f"    self.{name} = {name}" for name in names)
    scope: dict[str, Any] = {"_defaults": defaults}
    exec(f"def __init__(self, {arguments}):\n{body}", scope)
    init: Callable[..., None] = scope["__init__"]
    init.__qualname__ = f"{cls.__qualname__}.__init__"
    cls.__init__ = init  # type: ignore[misc]  # made for this class from its fields
