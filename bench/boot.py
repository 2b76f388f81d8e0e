"""From command to first Python line in a throwaway kernel: landbridge against virtme-ng.

Both boot the same kernel image with the same accelerator, memory and processors over this machine's
file system, and run the same Python. The two take turns, so that a busy machine is busy for both.

    python bench/boot.py [--runs 5] [--kernel 6.1] [--vng PATH]

virtme-ng (``pip install virtme-ng``) needs virtiofsd's Rust version (``apt install virtiofsd``, Debian 13 or
newer), because Debian's cloud kernels have no 9p; where it cannot boot, its own last words are printed instead.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import sys
import time

from landbridge import lab

MEMORY = 1024
CPUS = 2
PATIENCE = 120.0
PROGRAM = "print('first' + ' line')"
SEEN = b"first line"


def main() -> int:
    parser = argparse.ArgumentParser(description="Time landbridge and virtme-ng from command to first Python line.")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--kernel", default="6.1")
    parser.add_argument("--vng", default=shutil.which("vng"), help="virtme-ng's program")
    parser.add_argument("--python", default="/usr/bin/python3", help="a Python that both guests see")
    options = parser.parse_args()

    kernel = lab.kernels.find(options.kernel)
    with lab.Guest(kernel) as guest:  # what is made once is made before the clock runs
        accelerator = guest.accelerator
    script = [options.python, "-S", "-c", PROGRAM]
    ours = [sys.executable, "-m", "landbridge", "lab", "exec", f"--kernel={kernel.release}"]
    ours += [f"--memory={MEMORY}", f"--cpus={CPUS}", "--", *script]
    commands = {"landbridge": ours}
    if options.vng:
        theirs = [options.vng, "--verbose", "--run", str(kernel.image), "--memory", f"{MEMORY}M", "--cpus", str(CPUS)]
        theirs += ["--disable-kvm"] if accelerator == "tcg" else []
        commands["virtme-ng"] = [*theirs, "--", f'{options.python} -S -c "{PROGRAM}"']
    print(
        f"kernel {kernel.release}, {accelerator}, {MEMORY} MiB, {CPUS} processors, {options.runs} runs each, in turns"
    )

    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(options.runs):
        for name, command in list(commands.items()):
            seconds, said = first_line(command)
            if seconds is None:
                print(f"{name:<11} no Python line; it ended with:\n{said}")
                del commands[name]
            else:
                times[name].append(seconds)
    for name, each in times.items():
        if each:
            middle = statistics.median(each)
            print(f"{name:<11} median {middle:6.2f} s   best {min(each):6.2f} s   worst {max(each):6.2f} s")
    if not times.get("virtme-ng"):
        print("no ratio: virtme-ng gave no figure" + ("" if options.vng else " (it is not installed)"))
        return 1
    pairs = [mine / other for mine, other in zip(times["landbridge"], times["virtme-ng"], strict=True)]
    print(f"landbridge / virtme-ng, median of pairs: {statistics.median(pairs):.2f}")
    return 0


def first_line(command: list[str]) -> tuple[float | None, str]:
    """Seconds until the guest's Python has printed; else None and what was said last."""
    begin = time.monotonic()
    said = bytearray()
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, bufsize=0
    ) as process:
        assert process.stdout is not None
        seconds = None
        while data := process.stdout.read(4096):
            said += data
            if seconds is None and SEEN in said:
                seconds = time.monotonic() - begin
            if time.monotonic() - begin > PATIENCE:
                process.kill()
                break
    return seconds, "\n".join(said.decode(errors="replace").replace("\r", "").splitlines()[-6:])


if __name__ == "__main__":
    sys.exit(main())
