"""The guest's hardware: a QEMU command line, and the process that runs it."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from landbridge.lab import tools
from landbridge.lab.process import HostProcess
from landbridge.lab.share import Share

# Oops and panic end the guest at once instead of hanging it; the rest saves boot time.
# (acpi=noirq would save 0.4 s more, but leaves one processor and a warning from every MSI driver.)
BOOT_ARGUMENTS = (
    "console=ttyS0 quiet panic=-1 oops=panic random.trust_cpu=on"
    " nokaslr mitigations=off no_timer_check cryptomgr.notests i8042.nokbd i8042.noaux"
)
# cmpxchg16b is broken in the emulator of QEMU 7.2: kernels die of it at random.
_EMULATED = ("-accel", "tcg,thread=multi", "-cpu", "max,-cx16")
_VIRTUALISED = ("-accel", "kvm", "-cpu", "host")


@dataclass(frozen=True, slots=True)
class MachineOptions:
    """What a guest can be given.

    Attributes:
        memory: MiB of memory.
        cpus: Processors.
        append: Words to add to the kernel's command line.
        kvm: Run on the processor itself instead of emulating one.
    """

    memory: int = 1024
    cpus: int = 2
    append: str = ""
    kvm: bool = False


class Machine:
    """A running QEMU with two byte streams: the agent's and the console's.

    Args:
        image: Kernel image.
        initramfs: Initial file system.
        boot: Words for the kernel's command line.
        options: Hardware.
        root: The daemon or disk that the guest's root file system comes from.
        serial: Join the agent through a second serial line, for a kernel without virtio-console.
    """

    def __init__(
        self,
        image: Path,
        initramfs: Path,
        boot: Sequence[str],
        options: MachineOptions,
        root: Share | Path,
        *,
        serial: bool = False,
    ) -> None:
        self.accelerator = "kvm" if options.kvm else "tcg"
        qemu = tools.need("qemu-system-x86_64", "run a throwaway kernel")
        with ExitStack() as theirs, ExitStack() as ours:
            self.control, control_end = socket.socketpair()
            self.console, console_end = socket.socketpair()
            for end in (control_end, console_end):
                theirs.enter_context(end)
            for end in (self.control, self.console):
                ours.enter_context(end)
            inherited = [control_end.fileno(), console_end.fileno()]
            if isinstance(root, Share):
                inherited.append(theirs.enter_context(root.socket).fileno())
            arguments = [
                *(_VIRTUALISED if options.kvm else _EMULATED),
                *("-machine", "q35,memory-backend=memory"),
                *("-object", f"memory-backend-memfd,id=memory,size={options.memory}M,share=on"),
                *("-m", str(options.memory), "-smp", str(options.cpus)),
                *("-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"),
                *("-kernel", str(image), "-initrd", str(initramfs)),
                *("-append", " ".join([BOOT_ARGUMENTS, *boot, options.append]).strip()),
                *("-chardev", f"socket,id=console,fd={console_end.fileno()}", "-serial", "chardev:console"),
                *("-chardev", f"socket,id=control,fd={control_end.fileno()}"),
                *_control_device(serial),
                *_root_device(root),
            ]
            self.process = HostProcess([qemu, *arguments], pass_fds=inherited)
            ours.pop_all()

    def end(self) -> None:
        """Kill it, and close our ends."""
        self.process.end()
        self.control.close()
        self.console.close()


def _control_device(serial: bool) -> list[str]:
    if serial:
        return ["-serial", "chardev:control"]
    return ["-device", "virtio-serial-pci", "-device", "virtserialport,chardev=control,name=landbridge"]


def _root_device(root: Share | Path) -> list[str]:
    if isinstance(root, Share):
        return root.qemu_arguments()
    drive = f"if=none,id=root,format=raw,readonly=on,file={str(root).replace(',', ',,')}"
    return ["-drive", drive, "-device", "virtio-blk-pci,drive=root"]
