"""The kernel end in this process, for tests of logic: no root, no kernel.

- :mod:`translate`: from the typed tree to Python code, with :mod:`expressions`; :mod:`values`: what values are inside;
- :mod:`kernel`: the simulated machine, with :mod:`machine`, :mod:`packet`, :mod:`logtext`;
- :mod:`simulation`: a kernel end in it, with :mod:`runtime` and :mod:`events`;
- :mod:`end`: the same behind the members' names, as ``lb.load`` gives it, with :mod:`stream`.

It shows what handlers calculate. That a kernel takes the module is shown on a kernel only.
"""

from landbridge.sim.events import EventSource, Listener, SentEvent
from landbridge.sim.kernel import SimulatedKernel, sim
from landbridge.sim.logtext import LogLine
from landbridge.sim.machine import NOBODY, Caller, NetDevice, Process
from landbridge.sim.packet import Packet
from landbridge.sim.simulation import Simulation

__all__ = [
    "NOBODY",
    "Caller",
    "EventSource",
    "Listener",
    "LogLine",
    "NetDevice",
    "Packet",
    "Process",
    "SentEvent",
    "SimulatedKernel",
    "Simulation",
    "sim",
]
