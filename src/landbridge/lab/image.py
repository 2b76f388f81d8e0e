"""An image of what a command needs, for machines where no virtiofs daemon runs."""

from __future__ import annotations

from pathlib import Path

from landbridge.errors import HostSetupError
from landbridge.lab.kernels import GuestKernel


def build(kernel: GuestKernel) -> Path:
    """The image for a kernel.

    Raises:
        HostSetupError: It cannot be made here.
    """
    raise HostSetupError(f"no image can be made for {kernel.release}", fix="apt install virtiofsd")
