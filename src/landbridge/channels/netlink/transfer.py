"""Between a struct and attributes, as C: the statements of one field each."""

from __future__ import annotations

from landbridge.channels.netlink.policy import LONGEST_EXACT
from landbridge.channels.netlink.sets import Attribute
from landbridge.types import Address, Array, Bool, Chars, EnumType, Integer, StructType, Type, snake_case


def read(p: str, attribute: Attribute, target: str) -> list[str]:
    """Statements that read an attribute, which its policy has let pass, into a field.

    Args:
        p: The interface's C name.
        attribute: The attribute.
        target: The field, such as ``to->count``.
    """
    source = f"attrs[{attribute.c_name}]"
    match attribute.type:
        case EnumType() as enum:
            got = f"{target} = nla_get_{enum.base.name}({source});"
            return [got, *_refuse_holes(p, enum, source, target)]
        case Bool():
            return [f"{target} = nla_get_u8({source});"]
        case Integer(name=name):
            return [f"{target} = nla_get_{name}({source});"]
        case Chars():
            return [f"strscpy({target}, nla_data({source}), sizeof({target}));"]
        case Address(name="ipv4"):
            return [f"{target} = nla_get_in_addr({source});"]
        case Address(name="ipv6"):
            return [f"{target} = nla_get_in6_addr({source});"]
        case Array(size=size) if size > LONGEST_EXACT:
            return [
                f"if (nla_len({source}) != sizeof({target})) {{",
                f'\tNL_SET_ERR_MSG_ATTR(extack, {source}, "wrong length");',
                "\treturn -EINVAL;",
                "}",
                f"nla_memcpy({target}, {source}, sizeof({target}));",
            ]
        case Address() | Array():
            return [f"nla_memcpy({target}, {source}, sizeof({target}));"]
        case StructType():
            assert attribute.nest is not None
            return [
                f"err = {p}_netlink_read_{attribute.nest.name}(&{target}, {source}, extack);",
                "if (err)",
                "\treturn err;",
            ]
    raise TypeError(attribute.type)


def _refuse_holes(p: str, enum: EnumType, source: str, target: str) -> list[str]:
    """Refuse numbers between the members, which the range of the policy lets pass."""
    values = {value for _, value in enum.members}
    if enum.flags or enum.base.big_endian or len(values) == max(values) - min(values) + 1:
        return []
    prefix = f"{p}_{snake_case(enum.name)}_".upper()
    firsts = {value: name for name, value in reversed(enum.members)}
    return [
        f"switch ({target}) {{",
        *(f"case {prefix}{firsts[value].upper()}:" for value in sorted(values)),
        "\tbreak;",
        "default:",
        f'\tNL_SET_ERR_MSG_ATTR(extack, {source}, "not a {enum.name}");',
        "\treturn -EINVAL;",
        "}",
    ]


def put(p: str, attribute: Attribute, source: str) -> str:
    """The call that puts a field into a message; non-zero if there is no room.

    Args:
        p: The interface's C name.
        attribute: The attribute.
        source: The field, such as ``from->count``.
    """
    type_ = attribute.type.base if isinstance(attribute.type, EnumType) else attribute.type
    name = attribute.c_name
    match type_:
        case Bool():
            return f"nla_put_u8(skb, {name}, {source})"
        case Integer(size=8):
            # The nla_put_u64_64bit family would add padding attributes.
            return f"nla_put(skb, {name}, sizeof({source}), &{source})"
        case Integer(name=kind):
            return f"nla_put_{kind}(skb, {name}, {source})"
        case Chars():
            return f"nla_put_string(skb, {name}, {source})"
        case Address(name="ipv4"):
            return f"nla_put_in_addr(skb, {name}, {source})"
        case Address(name="ipv6"):
            return f"nla_put_in6_addr(skb, {name}, &{source})"
        case Address() | Array():
            return f"nla_put(skb, {name}, sizeof({source}), {source})"
        case StructType():
            assert attribute.nest is not None
            return f"{p}_netlink_put_{attribute.nest.name}(skb, {name}, &{source})"
    raise TypeError(type_)


def room(attribute: Attribute) -> int:
    """Bytes that an attribute takes at most, header and padding included."""
    if attribute.nest is not None:
        return 4 + sum(room(each) for each in attribute.nest.reply)
    return 4 + (attribute.type.size + 3 & ~3)


def c_struct(p: str, type_: Type) -> str:
    """The C name of a user's struct."""
    return f"struct {p}_{snake_case(type_.name)}"
