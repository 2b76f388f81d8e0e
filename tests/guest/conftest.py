"""Guests that die of the first sign of a mistake in the kernel."""

import pytest


@pytest.fixture(scope="session")
def landbridge_append() -> str:
    """Checks of the heap, and a panic at any warning."""
    return "slub_debug=FZPU panic_on_warn=1"
