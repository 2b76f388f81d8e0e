"""The kernel end as a module: its C tree, building, loading, handing over.

- :mod:`tree` emits all files of a module; :mod:`hooks` those of hooks and timers;
- :mod:`build` (with :mod:`kbuild`, :mod:`store`, :mod:`features`) makes the file that a kernel loads, :mod:`remote`
  has it made by the host of a guest; :mod:`load` (with :mod:`syscalls`) loads and unloads it;
- :mod:`eject` hands the tree over for good.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from landbridge.kernel import host_port

if TYPE_CHECKING:
    from landbridge.channels.placement import Placement
    from landbridge.declare import Interface
    from landbridge.module.build import Built
    from landbridge.module.load import Loaded
    from landbridge.module.tree import Tree


def build_module(cls: type[Interface], placement: Placement) -> tuple[Tree, Built]:
    """Compile an interface and build its module for the kernel that runs this script.

    In a guest of the lab its host builds; anywhere else the headers of the running kernel are used.

    Raises:
        CompileError: The handlers are not kernel Python.
        UnsupportedError: This kernel cannot load modules, or its headers are missing.
        BuildError: The kernel's build system refused.
        LabError: The host of this guest does not answer.
    """
    from landbridge.compiler import compile_interface  # noqa: PLC0415  (what is not needed is not imported)
    from landbridge.module.tree import emit  # noqa: PLC0415

    program = compile_interface(cls)
    if host_port.available():
        from landbridge.module import remote  # noqa: PLC0415

        tree = emit(program, placement, remote.ask_features())
        return tree, remote.ask_build(tree)
    from landbridge.kernel.target import KernelTarget  # noqa: PLC0415
    from landbridge.module.build import build  # noqa: PLC0415
    from landbridge.module.features import features  # noqa: PLC0415

    target = KernelTarget.here()
    tree = emit(program, placement, features(target))
    return tree, build(tree, target)


def load_module(cls: type[Interface], placement: Placement) -> Loaded:
    """Build the module of an interface and load it into the kernel that runs this script.

    Args:
        cls: The interface.
        placement: Which channel carries which member.

    Returns:
        The loaded module; closing it unloads it.

    Raises:
        LoadError: The kernel refused.
        CompileError, UnsupportedError, BuildError, LabError: As :func:`build_module`.
    """
    from landbridge.module.load import load  # noqa: PLC0415

    _, built = build_module(cls, placement)

    def explain(errno: int) -> str | None:
        reasons = (channel.explain_load_error(placement.spec, members, errno) for channel, members in placement.parts)
        return next((each for each in reasons if each), None)

    return load(built.path, explain=explain)


__all__ = ["build_module", "load_module"]
