"""A throwaway kernel that runs commands on this machine's own file system."""

from __future__ import annotations

import itertools
import os
import platform
import pwd
import re
import signal
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from landbridge.errors import GuestPanic, GuestTimeout, HostSetupError, LabError
from landbridge.kernel import host_port
from landbridge.lab import accel, bring, initramfs, kernels, rootfs, splat, tools, vmlinux, wire
from landbridge.lab.job import Job, Sink
from landbridge.lab.kernel_log import KernelLine, KernelLog
from landbridge.lab.kernels import GuestKernel
from landbridge.lab.link import Link
from landbridge.lab.machine import Machine, MachineOptions
from landbridge.lab.modules import ModuleTree
from landbridge.lab.requests import Serve
from landbridge.lab.wire import Kind

_SOCKET = "/run/landbridge/host.sock"  # in step with agent/connection.c
_TAIL = 15
_KILLING = 5.0
_ENDING = 2.0
_PASSED_ON = ("LANG", "LANGUAGE", "TERM", "COLORTERM", "NO_COLOR", "TZ", "HOME", "VIRTUAL_ENV")
_PASSED_ON_PREFIXES = ("LC_", "PYTHON", "LANDBRIDGE_", "PYTEST_", "HYPOTHESIS_")

_COMPLAINT = re.compile(r"landbridge agent: (?!the host is gone)(.*)")
_SWITCHED_OFF = re.compile(r"reboot: (?:Power down|Restarting system|System halted)")


class _LostBoot(Exception):
    """A boot that came to nothing, and why."""

    def __init__(self, error: Exception) -> None:
        self.error = error


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a command in a guest.

    Attributes:
        argv: The command.
        status: Exit status; the negative signal number if a signal ended it.
        output: Standard output, unless it was streamed elsewhere.
        errors: Standard error, likewise.
        kernel_log: What the kernel logged meanwhile.
        seconds: How long the command ran, without the boot.
    """

    argv: tuple[str, ...]
    status: int
    output: bytes = field(repr=False)
    errors: bytes = field(repr=False)
    kernel_log: tuple[KernelLine, ...] = field(repr=False)
    seconds: float

    @property
    def stdout(self) -> str:
        """Standard output as text."""
        return self.output.decode(errors="replace")

    @property
    def stderr(self) -> str:
        """Standard error as text."""
        return self.errors.decode(errors="replace")

    @property
    def kernel_text(self) -> str:
        """The kernel's messages, one a line."""
        return "\n".join(line.text for line in self.kernel_log)


