"""A second opinion on kernel Python: the source of an interface, run by Python itself.

The classes here are what ``lb.u8``, ``lb.Struct``, ``lb.Map`` and so on would be if handlers were ordinary Python:
integers that wrap and refuse to mix, structs that are copied, Maps with a bound. Nothing of the compiler takes part,
so that what it makes of a handler can be compared with what Python makes of it.
"""

from __future__ import annotations

import ast
import builtins
import enum
import errno
import ipaddress
import types as python_types
from collections.abc import Callable, Iterator
from typing import Annotated, Any, get_args, get_type_hints

from landbridge import types as kinds

ERRNOS: dict[type[BaseException], int] = {
    PermissionError: errno.EPERM,
    ValueError: errno.EINVAL,
    KeyError: errno.ENOENT,
    IndexError: errno.ERANGE,
    FileNotFoundError: errno.ENOENT,
    TimeoutError: errno.ETIMEDOUT,
    OverflowError: errno.EOVERFLOW,
    NotImplementedError: errno.EOPNOTSUPP,
    ZeroDivisionError: errno.EDOM,
    AssertionError: errno.EINVAL,
}


class Failed(Exception):
    """``raise lb.Errno(n)``, and what has no Python exception."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class Number(int):
    """An integer of a fixed width."""

    kind: kinds.Integer

    def __new__(cls, value: Any = 0) -> Number:
        return super().__new__(cls, cls.kind.wrap(int(value)))

    def _with(self, other: Any) -> int:
        if isinstance(other, Number) and type(other) is not type(self):
            raise TypeError(f"{type(self).__name__} and {type(other).__name__} in one operator")
        if not self.kind.minimum <= other <= self.kind.maximum:
            raise TypeError(f"{other} does not fit {type(self).__name__}")
        return int(other)

    def __neg__(self) -> Number:
        return type(self)(-int(self))

    def __invert__(self) -> Number:
        return type(self)(~int(self))

    def __abs__(self) -> Number:
        return type(self)(abs(int(self)))


def _operator(name: str, function: Callable[[int, int], int]) -> None:
    def shift_checked(left: int, right: int, bits: int) -> int:
        if name.endswith("shift__") and not 0 <= right < bits:
            raise Failed(errno.ERANGE)
        return function(left, right)

    def forward(self: Number, other: Any) -> Number:
        return type(self)(shift_checked(int(self), self._with(other), self.kind.bits))

    def backward(self: Number, other: Any) -> Number:
        return type(self)(shift_checked(self._with(other), int(self), self.kind.bits))

    setattr(Number, name, forward)
    setattr(Number, name.replace("__", "__r", 1), backward)


for _name in ("add", "sub", "mul", "floordiv", "mod", "and", "or", "xor", "lshift", "rshift"):
    _operator(f"__{_name}__", getattr(int, f"__{_name}__"))

NUMBERS: dict[kinds.Type, type[Number]] = {
    each: type(each.name, (Number,), {"kind": each, "__lb_type__": classmethod(lambda cls: cls.kind)})
    for each in vars(kinds).values()
    if isinstance(each, kinds.Integer)
}


class Ip(int):
    """An IPv4 address, as its number."""

    def __new__(cls, value: Any = 0) -> Ip:
        return super().__new__(cls, int(value) if isinstance(value, int) else int(ipaddress.IPv4Address(value)))

    @classmethod
    def __lb_type__(cls) -> kinds.Type:
        return kinds.ipv4


class Mac(bytes):
    def __new__(cls, value: Any = bytes(6)) -> Mac:
        return super().__new__(cls, kinds.MacAddress(value))

    @classmethod
    def __lb_type__(cls) -> kinds.Type:
        return kinds.mac


class Text(str):
    """Chars: its length is in bytes."""

    def __len__(self) -> int:
        return builtins.len(self.encode())


class Items(list[Any]):
    """A fixed array."""

    def __init__(self, kind: kinds.Array, values: Any) -> None:
        super().__init__(convert(kind.element, each) for each in values)
        self.kind = kind

    def __setitem__(self, index: Any, value: Any) -> None:
        super().__setitem__(index, convert(self.kind.element, value))


class Record:
    """A struct."""

    fields: dict[str, kinds.Type]
    kind: kinds.StructType

    def __init_subclass__(cls) -> None:
        hints = cls.__annotations__
        cls.fields = {name: kind_of(hint) for name, hint in hints.items()}
        cls.kind = kinds.layout(cls.__name__, list(cls.fields.items()))
        RECORDS[cls.kind] = cls

    @classmethod
    def __lb_type__(cls) -> kinds.Type:
        return cls.kind

    def __init__(self, **values: Any) -> None:
        for name in self.fields:
            setattr(self, name, values[name])

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, convert(self.fields[name], value))

    def __eq__(self, other: object) -> bool:
        return all(getattr(self, name) == getattr(other, name) for name in self.fields)

    def __hash__(self) -> int:
        return hash(tuple(getattr(self, name) for name in self.fields))


RECORDS: dict[kinds.Type, type[Record]] = {}


class Enum(enum.IntEnum):
    def __init_subclass__(cls, base: type[Number], **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        BASES[cls] = base.kind

    @classmethod
    def __lb_type__(cls) -> kinds.Type:
        members = tuple((name, int(member)) for name, member in cls.__members__.items())
        return kinds.EnumType(cls.__name__, BASES[cls], members, False, cls)


class Flags(enum.IntFlag, boundary=enum.KEEP):
    def __init_subclass__(cls, base: type[Number], **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        BASES[cls] = base.kind

    @classmethod
    def __lb_type__(cls) -> kinds.Type:
        members = tuple((name, int(member)) for name, member in cls.__members__.items())
        return kinds.EnumType(cls.__name__, BASES[cls], members, True, cls)


BASES: dict[type, kinds.Integer] = {}


def kind_of(written: Any) -> kinds.Type:
    """The Type of an annotation of the reference's own classes."""
    if isinstance(written, kinds.Type):
        return written
    if isinstance(written, type) and issubclass(written, (Number, Ip, Mac, Record)):
        return written.__lb_type__()
    for extra in get_args(written)[1:]:
        if isinstance(extra, kinds.Array):
            return extra
    return kinds.type_of(written)


