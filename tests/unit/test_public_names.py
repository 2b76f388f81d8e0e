"""What ``import landbridge as lb`` gives, whatever was imported before."""

from __future__ import annotations

import subprocess
import sys
import types

import pytest

import landbridge as lb


@pytest.mark.parametrize("name", lb.__all__)
def test_every_public_name_is_there_and_is_no_module(name: str) -> None:
    assert not isinstance(getattr(lb, name), types.ModuleType)


@pytest.mark.parametrize("before", ["landbridge.netlink", "landbridge.sim", "landbridge.netlink, landbridge.client"])
def test_submodules_do_not_hide_names(before: str) -> None:
    program = f"import {before}\nimport landbridge as lb\nprint(type(lb.sim).__name__, type(lb.netlink).__name__)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert "module" not in done.stdout
