"""The simulated kernel end: what crosses, what fails, and what the machine around it shows."""

from __future__ import annotations

import errno
import traceback
from ipaddress import IPv4Address

import pytest

import landbridge as lb
from landbridge.client import load
from landbridge.compiler import compile_interface
from landbridge.compiler.intrinsics import INTRINSICS
from landbridge.errors import ClosedError, KernelError, UnsupportedError
from landbridge.sim import NOBODY, Caller, NetDevice, Process, SimulatedKernel, Simulation, sim
from tests.sim.world import Device, Level, Talker, Task, World

PROGRAM = compile_interface(World)


@pytest.fixture
def kernel() -> SimulatedKernel:
    return sim()


@pytest.fixture
def world(kernel: SimulatedKernel) -> Simulation:
    return Simulation(PROGRAM, kernel)


def fails(number: int) -> pytest.RaisesContext[KernelError]:
    return pytest.raises(KernelError, match=rf"\[{errno.errorcode[number]}\]")


# --- commands and Params -----------------------------------------------------------------------


def test_text_from_users_is_logged_as_one_line(world: Simulation) -> None:
    world.call("tell", ["a message\n"])
    world.call("tell", ["two\nlines\x1b[0m \x01é"])
    assert [line.text for line in world.log] == ["world: umsg: a message", "world: umsg: two\\nlines\\e[0m \\001é"]
    assert world.log[0].level == "info"


def test_numbers_are_logged_as_the_kernel_prints_them(world: Simulation) -> None:
    world.call("note", [-1, IPv4Address("10.0.0.1")])
    assert world.log[0].text == "world: -1 4294967295 ffffffff    -1|-1   | 10.0.0.1 %"


def test_bytes_that_no_value_has_are_refused(world: Simulation) -> None:
    assert world.call_bytes("level", b"\x02\x01") == b"\x02"
    for request in (b"\x03\x01", b"\x02\x02", b"\x02", b"\x02\x01\x00", b""):
        with fails(errno.EINVAL):
            world.call_bytes("level", request)
    with fails(errno.EINVAL):
        world.call_bytes("tell", b"x" * 32)  # no NUL
    world.call_bytes("tell", b"ab\0cd" + bytes(27))
    assert world.log[-1].text == "world: umsg: ab"


def test_values_that_do_not_fit_never_cross(world: Simulation) -> None:
    with pytest.raises(ValueError, match="does not fit u32"):
        world.call("spin", [1 << 32])
    with pytest.raises(ValueError, match="HIGH"):
        world.call("level", [7, True])


def test_results_have_their_types(world: Simulation) -> None:
    assert world.call("level", [Level.HIGH, False]) is Level.HIGH
    assert world.call("is_admin") is True


def test_params_have_bounds_and_modes(world: Simulation) -> None:
    assert (world.get("limit"), world.get("label")) == (10, "first")
    world.set("limit", 100)
    for wrong in (0, 101):
        with fails(errno.ERANGE):
            world.set("limit", wrong)
    assert world.get("limit") == 100
    world.set("label", "second")
    assert world.get("label") == "second"
    with fails(errno.EPERM):
        world.set("fixed", 1)


def test_the_caller_needs_what_is_declared(world: Simulation, kernel: SimulatedKernel) -> None:
    kernel.caller = NOBODY
    assert world.call("is_admin") is False
    assert world.get("limit") == 10
    world.set("free", 5)
    assert world.get("free") == 5
    for action in (
        lambda: world.call("tell", ["x"]),
        lambda: world.set("limit", 5),
        lambda: world.get("secret"),
        lambda: world.dump("talkers"),
        lambda: world.subscribe("seen"),
    ):
        with pytest.raises(PermissionError):
            action()
    world.subscribe("open_event")


def test_handlers_see_the_caller(world: Simulation, kernel: SimulatedKernel) -> None:
    kernel.caller = Caller(uid=1000, pid=42, comm="tester")
    assert world.call("caller") == Task(pid=42, uid=1000, comm="tester")


def test_loops_have_a_budget(world: Simulation) -> None:
    world.call("spin", [1000])
    with fails(errno.ELOOP):
        world.call("spin", [1_000_001])
    assert world.call("ticked") == 1_001_000


