"""What a kernel printed as it died, cut out of its console."""

from __future__ import annotations

import re

_STAMP = re.compile(r"^\[ *\d+\.\d+\](?:\[ *[TC]\d+\])? ?")
_BEGINNING = re.compile(
    r"cut here|^BUG: |^WARNING: |^UBSAN: |Oops: |general protection fault|^(?:divide|double fault|invalid opcode)"
    r"|^kernel BUG at|Kernel panic - not syncing|^INFO: |unable to handle"
)
_PANIC = "Kernel panic - not syncing"
_END = "---[ end Kernel panic"


def panicked(console: str) -> bool:
    """Whether the console tells of a panic."""
    return _PANIC in console


def extract(console: str) -> str:
    """The splat, from its first line to its last, without time stamps; empty where there is none."""
    lines = [_STAMP.sub("", line.rstrip()) for line in console.splitlines()]
    start = next((i for i, line in enumerate(lines) if _BEGINNING.search(line)), None)
    if start is None:
        return ""
    end = next((i for i, line in enumerate(lines) if line.startswith(_END)), len(lines) - 1)
    return "\n".join(lines[start : end + 1]).strip()


def summary(splat: str) -> str:
    """The one line that says most: the first cause, else the panic's own words."""
    lines = splat.splitlines()
    cause = next((line for line in lines if _BEGINNING.search(line) and "cut here" not in line), "")
    return cause or (lines[0] if lines else "")