class Guest:
    """A throwaway kernel; boots as it is entered, and leaves nothing when it is left.

    The guest sees this machine's file system under the same paths. Whatever it writes goes to a
    scratch layer in its memory and vanishes with it; :meth:`bring_back` copies files out.

    Args:
        kernel: A series such as ``6.1``, a release, a path, or a kernel found by
            :mod:`landbridge.lab.kernels`.
        memory: MiB.
        cpus: Processors.
        append: Words for the kernel's command line, such as ``slub_debug=FZPU panic_on_warn=1``.
        serve: Answers requests that guest processes make with
            :func:`landbridge.kernel.host_port.request`; called from threads.
        on_kernel_line: Called with each line that the kernel logs, from a thread.
        boot_timeout: Seconds until a boot without a sign of life is given up; it is tried twice.
    """

    def __init__(
        self,
        kernel: str | GuestKernel = kernels.DEFAULT,
        *,
        memory: int = 1024,
        cpus: int = 2,
        append: str = "",
        serve: Serve | None = None,
        on_kernel_line: Callable[[KernelLine], None] | None = None,
        boot_timeout: float = 60.0,
    ) -> None:
        self._wanted = kernel
        self._options = MachineOptions(memory=memory, cpus=cpus, append=append)
        self._serve = serve
        self._boot_timeout = boot_timeout
        self._log = KernelLog(on_kernel_line)
        self._numbers = itertools.count(1)
        self._kernel: GuestKernel | None = None
        self._machine: Machine | None = None
        self._root: rootfs.Root | None = None
        self._link: Link | None = None

    @property
    def kernel(self) -> GuestKernel:
        """The kernel that runs, or will."""
        if self._kernel is None:
            self._kernel = kernels.find(self._wanted) if isinstance(self._wanted, str) else self._wanted
        return self._kernel

    @property
    def running(self) -> bool:
        """Whether it can run a command."""
        return self._link is not None and not self._link.gone.is_set()

    @property
    def accelerator(self) -> str:
        """``kvm``, or ``tcg`` where the processor is emulated; empty before it runs."""
        return self._machine.accelerator if self._machine is not None else ""

    @property
    def kernel_log(self) -> tuple[KernelLine, ...]:
        """All that the kernel has logged since it was ready."""
        return self._log.since(0)

    def __enter__(self) -> Guest:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def start(self) -> None:
        """Boot it.

        Raises:
            HostSetupError: This machine lacks something; the error names the fix.
            GuestPanic: The kernel died in both tries.
            GuestTimeout: No sign of life in both tries.
        """
        if self._machine is not None:
            raise LabError("the guest is started already")
        try:
            try:
                self._boot()
            except _LostBoot:
                # Emulated boots are lost now and then; a second loss has a reason.
                self.close()
                self._boot()
        except _LostBoot as lost:
            self.close()
            raise lost.error from None
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End it; harmless when it has ended."""
        if self._link is not None:
            self._link.shut_down()
        if self._machine is not None:
            self._machine.end()
        if self._root is not None:
            self._root.close()
        self._link = self._machine = self._root = None

    def abandon(self) -> None:
        """End it from another thread: whoever waits for a command sees that the guest is gone."""
        if self._link is not None:
            self._link.hang_up()

    def run(
        self,
        argv: Sequence[str],
        *,
        timeout: float | None = None,
        stdin: bytes | Iterable[bytes] | None = None,
        stdout: Sink | None = None,
        stderr: Sink | None = None,
        env: Mapping[str, str] | None = None,
        cwd: str | os.PathLike[str] | None = None,
        user: str | None = None,
        bring: bring.Wanted = (),
        forward_interrupt: bool = False,
    ) -> Result:
        """Run a command and wait for it.

        Args:
            argv: The command and its arguments.
            timeout: Seconds; then the command is killed, and the guest can go on.
            stdin: What it reads, at once or piece by piece; by default nothing.
            stdout: Gets its output as it comes; by default it is kept for the result.
            stderr: The same for standard error.
            env: Variables to add to its environment.
            cwd: Where it starts; by default this process's directory.
            user: Whom it runs as, such as ``nobody``; by default root.
            bring: Files and directories to copy out of the guest afterwards, see :meth:`bring_back`.
            forward_interrupt: Give the first Ctrl-C to the command and go on waiting for it; by
                default, the command is interrupted and KeyboardInterrupt raised.

        Raises:
            GuestPanic: The kernel died.
            GuestTimeout: It did not end in time.
            LabError: It could not be started, or the guest ended under it.
        """
        output, errors = bytearray(), bytearray()
        mark = self._log.mark()
        begin = time.monotonic()
        job = self.popen(
            argv,
            stdin=stdin is not None,
            stdout=stdout or output.extend,
            stderr=stderr or errors.extend,
            env=env,
            cwd=cwd,
            user=user,
        )
        if stdin is not None:
            job.feed([stdin] if isinstance(stdin, bytes) else stdin)
        status = self._wait(job, argv, timeout, forward_interrupt)
        seconds = time.monotonic() - begin
        if bring:
            self.bring_back(bring, cwd=cwd)
        return Result(tuple(argv), status, bytes(output), bytes(errors), self._log.since(mark), seconds)

    def popen(
        self,
        argv: Sequence[str],
        *,
        stdin: bool = False,
        stdout: Sink = lambda data: None,
        stderr: Sink = lambda data: None,
        env: Mapping[str, str] | None = None,
        cwd: str | os.PathLike[str] | None = None,
        user: str | None = None,
        terminal: tuple[int, int] | None = None,
    ) -> Job:
        """Start a command and do not wait for it.

        Args:
            argv: The command and its arguments.
            stdin: Whether it gets standard input through :meth:`Job.write`.
            stdout: Gets its output while :meth:`Job.wait` runs.
            stderr: The same for standard error.
            env: Variables to add to its environment.
            cwd: Where it starts.
            user: Whom it runs as.
            terminal: Rows and columns of a terminal to run it on; all its output is then stdout.
        """
        link = self._link
        if link is None:
            raise LabError("the guest is not running", hint="use it in a with block")
        uid, gid = _identity(user)
        payload = wire.pack_start(
            list(argv),
            self._environment(user, env),
            cwd=os.fspath(cwd) if cwd is not None else str(Path.cwd()),
            uid=uid,
            gid=gid,
            stdin=stdin,
            terminal=terminal,
        )
        if len(payload) > wire.MAX_PAYLOAD:
            raise LabError(f"command and environment have {len(payload)} bytes; the most is {wire.MAX_PAYLOAD}")
        number = next(self._numbers) & 0xFFFF
        inbox = link.open_inbox(number)
        job = Job(link, number, inbox, name=argv[0], stdout=stdout, stderr=stderr, death=self._death)
        link.send(Kind.START, number, payload)
        return job

    def bring_back(self, wanted: bring.Wanted, *, cwd: str | os.PathLike[str] | None = None) -> list[Path]:
        """Copy files and directories out of the guest.

        Args:
            wanted: Paths, each to be written to the same path here; or a mapping from paths in the
                guest to paths here.
            cwd: What relative paths of the guest begin at.

        Returns:
            The paths that were written here.

        Raises:
            LabError: One is not there.
        """
        return bring.copy(self, wanted, Path(cwd) if cwd is not None else Path.cwd())

    def _boot(self) -> None:
        if platform.machine() != "x86_64":
            raise HostSetupError(
                f"guests run this machine's own programs, and the lab has no kernels for {platform.machine()}",
                fix="use an x86-64 machine",
            )
        tools.need("qemu-system-x86_64", "run a throwaway kernel")
        kernel = self.kernel
        tree = ModuleTree(kernel.modules) if kernel.modules else None
        self._root = rootfs.prepare(kernel)
        serial = tree is not None and not initramfs.has_console(tree)
        image = initramfs.build(tree, (*initramfs.TRANSPORT, *self._root.modules))
        words = [*self._root.boot_words, *(["landbridge.port=ttyS1"] if serial else [])]
        options = MachineOptions(
            self._options.memory, self._options.cpus, self._options.append, accel.kvm_works(kernel, image)
        )
        self._machine = Machine(vmlinux.unpacked(kernel.image), image, words, options, self._root.source, serial=serial)
        self._link = Link(self._machine.control, self._machine.console, self._log, self._serve)
        if not self._link.wait_hello(self._boot_timeout):
            if self._link.gone.is_set():
                raise _LostBoot(self._death())
            raise _LostBoot(
                GuestTimeout(
                    f"the kernel {kernel.release} gave no sign of life within {self._boot_timeout:g} s;"
                    f" its console ends with:\n{_last_lines(self._link.console_text) or '(nothing)'}"
                )
            )

    def _wait(self, job: Job, argv: Sequence[str], timeout: float | None, forward_interrupt: bool) -> int:
        end = None if timeout is None else time.monotonic() + timeout
        interrupted = False
        while True:
            try:
                return job.wait(None if end is None else max(0.0, end - time.monotonic()))
            except TimeoutError:
                job.signal(signal.SIGKILL)
                self._give_up(job)
                raise GuestTimeout(
                    f"{argv[0]} did not end within {timeout:g} s; the kernel's last lines:\n{self._last_words()}"
                ) from None
            except KeyboardInterrupt:
                job.signal(signal.SIGINT)
                if not forward_interrupt or interrupted:
                    self._give_up(job)
                    raise
                interrupted = True

    def _give_up(self, job: Job) -> None:
        """Let a signalled command end; a guest that cannot even do that is of no more use."""
        try:
            job.wait(_KILLING)
        except TimeoutError:
            self.close()

    def _last_words(self) -> str:
        return self._log.tail(_TAIL) or (_last_lines(self._link.console_text) if self._link else "") or "(none)"

    def _death(self) -> Exception:
        """Why the guest is gone."""
        link, machine, root = self._link, self._machine, self._root
        if link is None or machine is None or root is None:
            return LabError("the guest was closed")
        ended = machine.process.ended(within=_ENDING)
        link.drain(_ENDING)
        console = link.console_text
        if splat.panicked(console):
            text = splat.extract(console)
            return GuestPanic(f"the guest's kernel {self.kernel.release} died: {splat.summary(text)}", splat=text)
        if complaint := _COMPLAINT.search(console):
            return LabError(f"the guest could not be set up: {complaint[1]}")
        if _SWITCHED_OFF.search(console):
            return LabError("the guest switched itself off")
        messages = "\n".join(filter(None, [machine.process.messages(), root.messages(), _last_lines(console)]))
        what = "QEMU ended" if ended else "the guest hung up"
        return LabError(f"{what}: {messages or 'it gave no reason'}")

    def _environment(self, user: str | None, more: Mapping[str, str] | None) -> dict[str, str]:
        passed = {
            name: value
            for name, value in os.environ.items()
            if name in _PASSED_ON or name.startswith(_PASSED_ON_PREFIXES)
        }
        path = os.environ.get("PATH", os.defpath).split(os.pathsep)
        if sys.prefix != sys.base_prefix:
            path.insert(0, str(Path(sys.prefix) / "bin"))
        path += ["/usr/local/sbin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"]
        passed["PATH"] = os.pathsep.join(dict.fromkeys(path))
        passed["USER"] = passed["LOGNAME"] = user or "root"
        if self._serve is not None:
            passed[host_port.VARIABLE] = _SOCKET
        return {**passed, **(more or {})}


def _identity(user: str | None) -> tuple[int, int]:
    if user is None:
        return 0, 0
    try:
        entry = pwd.getpwnam(user)
    except KeyError:
        raise LabError(f"there is no user {user!r}") from None
    return entry.pw_uid, entry.pw_gid


def _last_lines(text: str) -> str:
    return "\n".join(text.strip().splitlines()[-_TAIL:])


def run(
    argv: Sequence[str],
    *,
    kernel: str | GuestKernel = kernels.DEFAULT,
    guest: Mapping[str, Any] | None = None,
    **how: Any,
) -> Result:
    """Boot a kernel, run one command, and end the guest.

    Args:
        argv: The command and its arguments.
        kernel: As for :class:`Guest`.
        guest: More arguments for :class:`Guest`.
        how: Arguments for :meth:`Guest.run`.
    """
    with Guest(kernel, **(guest or {})) as running:
        return running.run(argv, **how)
