"""imp2 over generic netlink: the same class, multicast to as many listeners as like.

landbridge run examples/imp2_generic.py
"""

import subprocess
import sys
import threading
from pathlib import Path

import landbridge as lb

sys.path.insert(0, str(Path(__file__).parent))
from imp2 import Imp2


def listen(name: str, imp2: Imp2, packets: int) -> None:
    """Print some packets that one listener hears."""
    for number, packet in enumerate(imp2.seen, start=1):
        if isinstance(packet, lb.Lost):
            sys.stdout.write(f"{name}: lost {packet.count}\n")
        else:
            sys.stdout.write(f"{name}: src: {packet.saddr}, dest: {packet.daddr}\n")
        if number == packets:
            return


def main() -> None:
    """Two listeners, three pings."""
    with lb.load(Imp2, over=lb.netlink) as first, lb.attach(Imp2, over=lb.netlink) as second:
        first.seen.open()
        second.seen.open()
        listeners = [
            threading.Thread(target=listen, args=(name, end, 6)) for name, end in (("one", first), ("two", second))
        ]
        for each in listeners:
            each.start()
        subprocess.run(["ping", "-c", "3", "127.0.0.1"], stdout=subprocess.DEVNULL, check=True)
        for each in listeners:
            each.join()


if __name__ == "__main__":
    main()
