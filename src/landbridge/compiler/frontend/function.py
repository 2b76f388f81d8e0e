"""One function: its signature, and its body from tree to draft."""

from __future__ import annotations

import ast
import inspect
import types
from collections.abc import Callable

from landbridge.compiler import ir
from landbridge.compiler.codes import Code
from landbridge.compiler.draft import Draft
from landbridge.compiler.frontend import statements
from landbridge.compiler.frontend.expressions import outside
from landbridge.compiler.frontend.lowering import Lowering, Signature
from landbridge.compiler.frontend.names import Namespace
from landbridge.compiler.frontend.values import Text
from landbridge.compiler.reporter import Reported, Reporter
from landbridge.compiler.span import Span
from landbridge.constants import Verdict
from landbridge.declare.interface import Interface
from landbridge.spec import CommandSpec, InterfaceSpec, MethodSpec, NetfilterSpec, TableSpec
from landbridge.types import Type, check_name, type_of


def signature(
    cls: type[Interface],
    member: ir.Handler,
    function: types.FunctionType,
    tree: ast.FunctionDef,
    reporter: Reporter,
) -> Signature | None:
    """Parameters and result of a handler or method; None if they are wrong, which was reported."""
    match member:
        case CommandSpec():
            fields = member.request.fields if member.request is not None else ()
            result = member.reply.fields[0].type if member.reply is not None else None
            return Signature(tuple((each.name, each.type) for each in fields), result)
        case NetfilterSpec():
            return Signature(((tree.args.args[1].arg, ir.OpaqueType("Skb")),), Verdict.__lb_type__())
        case MethodSpec():
            return _of_method(cls, function, tree, reporter)
    return Signature((), None)


def _of_method(
    cls: type[Interface], function: types.FunctionType, tree: ast.FunctionDef, reporter: Reporter
) -> Signature | None:
    file = function.__code__.co_filename
    before = reporter.count

    def report(message: str, node: ast.AST, hint: str | None = None) -> None:
        reporter.report(Code.MISSING_ANNOTATION, message, Span.of(node, file), hint)

    try:
        hints = Namespace(function, cls).hints
    except Exception as error:  # whatever evaluating the user's annotations raises
        report(f"the types of {tree.name}: {error}", tree)
        return None
    arguments = tree.args
    extra = [*arguments.posonlyargs, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
    for each in extra:
        if each is not None:
            report(f"argument {each.arg!r}: a method of the kernel end has plain arguments only", each)
    for default in (*arguments.defaults, *(each for each in arguments.kw_defaults if each is not None)):
        report("a method of the kernel end has no defaults", default, "pass every argument")
    if not arguments.args:
        report(f"{tree.name} has no self", tree, f"def {tree.name}(self, ...)")
    parameters: list[tuple[str, Type]] = []
    for argument in arguments.args[1:]:
        type_ = _type(hints.get(argument.arg, inspect.Parameter.empty), f"argument {argument.arg!r}", argument, report)
        if check_name(argument.arg) is not None:
            report(f"argument {argument.arg!r} {check_name(argument.arg)}", argument)
        if type_ is not None:
            parameters.append((argument.arg, type_))
    result = None
    if "return" not in hints:
        report(f"{tree.name}, which a handler calls, has no result type", tree, "write -> None or -> lb.u32")
    elif hints["return"] is not type(None):
        result = _type(hints["return"], "the result", tree.returns or tree, report)
        if isinstance(result, ir.OpaqueType):
            report(f"a {result.name} cannot be returned", tree.returns or tree, "return what you need of it")
    return Signature(tuple(parameters), result) if reporter.count == before else None


def _type(written: object, what: str, node: ast.AST, report: Callable[..., None]) -> Type | None:
    if written is inspect.Parameter.empty:
        report(f"{what} has no type", node, "write its type: n: lb.u32")
        return None
    opaque = getattr(written, "__lb_opaque__", "")
    if isinstance(written, type) and opaque:
        return ir.OpaqueType(opaque)
    try:
        return type_of(written)
    except (TypeError, ValueError) as error:
        report(f"{what}: {error}", node)
        return None


def compile_function(
    *,
    cls: type[Interface],
    spec: InterfaceSpec,
    member: ir.Handler,
    function: types.FunctionType,
    tree: ast.FunctionDef,
    known: Signature,
    reporter: Reporter,
    signature_of: Callable[[str], Signature | None],
) -> Draft:
    """Lower one function."""
    before = reporter.count
    low = Lowering(cls, spec, member.name, member, function, tree, known, reporter, signature_of)
    body = tree.body[1:] if ast.get_docstring(tree, clean=False) is not None else tree.body
    text = _inline_c(low, body)
    if text is not None:
        low.emit(ir.InlineC(text=text, span=low.span(body[0])))
    else:
        statements.lower_body(low, body)
    names = {each.local: name for name, each in low.scope.variables.items()}
    return Draft(
        name=member.name,
        member=member,
        parameters=known.parameters,
        result=known.result,
        locals=low.scope.locals,
        body=tuple(low.scope.block),
        span=low.span(tree),
        names=names,
        is_clean=reporter.count == before,
    )


def _inline_c(low: Lowering, body: list[ast.stmt]) -> str | None:
    """The text of a body that is nothing but ``lb.c("...")``."""
    if len(body) != 1 or not isinstance(body[0], (ast.Expr, ast.Return)):
        return None
    call = body[0].value
    if not isinstance(call, ast.Call) or getattr(outside(low, call.func), "__lb_intrinsic__", None) != "c":
        return None
    if isinstance(low.member, TableSpec):
        low.report(Code.INLINE_C_NOT_ALONE, "a table is not written in C", call, "call a method that is: self.f(...)")
        return ""
    try:
        value = low.value(call.args[0]) if len(call.args) == 1 and not call.keywords else None
    except Reported:
        return ""
    if not isinstance(value, Text) or not value.value.strip():
        low.report(Code.WRONG_ARGUMENTS, "lb.c takes the text of the body, a literal", call, 'lb.c("return 0;")')
        return ""
    return inspect.cleandoc(value.value)
