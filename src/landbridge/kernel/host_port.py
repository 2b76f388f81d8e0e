"""Requests of a process in the guest to the host that runs the guest.

One request is one line of JSON on a connection of its own, and so is its answer; any number of
processes and threads of the guest may ask at once.
"""

from __future__ import annotations

import json
import os
import socket
from typing import Any

from landbridge.errors import LabError

VARIABLE = "LANDBRIDGE_HOST_PORT"


def available() -> bool:
    """Whether this process runs in a guest whose host answers requests."""
    return VARIABLE in os.environ


def request(message: dict[str, Any], *, timeout: float | None = 300.0) -> dict[str, Any]:
    """Ask the host.

    Args:
        message: Anything JSON; ``op`` says what is asked.
        timeout: Seconds to wait for the answer; None waits for ever.

    Returns:
        The host's answer, as it came; by convention ``ok`` tells whether it worked.

    Raises:
        LabError: This process is in no guest, or the host did not answer.
    """
    path = os.environ.get(VARIABLE)
    if path is None:
        raise LabError("this process is not in a guest", hint=f"{VARIABLE} is set there by landbridge run and lab exec")
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC) as port:
            port.settimeout(timeout)
            port.connect(path)
            port.sendall(json.dumps(message).encode() + b"\n")
            with port.makefile("rb") as answers:
                line = answers.readline()
    except TimeoutError:
        raise LabError(f"the host did not answer {message.get('op')!r} within {timeout:g} s") from None
    except OSError as error:
        raise LabError(f"cannot reach the host through {path}: {error.strerror}") from error
    if not line.endswith(b"\n"):
        raise LabError(f"the host hung up instead of answering {message.get('op')!r}")
    answer = json.loads(line)
    if not isinstance(answer, dict):
        raise LabError(f"the host answered {answer!r}, which is not an object")
    return answer
