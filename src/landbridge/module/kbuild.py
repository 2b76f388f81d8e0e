"""One run of the kernel's own build system."""

from __future__ import annotations

import functools
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

from landbridge.errors import BuildError
from landbridge.kernel.target import KernelTarget

TIMEOUT_S = 600


def make(target: KernelTarget, work: Path, goals: Sequence[str], *, flags: str = "", keep_going: bool = False) -> str:
    """Run ``make`` in a kernel's build directory for a module's directory.

    Args:
        target: What is built against.
        work: Directory with the Kbuild file.
        goals: What is made, such as ``modules``.
        flags: Further flags for the C compiler.
        keep_going: Go on after errors, and do not raise for them.

    Returns:
        What it printed.

    Raises:
        BuildError: There is no ``make``, it failed, or it took longer than ten minutes.
    """
    if shutil.which("make") is None:
        raise BuildError("building a module needs make, which is not installed", hint="apt install build-essential")
    command = ["make", f"-j{min(2, os.cpu_count() or 1)}", "-C", str(target.headers), f"M={work}"]
    # What is built is loaded at once and thrown away: no debug information, no BTF.
    command += ["CONFIG_DEBUG_INFO_BTF_MODULES=", f"KCFLAGS=-g0 {flags}".strip(), *target.make_args]
    command += ["-k", *goals] if keep_going else goals
    # make hands these on to what it runs; a build must not depend on how landbridge itself was started.
    environment = {
        name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")
    }
    environment["LC_ALL"] = "C"
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=environment,
        text=True,
        errors="replace",
        start_new_session=True,
    ) as process:
        try:
            log, _ = process.communicate(timeout=TIMEOUT_S)
        except BaseException as error:
            # The compiler is a grandchild: end the whole session, Ctrl-C included.
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            if isinstance(error, subprocess.TimeoutExpired):
                raise BuildError(f"make took longer than {TIMEOUT_S} s and was ended") from None
            raise
    if process.returncode and not keep_going:
        raise BuildError(f"make failed with status {process.returncode}", log=log)
    return log


@functools.lru_cache
def compiler_of(target: KernelTarget) -> str:
    """The C compiler of a target and its version, to tell builds of different compilers apart."""
    name = next((each.removeprefix("CC=") for each in target.make_args if each.startswith("CC=")), "")
    variables = target.headers / ".kernelvariables"
    if not name and variables.is_file():
        found = re.search(r"^CC\s*:?=.*?(gcc-\d+|gcc|clang-\d+|clang)\s*$", variables.read_text(), re.MULTILINE)
        name = found[1] if found else ""
    name = name or "gcc"
    program = shutil.which(name.split()[0])
    if program is None:
        raise BuildError(f"the compiler {name} is not installed", hint=f"apt install {name.split()[0]}")
    done = subprocess.run([program, "--version"], capture_output=True, text=True, check=False, timeout=30)
    return f"{name} {done.stdout.partition(chr(10))[0]}"
