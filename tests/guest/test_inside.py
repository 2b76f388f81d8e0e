"""Runs the tests of ``inside/`` in one guest: each file is a pytest run on a real kernel."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

INSIDE = Path(__file__).parent / "inside"


@pytest.mark.guest
@pytest.mark.parametrize("file", sorted(INSIDE.glob("test_*.py")), ids=lambda path: path.stem)
def test_inside(guest: Any, file: Path) -> None:
    result = guest.run([sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:randomly", str(file)])
    assert result.status == 0, result.stdout + result.stderr
    assert " passed" in result.stdout
    assert "skipped" not in result.stdout
