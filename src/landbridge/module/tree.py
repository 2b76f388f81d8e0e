"""The C tree of a module: all its files as text."""

from __future__ import annotations

import functools
import hashlib
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field

from landbridge.channels.base import KernelPart
from landbridge.channels.placement import Placement
from landbridge.compiler.emit_c import Handlers, Line, emit_dumps, emit_handlers, emit_uapi
from landbridge.compiler.emit_c.constants import quoted
from landbridge.compiler.emit_c.source import shared_structs
from landbridge.compiler.emit_c.wrap import LIMIT, TAB, wrap
from landbridge.compiler.ir import Program
from landbridge.compiler.span import Span
from landbridge.module.hooks import emit_hooks, has_hooks
from landbridge.module.templates import render
from landbridge.spec import InterfaceSpec
from landbridge.types import Address, Array, StructType, Type

VERSION = "1.0"
MODERN = frozenset(["genl_mcast_cap", "nl_set_err_attr_miss", "timer_delete_sync", "timer_shutdown_sync"])
"""API forms that the kernels of today have; what :func:`emit` assumes unless it is told."""


@dataclass(frozen=True, slots=True)
class Mapped:
    """A line of C and the Python that it was made from.

    Attributes:
        file: File of the tree.
        line: Line in it, from 1.
        span: The Python.
    """

    file: str
    line: int
    span: Span


@dataclass(frozen=True)
class Tree:
    """A module's files.

    Attributes:
        name: Name of the module.
        files: Text by path, relative.
        line_map: Python of the lines that came from Python, in order.
        parts: What the channels gave.
    """

    name: str
    files: Mapping[str, str]
    line_map: tuple[Mapped, ...] = field(default=(), compare=False)
    parts: tuple[KernelPart, ...] = field(default=(), compare=False)

    @functools.cached_property
    def digest(self) -> str:
        """SHA-256 of all files, in hexadecimal."""
        total = hashlib.sha256()
        for path, text in sorted(self.files.items()):
            total.update(f"{path}\0{len(text.encode())}\0{text}".encode())
        return total.hexdigest()


def emit(program: Program, placement: Placement, features: Set[str] = MODERN) -> Tree:
    """Emit the C tree of a module.

    Args:
        program: The compiled handlers.
        placement: Which channel carries which member.
        features: API forms that the target kernel has; see :mod:`landbridge.module.features`.

    Returns:
        The same tree for the same input, on any machine.
    """
    spec = program.spec
    p = spec.c_name
    handlers = emit_handlers(program)
    parts = [channel.kernel_part(spec, members, frozenset(features)) for channel, members in placement.parts]
    steps = ["memory"] if handlers.takes_memory else []
    steps += [each.name for each in parts]
    steps += ["hooks"] if has_hooks(spec) else []
    files = {
        f"{p}.h": _uapi(spec, parts),
        f"{p}_internal.h": _internal(spec, handlers, parts, steps),
        f"{p}_main.c": _main(spec, steps),
    }
    start = render("handlers.c.j2", spec=spec, p=p, includes=handlers.includes)
    files[f"{p}_handlers.c"] = start + "".join(f"{each.text}\n" for each in handlers.body)
    for part in parts:
        files[f"{p}_{part.name}.c"] = part.source
    if has_hooks(spec):
        files[f"{p}_hooks.c"] = emit_hooks(spec, features)
    files["Kbuild"] = kbuild_file(p, files)
    mapped = _mapped(f"{p}_handlers.c", start.count("\n"), handlers.body)
    return Tree(name=p, files=files, line_map=tuple(mapped), parts=tuple(parts))


def kbuild_file(name: str, files: Iterable[str]) -> str:
    """The text of ``Kbuild`` for a module made of these files."""
    objects = [path.removesuffix(".c") + ".o" for path in files if path.endswith(".c")]
    return render("Kbuild.j2", p=name, objects=objects)


def _mapped(file: str, before: int, body: tuple[Line, ...]) -> list[Mapped]:
    return [Mapped(file, before + i, line.span) for i, line in enumerate(body, 1) if line.span is not None]


def _uapi(spec: InterfaceSpec, parts: list[KernelPart]) -> str:
    lines = emit_uapi(spec)
    includes = {"linux/types.h"}
    for each in spec.crossing:
        for type_ in vars(each).values():
            if isinstance(type_, Type):
                includes |= _headers_of(type_)
    return render(
        "uapi.h.j2",
        spec=spec,
        P=spec.c_name.upper(),
        guard=f"_{spec.c_name.upper()}_H",
        about=lines_of_doc(spec),
        includes=sorted(includes),
        declarations=[each.text for each in lines],
        parts=["\n".join(_fitted(part.uapi)) for part in parts],
    )


def _fitted(text: str) -> Iterator[str]:
    """The lines of a text; where the comment after a macro makes it too long, it goes before it."""
    for line in text.strip().splitlines():
        code, found, comment = line.partition("/*")
        if found and code.strip() and len(line.expandtabs(TAB)) > LIMIT:
            yield f"/*{comment}"
            yield code.rstrip()
        else:
            yield line


def _internal(spec: InterfaceSpec, handlers: Handlers, parts: list[KernelPart], steps: list[str]) -> str:
    prototypes = [line for head in handlers.prototypes for line in wrap(f"{head};", 0)]
    for event in spec.events:
        struct = next(tag for tag, type_ in shared_structs(spec) if type_ == event.record)
        prototypes += wrap(f"void {spec.c_name}_{event.name}_emit(const {struct} *record);", 0)
    return render(
        "internal.h.j2",
        spec=spec,
        p=spec.c_name,
        guard=f"_{spec.c_name.upper()}_INTERNAL_H",
        includes=["linux/types.h"],
        opaque=["nf_hook_state", "sk_buff"] if spec.netfilter_hooks else [],
        dumps=[each.text for each in emit_dumps(spec)],
        prototypes=prototypes,
        parts=parts,
        steps=steps,
    )


def _main(spec: InterfaceSpec, steps: list[str]) -> str:
    about = lines_of_doc(spec)
    description = quoted((about[0] if about else f"{spec.name}, made by landbridge").encode())
    return render("main.c.j2", spec=spec, p=spec.c_name, steps=steps, description=description, version=VERSION)


def lines_of_doc(spec: InterfaceSpec) -> list[str]:
    """The class's docstring as lines for a comment."""
    text = textwrap.dedent(spec.doc).strip().replace("*/", "* /").replace("/*", "/ *")
    return [piece for line in text.splitlines() for piece in (textwrap.wrap(line, 85) or [""])]


def _headers_of(type_: Type) -> set[str]:
    if isinstance(type_, StructType):
        return {header for each in type_.fields for header in _headers_of(each.type)}
    if isinstance(type_, Array):
        return _headers_of(type_.element)
    if isinstance(type_, Address):
        return {"ipv6": {"linux/in6.h"}, "mac": {"linux/if_ether.h"}}.get(type_.name, set())
    return set()
