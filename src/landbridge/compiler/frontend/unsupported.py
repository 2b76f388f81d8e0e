"""Python that is not kernel Python, and what to write instead."""

from __future__ import annotations

import ast

from landbridge.compiler.codes import Code
from landbridge.compiler.frontend.lowering import Lowering
from landbridge.compiler.reporter import Reported

_NAMES: dict[type[ast.AST], tuple[str, str]] = {
    ast.JoinedStr: ("an f-string", 'pass the values to the log: lb.pr_info("x is %d", x)'),
    ast.Lambda: ("lambda", "write a method, and call it"),
    ast.ListComp: ("a list comprehension", "write a for loop over an Array"),
    ast.SetComp: ("a set comprehension", "use an lb.Map"),
    ast.DictComp: ("a dict comprehension", "use an lb.Map"),
    ast.GeneratorExp: ("a generator expression", "write a for loop"),
    ast.Dict: ("a dict", "use an lb.Map of the interface"),
    ast.Set: ("a set", "use an lb.Map of the interface, or x in (a, b)"),
    ast.Tuple: ("a tuple", "use a Struct, or separate variables"),
    ast.NamedExpr: ("an assignment in an expression (:=)", "assign in a statement before"),
    ast.Await: ("await", "a handler is an ordinary function"),
    ast.YieldFrom: ("yield from", "write a for loop with yield"),
    ast.Starred: ("unpacking with *", "write the values one by one"),
    ast.Slice: ("a slice", "write a for loop over the indexes"),
    ast.Try: ("try", "test before: if key in self.map, if i < len(array); a failure ends the handler with its errno"),
    ast.TryStar: ("try", "test before; a failure ends the handler with its errno"),
    ast.With: ("with", "the interface's lock is taken for you"),
    ast.AsyncWith: ("async with", "a handler is an ordinary function"),
    ast.AsyncFor: ("async for", "a handler is an ordinary function"),
    ast.Match: ("match", "write if and elif"),
    ast.Global: ("global", "use an lb.State of the interface"),
    ast.Nonlocal: ("nonlocal", "use an lb.State of the interface"),
    ast.Import: ("import", "import at the top of the file"),
    ast.ImportFrom: ("import", "import at the top of the file"),
    ast.FunctionDef: ("a function in a function", "write a method, and call it"),
    ast.AsyncFunctionDef: ("a function in a function", "write a method, and call it"),
    ast.ClassDef: ("a class in a function", "declare the Struct beside the interface"),
}


def refuse(low: Lowering, node: ast.AST) -> Reported:
    """Report a construct that the language does not have."""
    name, hint = _NAMES.get(type(node), (f"this ({type(node).__name__})", "see the language in the documentation"))
    return low.fail(Code.UNSUPPORTED_CONSTRUCT, f"{name} is not in kernel Python", node, hint)
