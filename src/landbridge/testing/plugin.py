"""The pytest plugin: a throwaway kernel as a fixture.

Load it with ``-p landbridge.testing.plugin``, or ``pytest_plugins`` in a ``conftest.py``.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from landbridge.lab import Guest
from landbridge.lab.requests import Serve


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
def landbridge_serve() -> Serve | None:
    """What answers the requests of the guest's processes; override it to answer others."""
    return None


@pytest.fixture(scope="session")
def guest(request: pytest.FixtureRequest, landbridge_serve: Serve | None) -> Iterator[Guest]:
    """A running guest, booted once for all tests; after a test that killed it, it boots again."""
    kernel = request.config.getoption("--landbridge-kernel")
    with Guest(kernel, serve=landbridge_serve) as running:
        yield running


@pytest.fixture(autouse=True)
def _guest_lives(request: pytest.FixtureRequest) -> None:
    if "guest" not in request.fixturenames:
        return
    running: Guest = request.getfixturevalue("guest")
    if not running.running:
        running.close()
        running.start()
