"""Requests of a guest process, against a real socket."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from landbridge.errors import LabError, UnsupportedError
from landbridge.kernel import host_port
from landbridge.lab.requests import RequestServer
from landbridge.lab.wire import Frame, Kind


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bytes]]:
    """A host that answers with what is in the list."""
    answers: list[bytes] = []
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(tmp_path / "port"))
    listener.listen()
    monkeypatch.setenv(host_port.VARIABLE, str(tmp_path / "port"))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection, connection.makefile("rb") as lines:
                lines.readline()
                connection.sendall(answers.pop(0))

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield answers
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join()


def test_an_answer(host: list[bytes]) -> None:
    host.append(b'{"ok": true}\n')
    assert host_port.request({"op": "build"}) == {"ok": True}


@pytest.mark.parametrize("answer", [b"", b'{"ok": tr'])
def test_a_host_that_hangs_up(host: list[bytes], answer: bytes) -> None:
    host.append(answer)
    with pytest.raises(LabError, match="hung up instead of answering 'build'"):
        host_port.request({"op": "build"})


def test_outside_of_a_guest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(host_port.VARIABLE, raising=False)
    assert not host_port.available()
    with pytest.raises(LabError, match="not in a guest"):
        host_port.request({})


def ask(serve: Callable[[dict[str, Any]], dict[str, Any]] | None, *pieces: bytes) -> dict[str, Any]:
    """What the server at the host's end answers to pieces of a request."""
    sent, done = bytearray(), threading.Event()

    def send(kind: Kind, number: int, payload: bytes) -> None:
        assert number == 7
        sent.extend(payload)
        if kind is Kind.HANGUP:
            done.set()

    server = RequestServer(send, serve)
    for piece in pieces:
        server.feed(Frame(Kind.REQUEST, 7, piece))
    assert done.wait(10)
    answer = json.loads(sent)
    assert isinstance(answer, dict)
    return answer


def test_a_request_in_pieces() -> None:
    assert ask(lambda message: {"ok": True, "got": message}, b'{"op": ', b'"x"}', b"\n") == {
        "ok": True,
        "got": {"op": "x"},
    }


def test_errors_travel_with_code_and_hint() -> None:
    def refuse(message: dict[str, Any]) -> dict[str, Any]:
        raise UnsupportedError("no", feature="f", hint="do this")

    error = ask(refuse, b"{}\n")["error"]
    assert error == {"type": "UnsupportedError", "message": "no", "code": "LB300", "hint": "do this"}


@pytest.mark.parametrize(
    ("line", "words"), [(b"nonsense\n", "not a line of JSON"), (b"[1]\n", "a request is a JSON object")]
)
def test_nonsense_is_refused(line: bytes, words: str) -> None:
    assert words in ask(lambda message: {"ok": True}, line)["error"]["message"]


def test_a_host_without_a_callback_refuses() -> None:
    assert ask(None, b"{}\n")["ok"] is False
