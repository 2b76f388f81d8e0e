"""From the members of a class body to its InterfaceSpec."""

from __future__ import annotations

import collections.abc
import inspect
import typing
from collections.abc import Iterable
from types import FunctionType
from typing import Any

from landbridge.declare.members import (
    CommandHandler,
    Counter,
    Declared,
    Event,
    Handler,
    Map,
    NetfilterHandler,
    Param,
    State,
    Table,
    TimerHandler,
)
from landbridge.errors import DeclarationError, Where
from landbridge.spec import (
    CommandSpec,
    CounterSpec,
    EventSpec,
    InterfaceSpec,
    MapSpec,
    MemberSpec,
    MethodSpec,
    NetfilterSpec,
    ParamSpec,
    StateSpec,
    TableSpec,
    TimerSpec,
)
from landbridge.types import (
    Address,
    EnumType,
    Integer,
    StructType,
    Type,
    check_name,
    layout,
    snake_case,
    type_of,
)

LARGEST_MESSAGE = 32768
"""Bytes that one request, reply, record or row may have; more does not fit the kernel's buffers for messages."""


def specify(cls: type, declared: dict[str, Any], local: dict[str, Any], file: str) -> InterfaceSpec:
    """Make the spec of an interface class.

    Args:
        cls: The class, for its name, docstring and module.
        declared: Members and functions by name, in order.
        local: Local names where the class statement is, for annotations.
        file: Path of the file the class is in.

    Raises:
        DeclarationError: At the line of the first member that is wrong.
    """
    return _Specifier(cls, declared, local, file).spec()


