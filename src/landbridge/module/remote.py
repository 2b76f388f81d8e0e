"""Building for a guest: the guest asks, the host builds with its headers and compiler.

Both ends are here. :func:`serve` answers on the host; :func:`ask_features` and :func:`ask_build` ask in the guest.
"""

from __future__ import annotations

import base64
import os
import re
import time
from typing import Any

from landbridge.errors import BuildError, LabError
from landbridge.kernel import host_port
from landbridge.kernel.target import KernelTarget
from landbridge.module import store
from landbridge.module.build import Built, build, explain
from landbridge.module.features import features
from landbridge.module.tree import Tree, kbuild_file

_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")


def serve(request: dict[str, Any], target: KernelTarget) -> dict[str, Any]:
    """Answer a request of a guest.

    Args:
        request: ``{"op": "features"}``, or ``{"op": "build", "name": ..., "tree": {path: text}}``.
        target: The guest's kernel.

    Returns:
        ``{"ok": True, ...}`` with ``features`` (names), or ``ko`` (the file, base64), ``cached`` and ``seconds``;
        or ``{"ok": False, "error": {"type", "message", "log", "hint"}}``.
    """
    try:
        match request.get("op"):
            case "features":
                return {"ok": True, "features": sorted(features(target))}
            case "build":
                built = build(_tree(request), target)
                text = base64.b64encode(built.path.read_bytes()).decode()
                return {"ok": True, "ko": text, "cached": built.cached, "seconds": built.seconds}
            case other:
                return _refusal("LabError", f"the host does not know the request {other!r}")
    except BuildError as error:
        return _refusal("BuildError", error.message, log=error.log, hint=error.hint)


def _tree(request: dict[str, Any]) -> Tree:
    """The tree of a request. What a guest sends names files of one directory, and no commands for make."""
    name, files = str(request["name"]), {str(path): str(text) for path, text in dict(request["tree"]).items()}
    if not all(_PLAIN.fullmatch(each) for each in (name, *files)):
        raise BuildError("the request names a file outside of the module's directory")
    files["Kbuild"] = kbuild_file(name, files)
    return Tree(name=name, files=files)


def ask_features() -> frozenset[str]:
    """The forms of the API that this guest's kernel has, as the host knows them.

    Raises:
        LabError, BuildError: The host cannot say.
    """
    return frozenset(_ask({"op": "features"})["features"])


def ask_build(tree: Tree) -> Built:
    """Have the host build a module for this guest's kernel.

    Raises:
        LabError: The host does not answer.
        BuildError: The build failed; as :func:`landbridge.module.build.build` says it.
    """
    begin = time.monotonic()
    answer = _ask({"op": "build", "name": tree.name, "tree": dict(tree.files)}, tree)
    with store.workspace() as work:
        made = work / f"{tree.name}.ko"
        made.write_bytes(base64.b64decode(answer["ko"]))
        path = store.keep(store.key_of("guest", tree.digest), made)
    return Built(path, time.monotonic() - begin, bool(answer["cached"]), "")


def _ask(message: dict[str, Any], tree: Tree | None = None) -> dict[str, Any]:
    answer = host_port.request(message)
    if answer.get("ok"):
        return answer
    error = answer.get("error", {})
    if error.get("type") == "BuildError":
        failure = BuildError(error["message"], log=error.get("log", ""), hint=error.get("hint"))
        # The host does not know the Python of the lines; we do.
        raise explain(tree, os.uname().release, failure) if tree and failure.log else failure
    raise LabError(f"the host did not answer {message['op']!r}: {error.get('message', answer)}", hint=error.get("hint"))


def _refusal(kind: str, message: str, **more: Any) -> dict[str, Any]:
    return {"ok": False, "error": {"type": kind, "message": message, **more}}
