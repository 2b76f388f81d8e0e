"""The tables of the compiler, the names that users see, and the machine agree."""

from __future__ import annotations

import inspect
import socket
import typing

import pytest

import landbridge as lb
from landbridge import constants, intrinsics
from landbridge.compiler.headers import HEADERS
from landbridge.compiler.intrinsics import INTRINSICS, ITERATORS, LOG_LEVELS
from landbridge.compiler.objects import OBJECTS
from landbridge.errors import LandbridgeError
from landbridge.sim import SimulatedKernel
from landbridge.types import type_of


def _functions() -> dict[str, typing.Any]:
    return {name: value for name, value in vars(intrinsics).items() if hasattr(value, "__lb_intrinsic__")}


def test_public_functions_are_those_of_the_table() -> None:
    table = {name for name, each in INTRINSICS.items() if each.is_public}
    assert set(_functions()) == {*table, *ITERATORS, *(f"pr_{each}" for each in LOG_LEVELS), "c"}


@pytest.mark.parametrize("name", [name for name, each in INTRINSICS.items() if each.is_public])
def test_public_function_takes_what_the_table_says(name: str) -> None:
    spec = INTRINSICS[name]
    source = inspect.getsource(intrinsics)
    assert f"def {name}(" in source
    parameters = source.split(f"def {name}(")[1].split(")")[0]
    assert [each.split(":")[0].strip() for each in parameters.split(",") if each] == [
        each for each, _ in spec.parameters
    ]


@pytest.mark.parametrize("name", sorted(_functions()))
def test_outside_a_handler_it_says_so(name: str) -> None:
    with pytest.raises(LandbridgeError, match=f"lb.{name} means something only inside a handler") as caught:
        _functions()[name](*([1] * 2 if name.startswith("pr_") else []))
    assert caught.value.code == "LB150"


@pytest.mark.parametrize(
    ("cls", "name"),
    [
        (intrinsics.IpHeader, "ip"),
        (intrinsics.Ipv6Header, "ipv6"),
        (intrinsics.TcpHeader, "tcp"),
        (intrinsics.UdpHeader, "udp"),
        (intrinsics.IcmpHeader, "icmp"),
        (intrinsics.IcmpHeader, "icmpv6"),
    ],
)
def test_header_classes_have_the_fields_of_the_table(cls: type, name: str) -> None:
    assert set(inspect.get_annotations(cls)) == set(HEADERS[name].fields)
    hints = typing.get_type_hints(cls)
    for field in HEADERS[name].fields.values():
        assert type_of(hints[field.name]) == field.type


@pytest.mark.parametrize("name", sorted(HEADERS))
def test_header_fields_lie_within_the_header(name: str) -> None:
    spec = HEADERS[name]
    for field in spec.fields.values():
        assert field.offset + field.size <= spec.size
        assert field.shift + field.bits <= 8 * field.size
        assert field.bits or field.size == field.type.size


def test_object_classes_have_the_attributes_of_the_table() -> None:
    assert set(inspect.get_annotations(intrinsics.Task)) == set(OBJECTS["Task"])
    assert set(inspect.get_annotations(intrinsics.NetDevice)) == set(OBJECTS["NetDevice"])
    assert set(inspect.get_annotations(intrinsics.Skb)) == {*OBJECTS["Skb"], *HEADERS}


def test_the_simulated_kernel_answers_every_public_intrinsic() -> None:
    for name, spec in INTRINSICS.items():
        if spec.is_public:
            parameters = inspect.signature(getattr(SimulatedKernel, name)).parameters
            assert len(parameters) == 1 + len(spec.parameters)


@pytest.mark.parametrize("name", [each for each in constants.__all__ if hasattr(socket, each)])
def test_constants_are_those_of_this_machine(name: str) -> None:
    assert int(getattr(constants, name)) == int(getattr(socket, name))


def test_constants_know_their_names_and_are_exported() -> None:
    for name in constants.__all__:
        value = getattr(constants, name)
        if isinstance(value, constants.Constant):
            assert value.symbol == name
        assert getattr(lb, name) is value
        if not isinstance(value, type):
            assert constants.header_of(name).startswith("linux/")
    assert constants.symbol_of(lb.NF_ACCEPT) == "NF_ACCEPT"
    assert constants.symbol_of(lb.CAP_NET_ADMIN) == "CAP_NET_ADMIN"
    assert constants.symbol_of(5) is None
