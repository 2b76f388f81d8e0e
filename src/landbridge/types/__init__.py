"""The layout of values: what each type is in Python, and what bytes it is in both ends.

- :mod:`base`: what all types share; :mod:`integer`, :mod:`address`, :mod:`text`, :mod:`array`,
  :mod:`enumeration`, :mod:`structure`: the types, one noun each;
- :mod:`resolve`: from an annotation to the Type; :mod:`names`: names that C can bear.
"""

from landbridge.types.address import Address, MacAddress, ipv4, ipv6, mac
from landbridge.types.array import Array
from landbridge.types.base import Type
from landbridge.types.enumeration import Enum, EnumType, Flags
from landbridge.types.integer import (
    Bool,
    Integer,
    be16,
    be32,
    be64,
    boolean,
    s8,
    s16,
    s32,
    s64,
    u8,
    u16,
    u32,
    u64,
)
from landbridge.types.names import check_name, snake_case
from landbridge.types.resolve import type_of
from landbridge.types.structure import Field, Struct, StructType, layout
from landbridge.types.text import Chars

__all__ = [
    "Address",
    "Array",
    "Bool",
    "Chars",
    "Enum",
    "EnumType",
    "Field",
    "Flags",
    "Integer",
    "MacAddress",
    "Struct",
    "StructType",
    "Type",
    "be16",
    "be32",
    "be64",
    "boolean",
    "check_name",
    "ipv4",
    "ipv6",
    "layout",
    "mac",
    "s8",
    "s16",
    "s32",
    "s64",
    "snake_case",
    "type_of",
    "u8",
    "u16",
    "u32",
    "u64",
]