class _Specifier:
    def __init__(self, cls: type, declared: dict[str, Any], local: dict[str, Any], file: str) -> None:
        self.cls, self.declared, self.local = cls, declared, local
        first = min((each.where.line for each in declared.values() if isinstance(each, Declared)), default=1)
        self.where = Where(file, first)

    def spec(self) -> InterfaceSpec:
        c_name = snake_case(self.cls.__name__)
        problem = check_name(c_name)
        if problem:
            raise DeclarationError(
                f"interface {self.cls.__name__!r} {problem}", code="LB102", hint="rename the class", where=self.where
            )
        numbers = self._numbers()
        members = tuple(self._member(name, value, numbers) for name, value in self.declared.items())
        self._check_names(members)
        doc = inspect.cleandoc(self.cls.__doc__ or "")
        spec = InterfaceSpec(name=self.cls.__name__, c_name=c_name, doc=doc, members=members, where=self.where)
        self._check_struct_names(spec)
        return spec

    # --- numbers ---------------------------------------------------------------------------

    def _numbers(self) -> dict[str, int]:
        """A number for each member that has one: those asked for, and the lowest free ones for the rest."""
        numbered = {
            name: value
            for name, value in self.declared.items()
            if isinstance(value, (CommandHandler, Table, Param, Event))
        }
        numbers: dict[str, int] = {}
        for name, value in numbered.items():
            wanted = value.options["number"] if isinstance(value, Handler) else value.number
            if wanted is None:
                continue
            if not isinstance(wanted, int) or not 1 <= wanted <= 200:
                raise self._wrong(name, value, f"number {wanted!r} is not from 1 to 200", code="LB103")
            other = next((each for each, number in numbers.items() if number == wanted), None)
            if other is not None and not self._may_share(numbered[other], value):
                raise self._wrong(
                    name,
                    value,
                    f"number {wanted} is already that of {other!r}",
                    code="LB103",
                    hint="choose another, or leave numbers out; "
                    "only a command without and one with a result may share one",
                )
            numbers[name] = wanted
        free = iter(each for each in range(1, 201) if each not in set(numbers.values()))
        for name, value in numbered.items():
            if name not in numbers:
                number = next(free, None)
                if number is None:
                    raise self._wrong(name, value, "more than 200 members", code="LB103", hint="split the interface")
                numbers[name] = number
        return numbers

    def _may_share(self, one: Any, other: Any) -> bool:
        if not (isinstance(one, CommandHandler) and isinstance(other, CommandHandler)):
            return False
        returns = [self._hints(each).get("return", type(None)) is not type(None) for each in (one, other)]
        return returns[0] != returns[1]

    # --- members ---------------------------------------------------------------------------

    def _member(self, name: str, value: Any, numbers: dict[str, int]) -> MemberSpec:
        where = value.where if isinstance(value, Declared) else _where(value)
        if not isinstance(value, FunctionType):
            problem = check_name(name)
            if problem:
                raise DeclarationError(f"{self.cls.__name__}.{name} {problem}", code="LB102", where=where)
        written = value.doc if isinstance(value, (Param, Event)) else getattr(value, "__doc__", None)
        doc = "" if isinstance(value, (State, Map, Counter)) else inspect.cleandoc(written or "")
        common: dict[str, Any] = {"name": name, "doc": doc, "where": where}
        match value:
            case CommandHandler():
                return self._command(value, numbers[name], common)
            case Table():
                return self._table(value, numbers[name], common)
            case NetfilterHandler():
                return self._netfilter(value, common)
            case TimerHandler():
                return self._timer(value, common)
            case Param():
                return self._param(value, numbers[name], common)
            case Event():
                record = self._type(name, value, value.record)
                if not isinstance(record, StructType):
                    raise self._wrong(name, value, "an event carries a Struct", hint="class Seen(lb.Struct): ...")
                self._fits(name, value, record)
                return EventSpec(number=numbers[name], record=record, capability=value.capability, **common)
            case State():
                type_ = self._type(name, value, value.type)
                default = self._default(name, value, type_, value.default)
                return StateSpec(type=type_, default=default, **common)
            case Map():
                return self._map(value, common)
            case Counter():
                return CounterSpec(**common)
        return MethodSpec(**common)

    def _command(self, value: CommandHandler, number: int, common: dict[str, Any]) -> CommandSpec:
        name = value.name
        hints = self._hints(value)
        fields = [
            (each, self._type(name, value, hints[each], what=f"argument {each!r}")) for each in self._arguments(value)
        ]
        if "return" not in hints:
            raise self._wrong(name, value, "no result type", hint="write -> None, or the type of the reply")
        request = layout(f"{name}_request", fields) if fields else None
        reply = None
        if hints["return"] is not type(None):
            reply = layout(f"{name}_reply", [("value", self._type(name, value, hints["return"], what="result"))])
        for each in (request, reply):
            if each is not None:
                self._fits(name, value, each)
        capability = value.options["capability"]
        return CommandSpec(number=number, request=request, reply=reply, capability=capability, **common)

    def _table(self, value: Table[Any], number: int, common: dict[str, Any]) -> TableSpec:
        name = value.name
        if self._arguments(value):
            raise self._wrong(name, value, "a table takes no arguments")
        result = self._hints(value).get("return")
        generators = (collections.abc.Iterator, collections.abc.Iterable, collections.abc.Generator)
        row = None
        if typing.get_origin(result) in generators:
            row = self._type(name, value, typing.get_args(result)[0], what="row")
        if not isinstance(row, StructType):
            raise self._wrong(name, value, "a table is a generator of a Struct", hint="write -> Iterator[Row]")
        self._fits(name, value, row)
        return TableSpec(number=number, row=row, capability=value.options["capability"], **common)

    def _netfilter(self, value: NetfilterHandler, common: dict[str, Any]) -> NetfilterSpec:
        options = value.options
        if len(self._arguments(value, annotated=False)) != 1:
            raise self._wrong(value.name, value, "a netfilter hook is def hook(self, skb: lb.Skb) -> lb.Verdict")
        if options["family"] not in (1, 2, 10):
            raise self._wrong(
                value.name,
                value,
                f"family {options['family']} is not one of lb.NFPROTO_IPV4, lb.NFPROTO_IPV6, lb.NFPROTO_INET",
            )
        if options["hook"] not in range(5):
            raise self._wrong(
                value.name, value, f"hook {options['hook']} is not one of lb.NF_INET_PRE_ROUTING and so on"
            )
        if not -(1 << 31) <= options["priority"] < 1 << 31:
            raise self._wrong(value.name, value, f"priority {options['priority']} does not fit s32")
        return NetfilterSpec(hook=options["hook"], family=options["family"], priority=options["priority"], **common)

    def _timer(self, value: TimerHandler, common: dict[str, Any]) -> TimerSpec:
        if self._arguments(value, annotated=False):
            raise self._wrong(value.name, value, "a timer handler is def tick(self) -> None")
        interval = value.options["interval_ms"]
        if not isinstance(interval, int) or not 1 <= interval <= 86_400_000:
            raise self._wrong(value.name, value, f"interval_ms={interval!r} is not from 1 to 86,400,000 (a day)")
        return TimerSpec(interval_ms=interval, **common)

    def _param(self, value: Param[Any], number: int, common: dict[str, Any]) -> ParamSpec:
        name = value.name
        type_ = self._type(name, value, value.type)
        if isinstance(type_, StructType):
            raise self._wrong(name, value, "a Param is one value", hint="use a Param for each field, or a command")
        bounds = (value.minimum, value.maximum)
        if any(each is not None for each in bounds):
            if not isinstance(type_, Integer):
                raise self._wrong(name, value, f"minimum and maximum are for integers, not {type_}")
            for each in bounds:
                if each is not None and not type_.minimum <= each <= type_.maximum:
                    raise self._wrong(name, value, f"bound {each} does not fit {type_}")
            if value.minimum is not None and value.maximum is not None and value.minimum > value.maximum:
                raise self._wrong(name, value, f"minimum {value.minimum} is above maximum {value.maximum}")
        default = self._default(name, value, type_, value.default)
        if isinstance(type_, Integer):
            lowest = type_.minimum if value.minimum is None else value.minimum
            highest = type_.maximum if value.maximum is None else value.maximum
            if not lowest <= default <= highest:
                raise self._wrong(
                    name,
                    value,
                    f"default {default} is not from {lowest} to {highest}",
                    hint="give a default= in bounds",
                )
        if not 0 <= value.mode <= 0o666 or value.mode & 0o111 or not value.mode & 0o666:
            raise self._wrong(name, value, f"mode {value.mode:#o} is not made of read and write bits, such as 0o644")
        self._fits(name, value, layout("value", [("value", type_)]))
        return ParamSpec(
            number=number,
            value=layout(f"{name}_param", [("value", type_)]),
            default=default,
            minimum=value.minimum,
            maximum=value.maximum,
            mode=value.mode,
            capability=value.capability,
            **common,
        )

    def _map(self, value: Map[Any, Any], common: dict[str, Any]) -> MapSpec:
        key = self._type(value.name, value, value.key, what="key")
        if not _can_be_key(key):
            raise self._wrong(
                value.name,
                value,
                f"{key} cannot be a key",
                hint="use an integer, an address, an Enum, or a Struct of those",
            )
        if isinstance(key, StructType) and key.padding:
            raise self._wrong(
                value.name,
                value,
                f"key {key} has padding",
                hint="order its fields by size, largest first, or add fields",
            )
        if not isinstance(value.entries, int) or not 1 <= value.entries <= 1 << 20:
            raise self._wrong(value.name, value, f"entries={value.entries!r} is not from 1 to 1,048,576")
        held = self._type(value.name, value, value.value, what="value")
        return MapSpec(key=key, value=held, entries=value.entries, **common)

    # --- helpers -----------------------------------------------------------------------------

    def _wrong(
        self, name: str, value: Any, message: str, *, code: str = "LB101", hint: str | None = None
    ) -> DeclarationError:
        where = value.where if isinstance(value, Declared) else _where(value)
        return DeclarationError(f"{self.cls.__name__}.{name}: {message}", code=code, hint=hint, where=where)

    def _hints(self, value: Handler) -> dict[str, Any]:
        try:
            return typing.get_type_hints(value.function, localns=self.local, include_extras=True)
        except NameError as error:
            raise self._wrong(value.name, value, f"unknown type: {error}") from None

    def _arguments(self, value: Handler, *, annotated: bool = True) -> list[str]:
        parameters = list(inspect.signature(value.function).parameters.values())
        name = value.name or value.function.__name__
        if not parameters or parameters[0].name != "self":
            raise self._wrong(name, value, "the first argument is self")
        for each in parameters[1:]:
            if each.kind is not each.POSITIONAL_OR_KEYWORD:
                raise self._wrong(name, value, f"argument {each.name!r}: *, / and ** arguments have no fixed size")
            if each.default is not each.empty:
                raise self._wrong(name, value, f"argument {each.name!r}: a default cannot cross", hint="leave it out")
            if annotated and each.annotation is each.empty:
                raise self._wrong(name, value, f"argument {each.name!r} has no type", hint=f"{each.name}: lb.u32")
            problem = check_name(each.name)
            if problem:
                raise self._wrong(name, value, f"argument {each.name!r} {problem}", code="LB102")
        return [each.name for each in parameters[1:]]

    def _type(self, name: str, value: Any, written: Any, what: str = "") -> Type:
        try:
            return type_of(written)
        except (TypeError, ValueError) as error:
            raise self._wrong(name, value, f"{what}: {error}" if what else str(error)) from None

    def _default(self, name: str, value: Any, type_: Type, default: Any) -> Any:
        if default is None:
            return type_.zero
        try:
            type_.to_raw(default)
        except (TypeError, ValueError) as error:
            raise self._wrong(name, value, f"default: {error}") from None
        return default

    def _fits(self, name: str, value: Any, struct: StructType) -> None:
        if struct.size > LARGEST_MESSAGE:
            raise self._wrong(
                name,
                value,
                f"{struct.size:,} bytes; one message has at most {LARGEST_MESSAGE:,}",
                hint="use a table for many records",
            )

    def _check_names(self, members: Iterable[MemberSpec]) -> None:
        """Names of C functions and structs are made from members' names; refuse those that would meet."""
        own = ("memory_init", "memory_exit", "hooks_init", "hooks_exit", "generation", "close")
        reserved = dict.fromkeys(own, "landbridge uses this name itself")
        for each in members:
            ends = {ParamSpec: ("get", "set"), EventSpec: ("emit",)}.get(type(each), ())
            reserved |= {f"{each.name}_{end}": f"it is what C calls a function of {each.name}" for end in ends}
        for each in members:
            if each.name in reserved:
                raise DeclarationError(
                    f"{self.cls.__name__}.{each.name}: {reserved[each.name]}",
                    code="LB102",
                    hint="choose another name",
                    where=each.where,
                )

    def _check_struct_names(self, spec: InterfaceSpec) -> None:
        made = {
            f"{each.name}_{end}": each.name for each in spec.crossing for end in ("request", "reply", "param", "dump")
        }
        seen: dict[str, str] = {}
        for struct in (*spec.structs, *spec.enums):
            c_name = snake_case(struct.name)
            clash = made.get(c_name) or seen.get(c_name)
            if clash:
                raise DeclarationError(
                    f"{spec.name}: the name of {struct.name} in C, {spec.c_name}_{c_name}, is that of {clash} too",
                    code="LB102",
                    hint=f"rename {struct.name}",
                    where=self.where,
                )
            seen[c_name] = struct.name


def _where(function: FunctionType) -> Where:
    return Where(function.__code__.co_filename, function.__code__.co_firstlineno)


def _can_be_key(type_: Type) -> bool:
    if isinstance(type_, StructType):
        return all(_can_be_key(each.type) for each in type_.fields)
    return isinstance(type_, (Integer, Address, EnumType))
