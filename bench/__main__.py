"""All benches, one after the other: ``python -m bench``, or ``make bench``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
LANDBRIDGE = Path(sys.executable).with_name("landbridge")
BENCHES = (
    ("What a crossing costs, in a guest", [str(LANDBRIDGE), "run", str(HERE / "crossing.py")]),
    ("A netlink request, on this machine", [sys.executable, str(HERE / "netlink_client.py")]),
    ("From a class to a loaded module", [sys.executable, str(HERE / "build.py")]),
    ("From a command to the first line of Python in a guest", [sys.executable, str(HERE / "boot.py")]),
)


def main() -> int:
    """Run them; the status is the number of those that failed."""
    failed = 0
    for title, command in BENCHES:
        print(f"\n== {title}", flush=True)
        failed += subprocess.run(command, check=False).returncode != 0
    return failed


if __name__ == "__main__":
    sys.exit(main())
