"""How the emitted C is laid out: the lines of a template, broken where they are too long."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from landbridge.channels.netlink.sets import AttributeSet
from landbridge.compiler.emit_c.wrap import LIMIT, PREFERRED, TAB, wrap
from landbridge.spec import EventSpec, MemberSpec
from landbridge.types import Address, Array, Chars, StructType, Type


def tidy(text: str) -> str:
    """Break lines that are too long as the kernel's style asks; comments and macros stay as they are."""
    lines: list[str] = []
    for line in text.splitlines():
        code = line.lstrip("\t")
        tabs = len(line) - len(code)
        longest = LIMIT if code.startswith("[") else PREFERRED
        if tabs * TAB + len(code) <= longest or code.startswith(("#", "/*", "*", ".", "//")):
            lines.append(line)
        elif code.startswith("    "):
            # A further line of a condition: its depth is that of the `if`, four columns in.
            lines += _wrap_aligned(code.strip(), tabs)
        else:
            lines += wrap(code, tabs)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).rstrip("\n") + "\n"


def _wrap_aligned(code: str, tabs: int) -> Iterator[str]:
    # As if it stood right after `if (`, which is taken off again.
    first, *rest = wrap(f"if ({code}", tabs)
    yield "\t" * tabs + "    " + first.lstrip("\t").removeprefix("if (")
    yield from rest


def includes_for(
    members: Sequence[MemberSpec], sets: Sequence[AttributeSet], *, large: bool, generic: bool
) -> list[str]:
    """The kernel headers that a channel's file needs."""
    headers = {"linux/capability.h", "linux/kernel.h", "linux/module.h", "net/net_namespace.h"}
    headers.add("net/genetlink.h" if generic else "net/netlink.h")
    if large:
        headers.add("linux/slab.h")
    if not generic:
        headers |= {"linux/netlink.h", "net/sock.h", "linux/string.h"}
    if any(isinstance(each, EventSpec) for each in members):
        headers.add("linux/spinlock.h")
    for set_ in sets:
        for attribute in set_.attributes:
            for type_ in _inside(attribute.type):
                if isinstance(type_, Chars):
                    headers.add("linux/string.h")
                elif isinstance(type_, Address) and type_.name == "mac":
                    headers.add("linux/if_ether.h")
                elif isinstance(type_, Address) and type_.name == "ipv6":
                    headers.add("linux/in6.h")
    return sorted(headers)


def _inside(type_: Type) -> Iterator[Type]:
    yield type_
    if isinstance(type_, Array):
        yield from _inside(type_.element)
    elif isinstance(type_, StructType):
        for each in type_.fields:
            yield from _inside(each.type)
