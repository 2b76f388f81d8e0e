"""Names that both Python and kernel C can bear."""

from __future__ import annotations

import re

_C_WORDS = frozenset(
    """auto break case char const continue default do double else enum extern float for goto if inline int long
    register restrict return short signed sizeof static struct switch typedef union unsigned void volatile while
    asm typeof true false bool""".split()
)
# Macros without arguments, which would be expanded inside a struct: those of the kernel and of the compiler.
_MACROS = frozenset("current linux unix i386 NULL".split())
LONGEST = 31


def check_name(name: str) -> str | None:
    """Say what is wrong with a name, or None.

    Args:
        name: Name of a field, parameter or member.

    Returns:
        The end of a sentence, such as ``"is a word of C; choose another name"``.
    """
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name):
        return "cannot be a name in C: use ASCII letters, digits and _, starting with a letter"
    if name in _C_WORDS:
        return "is a word of C; choose another name"
    if name in _MACROS:
        return "is a macro in the kernel's headers; choose another name"
    if len(name) > LONGEST:
        return f"has {len(name)} characters; at most {LONGEST} keep the names in C readable"
    return None


def snake_case(name: str) -> str:
    """``TopTalkers`` to ``top_talkers``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
