"""From a module's tree to the file that a kernel loads."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from landbridge.errors import BuildError
from landbridge.kernel.target import KernelTarget
from landbridge.module import kbuild, store
from landbridge.module.tree import Tree

_COMPLAINT = re.compile(
    r"(?P<file>[\w./-]+\.[ch]):(?P<line>\d+):(?:\d+:)? *(?P<kind>error|warning|fatal error): (?P<text>.*)"
)


@dataclass(frozen=True, slots=True)
class Built:
    """A module that was built.

    Attributes:
        path: The ``.ko`` file. It is the cache's: not to be changed.
        seconds: How long it took to get it.
        cached: Whether it was there already.
        log: What the build printed; empty if it was there already.
    """

    path: Path
    seconds: float
    cached: bool
    log: str


def build(tree: Tree, target: KernelTarget) -> Built:
    """Build a module, or find it in the cache.

    Args:
        tree: Its files.
        target: The kernel that shall load it.

    Raises:
        BuildError: The kernel's build refused it; ``.log`` has what the compiler said, each complaint about a
            line that came from Python with that Python.

    Kernel: Documentation/kbuild/modules.rst
    """
    begin = time.monotonic()
    key = store.key_of(tree.digest, target.release, str(target.headers), *target.make_args, kbuild.compiler_of(target))
    there = store.path_of(key, f"{tree.name}.ko")
    if there.exists():
        return Built(there, time.monotonic() - begin, True, "")
    with store.locked(key):
        if there.exists():  # somebody else made it while we waited
            return Built(there, time.monotonic() - begin, True, "")
        with store.workspace() as work:
            write(tree, work)
            try:
                log = kbuild.make(target, work, ["modules"])
            except BuildError as error:
                raise explain(tree, target.release, error) from None
            made = work / f"{tree.name}.ko"
            _strip(made)
            return Built(store.keep(key, made), time.monotonic() - begin, False, log)


def write(tree: Tree, directory: Path) -> None:
    """Write a tree's files into a directory."""
    for path, text in tree.files.items():
        file = directory / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


def explain(tree: Tree, release: str, error: BuildError) -> BuildError:
    """Say a failure of the build in terms of the Python."""
    complaints = list(_complaints(tree, error.log))
    if not complaints:
        return BuildError(
            f"{tree.name} does not build for {release}: {error.message}\n{_tail(error.log)}",
            log=error.log,
            hint=error.hint or "is this the complete headers package of that kernel? landbridge doctor",
        )
    return BuildError(f"{tree.name} does not build for {release}\n" + "\n".join(complaints), log=error.log)


def _complaints(tree: Tree, log: str) -> Iterator[str]:
    """The compiler's errors, those about lines from Python with the Python."""
    spans = {(each.file, each.line): each.span for each in tree.line_map}
    for match in _COMPLAINT.finditer(log):
        file, line = Path(match["file"]).name, int(match["line"])
        span = spans.get((file, line))
        if span is not None:
            yield f"{span.where}: {match['text']}\n    {span.text}\n    (in C: {file}:{line})"
        else:
            yield f"{file}:{line}: {match['kind']}: {match['text']}"


def _tail(log: str) -> str:
    return "\n".join(log.strip().splitlines()[-15:])


def _strip(module: Path) -> None:
    """Leave out what only debuggers read. The kernel needs the symbols."""
    strip = shutil.which("strip")
    if strip is not None:
        subprocess.run([strip, "--strip-debug", str(module)], check=False, capture_output=True, timeout=60)
