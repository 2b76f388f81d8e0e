"""load and attach: from a class to an object that reaches a kernel end."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from landbridge.declare import End, Interface
from landbridge.spec import CommandSpec

if TYPE_CHECKING:
    from landbridge.channels.placement import Over
    from landbridge.sim import SimulatedKernel

T = TypeVar("T", bound=Interface)


def load(cls: type[T], over: Over | None = None, *, kernel: SimulatedKernel | None = None) -> T:
    """Build the kernel end of an interface, load it into the kernel that runs this script, and join it.

    Leaving the object (``with``, or ``close()``) closes the channels and unloads the kernel end.

    Args:
        cls: The interface.
        over: The channel that carries the members, such as ``lb.sockopt``, or one by member with ``...``
            for the rest. None: for each member the first channel that can.
        kernel: ``lb.sim()`` to have the kernel end in this process instead; for unit tests of logic.

    Returns:
        An object of the class: calling its commands, reading and writing its Params and iterating its
        events and tables crosses.

    Raises:
        DeclarationError: A channel cannot carry its member.
        CompileError: The handlers are not kernel Python; all that is wrong is in it.
        UnsupportedError, HostSetupError: This kernel or machine cannot build or load modules; says why and what helps.
        BuildError, LoadError: The kernel's build system or the kernel refused.
    """
    from landbridge.channels.placement import place  # noqa: PLC0415  (importing landbridge stays fast)

    if kernel is not None:
        from landbridge.compiler import compile_interface  # noqa: PLC0415
        from landbridge.sim.end import SimulatedEnd  # noqa: PLC0415

        return _object(cls, SimulatedEnd(compile_interface(cls), kernel))
    from landbridge.client.ends import ChannelEnds  # noqa: PLC0415
    from landbridge.module import load_module  # noqa: PLC0415

    placement = place(cls.__lb_spec__, over)
    loaded = load_module(cls, placement)
    try:
        return _object(cls, ChannelEnds(placement, loaded))
    except BaseException:
        loaded.close()
        raise


def attach(cls: type[T], over: Over | None = None) -> T:
    """Join a kernel end that is already loaded.

    Args:
        cls: The interface.
        over: As it was loaded with.

    Returns:
        As :func:`load`; closing it leaves the kernel end loaded.

    Raises:
        GoneError: No kernel end of this name answers.
        MismatchError: One answers that was made from another declaration.
    """
    from landbridge.channels.placement import place  # noqa: PLC0415
    from landbridge.client.ends import ChannelEnds  # noqa: PLC0415

    return _object(cls, ChannelEnds(place(cls.__lb_spec__, over)))


def _object(cls: type[T], end: End) -> T:
    made = cls.__new__(cls)
    made.__lb_end__ = end
    for member in cls.__lb_spec__.of(CommandSpec):
        # In the object's own dict a command costs no look-up through its descriptor.
        made.__dict__[member.name] = end.command(member.name)
    return made
