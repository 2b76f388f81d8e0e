"""From a class to a loaded module, beside plain ``make`` and ``insmod`` of the ejected tree.

    python -m bench.build [--rounds 5] [--kernel 6.1]

Both build on this machine, in turns and with nothing cached, and load in the same guest.
"""

from __future__ import annotations

import argparse
import os
import runpy
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import landbridge as lb
from landbridge.channels.placement import place
from landbridge.compiler import compile_interface
from landbridge.kernel import KernelTarget
from landbridge.lab import Guest, kernels
from landbridge.module.build import build
from landbridge.module.eject import eject
from landbridge.module.features import features
from landbridge.module.tree import emit

EXAMPLE = Path(__file__).parents[1] / "examples" / "talkers.py"


def ours(target: KernelTarget, guest: Guest, folder: Path) -> float:
    """Compile, emit, build and load; the cache of modules is new."""
    forms = features(target)  # asked once for a kernel, not for each module
    before = os.environ.get("XDG_CACHE_HOME")
    os.environ["XDG_CACHE_HOME"] = tempfile.mkdtemp(dir=folder)
    try:
        start = time.monotonic()
        talkers = runpy.run_path(str(EXAMPLE))["Talkers"]
        tree = emit(compile_interface(talkers), place(talkers.__lb_spec__, lb.netlink), forms)
        built = build(tree, target)
        assert not built.cached
        load(guest, built.path)
        return time.monotonic() - start
    finally:
        if before is None:
            del os.environ["XDG_CACHE_HOME"]
        else:
            os.environ["XDG_CACHE_HOME"] = before


def plain(target: KernelTarget, guest: Guest, folder: Path) -> float:
    """The same tree by hand."""
    work = eject(
        runpy.run_path(str(EXAMPLE))["Talkers"], lb.netlink, Path(tempfile.mkdtemp(dir=folder)) / "talkers", target
    )
    start = time.monotonic()
    command = ["make", "-C", str(work), f"KDIR={target.headers}", *target.make_args]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    load(guest, work / "talkers.ko")
    return time.monotonic() - start


def load(guest: Guest, module: Path) -> None:
    """Load a module of this machine in the guest, and unload it."""
    code = (
        "import sys; from landbridge.module.load import load; from pathlib import Path; load(Path(sys.argv[1])).close()"
    )
    result = guest.run([sys.executable, "-c", code, str(module)], timeout=60)
    assert result.status == 0, result.stderr


def main() -> None:
    """Print both times and their ratio."""
    parser = argparse.ArgumentParser(description="Class to loaded module.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--kernel", default="6.1")
    options = parser.parse_args()
    kernel = kernels.find(options.kernel)
    assert kernel.target is not None
    home = Path.home() / ".cache" / "landbridge"
    with tempfile.TemporaryDirectory(dir=home, prefix="bench-") as name, Guest(kernel) as guest:
        folder = Path(name)
        pairs = [
            (ours(kernel.target, guest, folder), plain(kernel.target, guest, folder)) for _ in range(options.rounds)
        ]
    mine, theirs = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(pair[0] / pair[1] for pair in pairs)
    print(f"class to loaded module {mine:.2f} s; make + load of the ejected tree {theirs:.2f} s; ratio {ratio:.2f}x")


if __name__ == "__main__":
    main()