def convert(kind: kinds.Type, value: Any) -> Any:
    """A copy of a value as one of a type; refuses what the type checker would."""
    if isinstance(kind, kinds.Integer):
        number = NUMBERS[kind]
        if isinstance(value, Number) and type(value) is not number:
            raise TypeError(f"{type(value).__name__} where {kind.name} is wanted")
        if isinstance(value, (bool, Ip)) or not kind.minimum <= value <= kind.maximum:
            raise TypeError(f"{value!r} is not a {kind.name}")
        return number(value)
    if isinstance(kind, kinds.Array):
        return Items(kind, value)
    if isinstance(kind, kinds.StructType):
        return RECORDS[kind](**{name: getattr(value, name) for name in RECORDS[kind].fields})
    if isinstance(kind, kinds.Chars):
        return Text(value)
    return value


def zero(kind: kinds.Type) -> Any:
    if isinstance(kind, kinds.Integer):
        return NUMBERS[kind](0)
    if isinstance(kind, kinds.Array):
        return Items(kind, [zero(kind.element) for _ in range(kind.length)])
    if isinstance(kind, kinds.StructType):
        made = RECORDS[kind].__new__(RECORDS[kind])
        for name, each in RECORDS[kind].fields.items():
            setattr(made, name, zero(each))
        return made
    if isinstance(kind, kinds.Chars):
        return Text()
    if kind == kinds.ipv4:
        return Ip(0)
    if kind == kinds.mac:
        return Mac()
    return False if isinstance(kind, kinds.Bool) else kind.zero


