"""Requests of guest processes: each line of JSON that comes is answered by a callback of ours.

The other end is landbridge/kernel/host_port.py, through the agent.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

from landbridge.errors import LandbridgeError
from landbridge.lab.wire import Frame, Kind

# Below the largest frame.
_PIECE = 1 << 16
_LONGEST = 64 << 20

Serve = Callable[[dict[str, Any]], dict[str, Any]]


class RequestServer:
    """Answer requests, each in a thread of its own, so that a slow build holds up no other.

    Args:
        send: Sends a frame.
        serve: Makes the answer; None refuses all.
    """

    def __init__(self, send: Callable[[Kind, int, bytes], None], serve: Serve | None) -> None:
        self._send = send
        self._serve = serve
        self._unfinished: dict[int, bytearray] = {}

    def feed(self, frame: Frame) -> None:
        """Take a piece of a request, or the end of its connection."""
        if frame.kind is Kind.CLOSED:
            self._unfinished.pop(frame.id, None)
            return
        buffer = self._unfinished.setdefault(frame.id, bytearray())
        buffer += frame.payload
        if len(buffer) > _LONGEST:
            self._unfinished.pop(frame.id)
            self._answer(frame.id, _refusal("RequestTooLong", f"a request may have {_LONGEST} bytes"))
        elif b"\n" in frame.payload:
            line = bytes(buffer)
            del self._unfinished[frame.id]
            threading.Thread(target=self._work, args=(frame.id, line), name="landbridge-request", daemon=True).start()

    def _work(self, number: int, line: bytes) -> None:
        self._answer(number, self._make(line))

    def _make(self, line: bytes) -> dict[str, Any]:
        try:
            message = json.loads(line)
        except ValueError as error:
            return _refusal("ValueError", f"not a line of JSON: {error}")
        if not isinstance(message, dict):
            return _refusal("ValueError", "a request is a JSON object")
        if self._serve is None:
            return _refusal("LabError", "this guest's host answers no requests")
        try:
            return self._serve(message)
        except LandbridgeError as error:
            return _refusal(type(error).__name__, error.message, code=error.code, hint=error.hint)
        except Exception as error:  # the callback is the caller's; what it raises belongs to who asked
            return _refusal(type(error).__name__, str(error))

    def _answer(self, number: int, answer: dict[str, Any]) -> None:
        line = json.dumps(answer).encode() + b"\n"
        for start in range(0, len(line), _PIECE):
            self._send(Kind.REPLY, number, line[start : start + _PIECE])
        self._send(Kind.HANGUP, number, b"")


def _refusal(kind: str, message: str, **more: Any) -> dict[str, Any]:
    return {"ok": False, "error": {"type": kind, "message": message, **more}}
