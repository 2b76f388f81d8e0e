"""The pytest plugin: a throwaway kernel as a fixture.

Load it with ``-p landbridge.testing.plugin``, or ``pytest_plugins`` in a ``conftest.py``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from landbridge.errors import LabError
from landbridge.lab import Guest, GuestKernel, kernels
from landbridge.lab.requests import Serve
from landbridge.module import remote


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of this plugin."""
    group = parser.getgroup("landbridge")
    group.addoption(
        "--landbridge-kernel",
        default="6.1",
        metavar="VERSION",
        help="kernel of the guest fixture: a series such as 6.1, a release, or the path of a bzImage",
    )


@pytest.fixture(scope="session")
def landbridge_kernel(request: pytest.FixtureRequest) -> GuestKernel:
    """The guest's kernel."""
    return kernels.find(request.config.getoption("--landbridge-kernel"))


@pytest.fixture(scope="session")
def landbridge_append() -> str:
    """More words for the guest's kernel command line; override it to add any."""
    return ""


@pytest.fixture(scope="session")
def landbridge_serve(landbridge_kernel: GuestKernel) -> Serve:
    """What answers the requests of the guest's processes: modules are built by this machine."""

    def serve(message: dict[str, Any]) -> dict[str, Any]:
        if landbridge_kernel.target is None:
            raise LabError(f"the headers of {landbridge_kernel.release} are not here, and modules need them")
        return remote.serve(message, landbridge_kernel.target)

    return serve


@pytest.fixture(scope="session")
def guest(landbridge_kernel: GuestKernel, landbridge_append: str, landbridge_serve: Serve) -> Iterator[Guest]:
    """A running guest, booted once for all tests; after a test that killed it, it boots again."""
    with Guest(landbridge_kernel, append=landbridge_append, serve=landbridge_serve) as running:
        yield running


@pytest.fixture(autouse=True)
def _guest_lives(request: pytest.FixtureRequest) -> None:
    if "guest" not in request.fixturenames:
        return
    running: Guest = request.getfixturevalue("guest")
    if not running.running:
        running.close()
        running.start()
