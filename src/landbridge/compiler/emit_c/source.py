"""The whole of a module's ``P_handlers.c``: what all its parts are put together to."""

from __future__ import annotations

from dataclasses import dataclass

from landbridge.compiler import ir
from landbridge.compiler.emit_c import entries, params
from landbridge.compiler.emit_c.code import Blank, Braces, Line, Node, Text, lay_out
from landbridge.compiler.emit_c.constants import address_bytes
from landbridge.compiler.emit_c.ctype import declare
from landbridge.compiler.emit_c.functions import FunctionCode
from landbridge.compiler.emit_c.memory import Memory
from landbridge.compiler.emit_c.names import Names
from landbridge.compiler.emit_c.structs import assertions, enum, struct
from landbridge.compiler.emit_c.unit import Unit
from landbridge.spec import InterfaceSpec, MethodSpec, TableSpec
from landbridge.types import Array, StructType, Type


@dataclass(frozen=True)
class Handlers:
    """The compiled handlers of an interface in C.

    Attributes:
        includes: Kernel headers, sorted.
        body: All that follows the includes.
        prototypes: Declarations for the other files of the module: heads without semicolon.
        takes_memory: Whether there are ``P_memory_init`` and ``P_memory_exit``.
    """

    includes: tuple[str, ...]
    body: tuple[Line, ...]
    prototypes: tuple[str, ...]
    takes_memory: bool


def emit_handlers(program: ir.Program) -> Handlers:
    """The C of all handlers of a program."""
    unit = Unit(program)
    memory = Memory(unit)
    declared = memory.declarations()
    reached = memory.functions()
    handlers: list[Node] = []
    for param in program.spec.params:
        handlers += params.functions(unit, param)
    for function in program.functions:
        if isinstance(function.member, TableSpec):
            handlers += entries.give(unit, function)
        handlers += FunctionCode(unit, function).nodes()
    handlers += [*memory.generation(), *memory.life()]
    helpers = [each for nodes in unit.helpers.values() for each in (*nodes, Blank())]
    defines: list[Node] = [Text(f"#define {name} {value}") for name, value in unit.defines.items()]
    unit.include(["linux/types.h"])
    asserted = _assertions(unit.names, program)
    if asserted:
        unit.include(["linux/build_bug.h", "linux/stddef.h"])
    nodes = [
        *defines,
        Blank(),
        *asserted,
        Blank(),
        *_inner_enums(unit),
        *_inner_structs(unit.names, program),
        *declared,
        Blank(),
        *_addresses(unit),
        *helpers,
        *reached,
        *handlers,
    ]
    return Handlers(
        includes=tuple(sorted(unit.includes)),
        body=tuple(lay_out(nodes)),
        prototypes=tuple(_prototypes(unit)),
        takes_memory=memory.is_taken,
    )


def shared_structs(spec: InterfaceSpec) -> list[tuple[str, StructType]]:
    """Tags and layouts of the structs that cross, each after those it contains."""
    names = Names(spec.c_name)
    found = [(names.struct(each), each) for each in _crossing_structs(spec)]
    for command in spec.commands:
        if command.request is not None:
            found.append((names.request(command), command.request))
        if command.reply is not None:
            found.append((names.reply(command), command.reply))
    return [*found, *((names.param(each), each.value) for each in spec.params)]


def emit_uapi(spec: InterfaceSpec) -> list[Line]:
    """Enums and structs for the header that user space shares."""
    names = Names(spec.c_name)
    nodes: list[Node] = []
    crossing = {each.name for member in spec.crossing for type_ in _types(member) for each in _inside(type_)}
    for type_ in spec.enums:
        if type_.name in crossing or type_.value_class is not None:
            nodes += [enum(names, type_), Blank()]
    for tag, each in shared_structs(spec):
        nodes += [struct(names, tag, each, uapi=True), Blank()]
    return lay_out(nodes)


def emit_dumps(spec: InterfaceSpec) -> list[Line]:
    """The structs by which channels run tables, for the header that the module's files share."""
    names = Names(spec.c_name)
    nodes: list[Node] = []
    for table in spec.tables:
        row = f"int (*row)({names.dump(table)} *dump, const {names.struct(table.row)} *row);"
        body: list[Node] = [
            Text("u64 position;"),
            Text("u64 index;"),
            Text("u64 anchor;"),
            Text("bool moved;"),
            Text(row),
            Text("void *context;"),
        ]
        nodes += [Braces(names.dump(table), body, ";"), Blank()]
    return lay_out(nodes)


def _prototypes(unit: Unit) -> list[str]:
    spec = unit.program.spec
    heads = [head for each in spec.params for head in params.signatures(unit, each)]
    heads += [entries.head(unit, each) for each in unit.program.functions if not isinstance(each.member, MethodSpec)]
    if spec.tables:
        heads.append(f"u64 {unit.names.symbol('generation')}(void)")
    return heads


def _assertions(names: Names, program: ir.Program) -> list[Node]:
    return [each for tag, type_ in shared_structs(program.spec) for each in assertions(tag, type_)]


def _inner_enums(unit: Unit) -> list[Node]:
    """Enums that only the handlers know."""
    shared = {each.name for each in unit.program.spec.enums}
    return [
        node for each in unit.enums.values() if each.name not in shared for node in (enum(unit.names, each), Blank())
    ]


def _addresses(unit: Unit) -> list[Node]:
    """Constant addresses."""
    made: list[Node] = []
    for (type_, value), name in unit.addresses.items():
        start = address_bytes(unit, type_, value)
        made.append(Text(f"static const {declare(unit.names, type_, name)} = {start};"))
    return [*made, Blank()]


def _inner_structs(names: Names, program: ir.Program) -> list[Node]:
    """Structs that only the handlers know."""
    crossing = {each.name for each in _crossing_structs(program.spec)}
    nodes: list[Node] = []
    seen: set[str] = set()
    for each in (*program.spec.structs, *program.structs):
        if each.name not in crossing and each.name not in seen:
            seen.add(each.name)
            nodes += [struct(names, names.struct(each), each, uapi=False), Blank()]
    return nodes


def _crossing_structs(spec: InterfaceSpec) -> list[StructType]:
    found: dict[str, StructType] = {}
    for member in spec.crossing:
        for type_ in _types(member):
            for inner in _inside(type_):
                if isinstance(inner, StructType) and inner.value_class is not None:
                    found.setdefault(inner.name, inner)
    return list(found.values())


def _types(member: object) -> list[Type]:
    return [each for each in vars(member).values() if isinstance(each, Type)]


def _inside(type_: Type) -> list[Type]:
    """The types in a type, innermost first, itself last."""
    if isinstance(type_, StructType):
        return [*(inner for each in type_.fields for inner in _inside(each.type)), type_]
    if isinstance(type_, Array):
        return [*_inside(type_.element), type_]
    return [type_]
