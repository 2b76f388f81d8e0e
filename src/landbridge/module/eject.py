"""Hand a module over for good: a directory with everything that is needed to build it without landbridge."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from landbridge.channels.placement import Over, place
from landbridge.compiler import compile_interface
from landbridge.declare import Interface
from landbridge.errors import LandbridgeError
from landbridge.kernel.target import KernelTarget
from landbridge.module.features import features
from landbridge.module.hooks import has_hooks
from landbridge.module.templates import render
from landbridge.module.tree import MODERN, VERSION, Tree, emit, lines_of_doc
from landbridge.spec import InterfaceSpec


def eject(cls: type[Interface], over: Over | None, out_dir: Path | str, kernel: KernelTarget | None = None) -> Path:
    """Write an interface's module as a stand-alone tree.

    ``make`` builds it, with ``KDIR=`` for another kernel than the running one.

    Args:
        cls: The interface.
        over: As :func:`landbridge.load` takes it.
        out_dir: Directory to make; it may exist if it is empty.
        kernel: Kernel whose forms of the API are used. None: those that kernels since 6.2, and the stable ones
            since 6.1, have.

    Returns:
        The directory.

    Raises:
        DeclarationError, CompileError: The class cannot be what it says.
        LandbridgeError: The directory is not empty, or cannot be made.
    """
    out = Path(out_dir).resolve()
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise LandbridgeError(f"{out} is not empty", hint="name a directory that does not exist yet, or an empty one")
    program = compile_interface(cls)
    placement = place(program.spec, over)
    tree = emit(program, placement, features(kernel) if kernel else MODERN)
    files = {**tree.files, **_around(program.spec, tree, kernel)}
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    except OSError as error:
        raise LandbridgeError(f"{out} cannot be made: {error.strerror}") from error
    try:
        work.chmod(0o755)
        for path, text in files.items():
            file = work / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        work.replace(out)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return out


def _around(spec: InterfaceSpec, tree: Tree, kernel: KernelTarget | None) -> dict[str, str]:
    """The files of the tree that the build does not need."""
    extra = {path: text for part in tree.parts for path, text in part.extra.items()}
    readme = render(
        "README.md.j2",
        spec=spec,
        p=tree.name,
        about=lines_of_doc(spec),
        kernel=kernel.release if kernel else "6.1 and later",
        version=VERSION,
        parts=tree.parts,
        hooks=has_hooks(spec),
        extra=sorted(extra),
    )
    return {
        "Makefile": render("Makefile.j2"),
        "dkms.conf": render("dkms.conf.j2", p=tree.name, version=VERSION),
        "README.md": readme,
        **extra,
    }
