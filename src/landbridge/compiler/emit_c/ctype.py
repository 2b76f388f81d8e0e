"""Types as C declares them."""

from __future__ import annotations

from landbridge.compiler.emit_c.names import Names
from landbridge.compiler.headers import HEADERS
from landbridge.compiler.ir import HeaderType, OpaqueType, SlotType
from landbridge.types import Address, Array, Bool, Chars, EnumType, Integer, StructType, Type, u8, u32

_OBJECTS = {"Skb": "struct sk_buff", "Task": "struct task_struct", "NetDevice": "struct net_device"}


def integer_of(type_: Type) -> Integer | None:
    """The integer that carries a type in arithmetic, None for what is no number."""
    if isinstance(type_, Integer):
        return type_
    if isinstance(type_, EnumType):
        return type_.base
    if isinstance(type_, Address) and type_.size == 4:
        return u32
    return None


def is_scalar(type_: Type) -> bool:
    """Whether C passes it by value."""
    return isinstance(type_, (Integer, Bool, EnumType)) or (isinstance(type_, Address) and type_.size == 4)


def is_array(type_: Type) -> bool:
    """Whether C has it as an array, which decays to a pointer."""
    return isinstance(type_, (Chars, Array)) or (isinstance(type_, Address) and type_.name == "mac")


def declare(names: Names, type_: Type, name: str, *, uapi: bool = False) -> str:
    """The declaration of a variable or a field, without the semicolon.

    Args:
        names: Names of the interface.
        type_: Its type.
        name: Its name, with ``*`` before it for a pointer to the type.
        uapi: With the names that user space knows (``__u32``), and bool as a byte.
    """
    suffix = ""
    while isinstance(type_, Array):
        suffix += f"[{type_.length}]"
        type_ = _element(type_)
    if isinstance(type_, Chars):
        suffix += f"[{type_.length}]"
    elif isinstance(type_, Address) and type_.name == "mac":
        suffix += "[ETH_ALEN]"
    return f"{_base(names, type_, uapi)} {name}{suffix}"


def _element(type_: Array) -> Type:
    """Type of an array's elements in C; bools are bytes, as they cross, so that pointers to arrays are alike."""
    return u8 if isinstance(type_.element, Bool) else type_.element


def _base(names: Names, type_: Type, uapi: bool) -> str:
    prefix = "__" if uapi else ""
    if isinstance(type_, EnumType):
        type_ = type_.base
    if isinstance(type_, Integer):
        return f"__{type_.name}" if type_.big_endian else prefix + type_.name
    if isinstance(type_, Bool):
        return "__u8" if uapi else "bool"
    if isinstance(type_, Chars):
        return "char"
    if isinstance(type_, Address):
        return {"ipv4": "__be32", "ipv6": "struct in6_addr", "mac": f"{prefix}u8"}[type_.name]
    if isinstance(type_, StructType):
        return names.struct(type_)
    raise TypeError(f"{type_} has no base type in C")


def declare_local(names: Names, type_: Type, name: str) -> str:
    """The declaration of a local variable, kernel objects included."""
    if isinstance(type_, SlotType):
        return f"struct {names.symbol(type_.map)}_entry *{name}"
    if isinstance(type_, HeaderType):
        return f"const {HEADERS[type_.name].c_type} *{name}"
    if isinstance(type_, OpaqueType):
        return f"{_OBJECTS[type_.name]} *{name}"
    return declare(names, type_, name)


def declare_argument(names: Names, type_: Type, name: str) -> str:
    """The declaration of an argument: scalars by value, all else by a pointer to what must not change."""
    if isinstance(type_, (SlotType, HeaderType)):
        return declare_local(names, type_, name)
    if isinstance(type_, OpaqueType):
        return f"const {_OBJECTS[type_.name]} *{name}"
    if is_scalar(type_):
        return declare(names, type_, name)
    return f"const {pointer_to(names, type_, name)}"


def pointer_to(names: Names, type_: Type, name: str) -> str:
    """The declaration of a pointer to an object of a type; to the first element of what is an array."""
    if isinstance(type_, Array):
        if is_array(type_.element):
            return declare(names, type_.element, f"(*{name})")
        return declare(names, _element(type_), f"*{name}")
    if isinstance(type_, Chars):
        return f"char *{name}"
    if is_array(type_):
        return f"u8 *{name}"
    return declare(names, type_, f"*{name}")
