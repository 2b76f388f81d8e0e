"""Reading and writing Params from the user end."""

from __future__ import annotations

from landbridge.compiler import ir
from landbridge.compiler.emit_c.code import Blank, Braces, Comment, Node, Text, block
from landbridge.compiler.emit_c.constants import number
from landbridge.compiler.emit_c.ctype import is_array, is_scalar
from landbridge.compiler.emit_c.unit import Unit, is_wide
from landbridge.compiler.emit_c.validate import checks
from landbridge.spec import ParamSpec
from landbridge.types import Chars, Integer


def is_locked(unit: Unit, param: ParamSpec) -> bool:
    """Whether reads and writes take the lock: what is wide, and what a handler combines with other memory."""
    return unit.lock is not ir.Lock.NONE and (is_wide(param) or unit.usage.is_combined(param))


def functions(unit: Unit, param: ParamSpec) -> list[Node]:
    """``P_MEMBER_get`` and ``P_MEMBER_set``, as far as the mode lets users read and write."""
    nodes: list[Node] = []
    if param.doc:
        nodes.append(Comment((f"{param.name}: {param.doc.strip().splitlines()[0]}",)))
    if param.is_readable:
        nodes += [_get(unit, param), Blank()]
    if param.is_writable:
        nodes += [_set(unit, param), Blank()]
    return nodes


def signatures(unit: Unit, param: ParamSpec) -> list[str]:
    """The heads of the same functions."""
    names = unit.names
    symbol, struct = names.symbol(param.name), names.param(param)
    heads = []
    if param.is_readable:
        heads.append(f"void {symbol}_get({struct} *param)")
    if param.is_writable:
        heads.append(f"int {symbol}_set(const {struct} *param)")
    return heads


def _get(unit: Unit, param: ParamSpec) -> Node:
    name = unit.names.symbol(param.name)
    unit.include(["linux/string.h"])
    body: list[Node] = [Text("memset(param, 0, sizeof(*param));")]
    if is_scalar(param.type) and not is_locked(unit, param):
        body.append(Text(f"param->value = READ_ONCE({name});"))
    else:
        body += _copy(unit, param, "param->value", name)
    return Braces(f"void {name}_get({unit.names.param(param)} *param)", body, is_function=True)


def _set(unit: Unit, param: ParamSpec) -> Node:
    name = unit.names.symbol(param.name)
    body = [*checks(unit, param.value, "param"), *_bounds(unit, param)]
    if body:
        body.append(Blank())
    if is_scalar(param.type) and (not is_locked(unit, param) or unit.usage.is_shared(param)):
        body += _locked(unit, param, [Text(f"WRITE_ONCE({name}, param->value);")])
    else:
        body += _copy(unit, param, name, "param->value")
    body.append(Text("return 0;"))
    return Braces(f"int {name}_set(const {unit.names.param(param)} *param)", body, is_function=True)


def _locked(unit: Unit, param: ParamSpec, inside: list[Node]) -> list[Node]:
    if not is_locked(unit, param):
        return inside
    take, release = unit.lock_calls()
    return [Text(take), *inside, Text(release)]


def _copy(unit: Unit, param: ParamSpec, to: str, from_: str) -> list[Node]:
    unit.include(["linux/string.h"])
    if isinstance(param.type, Chars):
        text = f"strscpy_pad({to}, {from_}, sizeof({to}));"
    elif is_array(param.type):
        text = f"memcpy({to}, {from_}, sizeof({to}));"
    else:
        text = f"{to} = {from_};"
    return _locked(unit, param, [Text(text)])


def _bounds(unit: Unit, param: ParamSpec) -> list[Node]:
    type_ = param.type
    if not isinstance(type_, Integer):
        return []
    value = {16: "ntohs(param->value)", 32: "ntohl(param->value)", 64: "be64_to_cpu(param->value)"}.get(type_.bits, "")
    value = value if type_.big_endian else "param->value"
    host = Integer(type_.name, type_.bits, type_.signed)
    wrong = []
    if param.minimum is not None and param.minimum > type_.minimum:
        wrong.append(f"{value} < {number(param.minimum, host).text}")
    if param.maximum is not None and param.maximum < type_.maximum:
        wrong.append(f"{value} > {number(param.maximum, host).text}")
    if not wrong:
        return []
    unit.include(["linux/errno.h"])
    return [block(f"if ({' || '.join(wrong)})", [Text("return -ERANGE;")])]
