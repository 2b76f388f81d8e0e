"""Whether KVM really works here: the device alone is no proof."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from landbridge.lab import cache, tools
from landbridge.lab.kernels import GuestKernel
from landbridge.lab.machine import Machine, MachineOptions

_DEVICE = Path("/dev/kvm")
_PATIENCE = 4.0


def kvm_works(kernel: GuestKernel, initramfs: Path) -> bool:
    """Whether a guest gets as far as its first process under KVM.

    Found out once for each QEMU and running kernel, then remembered.
    """
    if not os.access(_DEVICE, os.R_OK | os.W_OK):
        return False
    qemu = tools.need("qemu-system-x86_64", "run a throwaway kernel")
    key = repr((_identity(qemu), os.uname().release, os.uname().version))
    path = cache.file("kvm", key.encode(), ".json", lambda path: _store(path, kernel, initramfs))
    return bool(json.loads(path.read_text()))


def _identity(qemu: str) -> str:
    done = subprocess.run([qemu, "--version"], capture_output=True, text=True, check=False)
    return done.stdout


def _store(path: Path, kernel: GuestKernel, initramfs: Path) -> None:
    # Without a root file system the agent says so on the console, which is all we want to see.
    machine = Machine(kernel.image, initramfs, [], MachineOptions(memory=256, cpus=1, kvm=True), Path(os.devnull))
    try:
        machine.console.settimeout(_PATIENCE)
        said = b""
        while b"landbridge agent" not in said:
            data = machine.console.recv(4096)
            if not data:
                break
            said += data
    except TimeoutError:
        pass
    finally:
        machine.end()
    path.write_text(json.dumps(b"landbridge agent" in said))