class Variable:
    """State or Param, as a descriptor."""

    def __init__(self, written: Any, default: Any = None, **_: Any) -> None:
        self.kind = kind_of(written)
        self.default = zero(self.kind) if default is None else convert(self.kind, default)

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = f"_{name}"

    def __get__(self, instance: Any, owner: type) -> Any:
        if self.name not in vars(instance):
            vars(instance)[self.name] = convert(self.kind, self.default)
        return vars(instance)[self.name]

    def __set__(self, instance: Any, value: Any) -> None:
        vars(instance)[self.name] = convert(self.kind, value)


class BoundedMap:
    """The content of a Map."""

    def __init__(self, key: kinds.Type, value: kinds.Type, entries: int) -> None:
        self.key, self.value, self.entries = key, value, entries
        self.content: dict[Any, Any] = {}

    def __getitem__(self, key: Any) -> Any:
        return self.content[convert(self.key, key)]

    def __setitem__(self, key: Any, value: Any) -> None:
        key = convert(self.key, key)
        if key not in self.content and len(self.content) >= self.entries:
            raise Failed(errno.ENOSPC)
        self.content[key] = convert(self.value, value)

    def __delitem__(self, key: Any) -> None:
        del self.content[convert(self.key, key)]

    def __contains__(self, key: Any) -> bool:
        return convert(self.key, key) in self.content

    def __len__(self) -> int:
        return len(self.content)

    def __iter__(self) -> Iterator[Any]:
        return (convert(self.key, each) for each in self.content)

    def get(self, key: Any, default: Any) -> Any:
        return convert(self.value, self.content.get(convert(self.key, key), default))

    def items(self) -> Iterator[Any]:
        return ((convert(self.key, key), convert(self.value, value)) for key, value in self.content.items())

    def values(self) -> Iterator[Any]:
        return (convert(self.value, value) for value in self.content.values())

    def clear(self) -> None:
        self.content.clear()


class MapMember:
    def __init__(self, key: Any, value: Any, entries: int) -> None:
        self.arguments = kind_of(key), kind_of(value), entries

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = f"_{name}"

    def __get__(self, instance: Any, owner: type) -> BoundedMap:
        return vars(instance).setdefault(self.name, BoundedMap(*self.arguments))  # type: ignore[no-any-return]  # a dict of anything


class Interface:
    """Nothing is declared: the class works by itself."""


def _bind(function: Callable[..., Any]) -> Callable[..., Any]:
    """Arguments and result take the types that are declared, by copy."""
    hints = get_type_hints(function, include_extras=True)
    result = hints.pop("return")
    wanted = [kind_of(each) for each in hints.values()]

    def call(self: Any, *values: Any) -> Any:
        value = function(self, *[convert(kind, each) for kind, each in zip(wanted, values, strict=True)])
        return None if result is type(None) else convert(kind_of(result), value)

    return call


def _like(value: Any, before: Callable[[], Any]) -> Any:
    """What an assignment to a local stores: a copy, of the type that it had before."""
    try:
        held = before()
    except NameError:
        held = value
    if isinstance(held, Number):
        return convert(held.kind, value)
    if isinstance(held, (Items, Record)):
        return convert(held.kind, value)
    return value


def _typed_range(*bounds: Any) -> Iterator[Any]:
    number = next((type(each) for each in bounds[:2] if isinstance(each, Number)), NUMBERS[kinds.u32])
    return (number(each) for each in range(*bounds))


def _least(chosen: Callable[..., Any], *values: Any) -> Any:
    number = next(type(each) for each in values if isinstance(each, Number))
    return number(chosen(int(each) for each in values))