def test_arrays_are_copied_and_indexed_as_in_python(world: Simulation) -> None:
    assert world.call("keep", [[1, 2, 3]]) == [99, 2, 3]
    assert [world.call("pick", [i]) for i in (0, 2, -1, -3)] == [1, 3, 3, 1]
    for wrong in (3, -4, 127, -128):
        with fails(errno.ERANGE):
            world.call("pick", [wrong])


def test_maps_are_bounded_and_keep_their_order(world: Simulation) -> None:
    for i in (3, 1, 2):
        world.call("put", [IPv4Address(i), i])
    with fails(errno.ENOSPC):
        world.call("put", [IPv4Address(9), 9])
    assert world.call("put", [IPv4Address(1), 11]) == 3
    assert world.dump("talkers") == [Talker(IPv4Address(3), 3), Talker(IPv4Address(1), 11), Talker(IPv4Address(2), 2)]


def test_reset_is_a_new_load(world: Simulation) -> None:
    world.call("put", [IPv4Address(1), 1])
    world.set("limit", 50)
    world.call("spin", [5])
    world.reset()
    assert (world.dump("talkers"), world.get("limit"), world.call("ticked")) == ([], 10, 0)


def test_a_body_in_c_is_refused(world: Simulation) -> None:
    with pytest.raises(UnsupportedError, match="body in C"):
        world.call("in_c")


def test_a_failure_shows_the_line_of_the_handler(world: Simulation) -> None:
    with pytest.raises(KernelError) as caught:
        world.call("pick", [5])
    cause = caught.value.__cause__
    assert cause is not None
    last = traceback.extract_tb(cause.__traceback__)[-1]
    assert (last.name, last.line) == ("pick", "return self.numbers[index]")
    assert last.filename.endswith("world.py")


# --- the machine -------------------------------------------------------------------------------


def test_every_intrinsic_is_answered(kernel: SimulatedKernel) -> None:
    for spec in INTRINSICS.values():
        assert not spec.is_public or callable(getattr(kernel, spec.name))


def test_the_clock_moves_when_told(world: Simulation, kernel: SimulatedKernel) -> None:
    before = kernel.now_ns
    assert world.call("nap", [0]) == 0
    assert world.call("nap", [250]) == 250_000_000
    assert kernel.now_ns == before + 250_000_000


def test_random_numbers_are_those_of_the_seed() -> None:
    draws = [[Simulation(PROGRAM, sim(seed=seed)).call("draw") for _ in range(2)] for seed in (1, 1, 2)]
    assert draws[0] == draws[1] != draws[2]


def test_processes_and_devices_are_those_given() -> None:
    world = Simulation(
        PROGRAM,
        sim(
            processes=[Process(pid=7, comm="seven", uid=1)],
            netdevs=[NetDevice(ifindex=3, name="x0", address="02:00:00:00:00:01")],
        ),
    )
    assert world.dump("tasks") == [Task(pid=7, uid=1, comm="seven")]
    assert world.dump("devices") == [Device(ifindex=3, name="x0", address=lb.mac("02:00:00:00:00:01"))]


def test_timers_run_when_due_and_survive_a_failure(world: Simulation, kernel: SimulatedKernel) -> None:
    world.advance(99)
    assert world.call("ticked") == 0
    world.advance(1)
    assert world.call("ticked") == 1
    world.advance(500)
    assert world.call("ticked") == 6
    assert [line.text for line in kernel.log] == ["world: tick: error -22"]
    world.unload()
    kernel.advance(1000)
    assert world.call("ticked") == 6


# --- the same through lb.load --------------------------------------------------------------------


def test_load_gives_an_object_of_the_class(kernel: SimulatedKernel) -> None:
    with load(World, kernel=kernel) as world:
        assert isinstance(world, World)
        world.tell(message="hello")
        world.limit = 20
        assert world.limit == 20
        assert world.put(IPv4Address(5), 6) == 1
        assert list(world.talkers) == [Talker(IPv4Address(5), 6)]
        with pytest.raises(TypeError):
            world.tell()  # type: ignore[call-arg]  # the point of the test
        with pytest.raises(OSError, match="ERANGE"):
            world.limit = 0
    assert kernel.log[0].text == "world: umsg: hello"
    assert not kernel.loaded
    with pytest.raises(ClosedError):
        world.tell("again")