class _Typed(ast.NodeTransformer):
    """The little that ordinary Python would do otherwise: declared locals, copies."""

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        self.generic_visit(node)
        if node.value is None or not isinstance(node.target, ast.Name):
            return node
        kind = ast.Call(ast.Name("_kind_of", ast.Load()), [node.annotation], [])
        value = ast.Call(ast.Name("_convert", ast.Load()), [kind, node.value], [])
        return ast.copy_location(ast.Assign([node.target], value), node)

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        self.generic_visit(node)
        (target,) = node.targets
        if isinstance(target, ast.Name):
            before = ast.Lambda(
                ast.arguments(posonlyargs=[], args=[], kwonlyargs=[], kw_defaults=[], defaults=[]),
                ast.Name(target.id, ast.Load()),
            )
            node.value = ast.Call(ast.Name("_like", ast.Load()), [node.value, before], [])
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        self.generic_visit(node)
        node.decorator_list = [ast.Name("_bind", ast.Load())]
        return node


def run_source(source: str, name: str) -> Any:
    """An instance of the interface in a module's source, whose commands run as ordinary Python.

    Args:
        source: The module.
        name: Name of the class.
    """
    tree = ast.parse(source)
    tree.body = [each for each in tree.body if not isinstance(each, (ast.Import, ast.ImportFrom))]
    for each in tree.body:
        if isinstance(each, ast.ClassDef) and each.name == name:
            each.body = [_Typed().visit(inner) if isinstance(inner, ast.FunctionDef) else inner for inner in each.body]
    ast.fix_missing_locations(tree)
    lb = python_types.SimpleNamespace(
        **{each.name: number for each, number in NUMBERS.items()},
        ipv4=Ip,
        mac=Mac,
        Struct=Record,
        Interface=Interface,
        State=Variable,
        Param=Variable,
        Counter=lambda: Variable(NUMBERS[kinds.u64]),
        Map=MapMember,
        Errno=Failed,
        Enum=Enum,
        Flags=Flags,
        Chars=kinds.Chars,
        Array=lambda element, length: kinds.Array(kind_of(element), length),
        command=lambda function: function,
    )
    module: dict[str, Any] = {
        "__name__": "reference",
        "lb": lb,
        "errno": errno,
        "Annotated": Annotated,
        "Any": Any,
        "_bind": _bind,
        "_like": _like,
        "_kind_of": kind_of,
        "_convert": convert,
        "range": _typed_range,
        "min": lambda *values: _least(builtins.min, *values),
        "max": lambda *values: _least(builtins.max, *values),
        "len": lambda thing: NUMBERS[kinds.u32](builtins.len(thing)),
    }
    exec(compile(tree, f"<reference {name}>", "exec", dont_inherit=True), module)
    return module[name]()


def from_user(kind: kinds.Type, value: Any) -> Any:
    """A user's value as one of the reference's."""
    if isinstance(kind, kinds.StructType):
        return RECORDS[kind](**{each.name: from_user(each.type, getattr(value, each.name)) for each in kind.fields})
    if isinstance(kind, kinds.Array):
        return Items(kind, [from_user(kind.element, each) for each in value])
    if kind == kinds.ipv4:
        return Ip(value)
    return convert(kind, value)


def to_user(kind: kinds.Type, value: Any) -> Any:
    """The other way; structs as tuples."""
    if isinstance(kind, kinds.StructType):
        return tuple(to_user(each.type, getattr(value, each.name)) for each in kind.fields)
    if isinstance(kind, kinds.Array):
        return [to_user(kind.element, each) for each in value]
    if kind == kinds.ipv4:
        return ipaddress.IPv4Address(int(value))
    return kind.from_raw(value) if isinstance(kind, kinds.EnumType) else value


def call(interface: Any, name: str, values: list[Any]) -> tuple[int, Any]:
    """Run a command: its errno, or 0, and its result."""
    try:
        return 0, getattr(interface, name)(*values)
    except Failed as failed:
        return failed.number, None
    except tuple(ERRNOS) as error:
        return next(number for kind, number in ERRNOS.items() if isinstance(error, kind)), None
