"""``app.py:Class``: find the interfaces that a Python file declares, without running what it does.

The file is imported, not run: what is under ``if __name__ == "__main__"`` stays still. Where the file calls
``lb.load`` or ``lb.attach`` at its top level all the same, the import ends there; the classes above are known by then.
"""

from __future__ import annotations

import contextlib
import importlib.util
import sys
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import landbridge
from landbridge.channels.base import Channel
from landbridge.channels.placement import Over
from landbridge.declare import Interface
from landbridge.errors import LandbridgeError, Where

_CODE = "LB600"


@dataclass(frozen=True, slots=True)
class App:
    """An interface that a file declares.

    Attributes:
        path: The file.
        interface: The class.
        over: The file's variable ``OVER``: the channels that ``--over`` defaults to; None if there is none.
    """

    path: Path
    interface: type[Interface]
    over: Over | None


def find(argument: str) -> App:
    """The interface that ``app.py`` or ``app.py:Class`` means.

    Raises:
        LandbridgeError: The file cannot be imported, has no such class, or has several and none is named.
    """
    file, _, wanted = argument.rpartition(":") if ".py:" in argument else (argument, "", "")
    path = Path(file)
    if not path.is_file():
        raise LandbridgeError(f"there is no file {file}", code=_CODE, hint="give app.py, or app.py:Class")
    module = import_file(path)
    found = interfaces_of(module)
    names = ", ".join(each.__name__ for each in found)
    if wanted:
        found = [each for each in found if each.__name__ == wanted]
        if not found:
            raise LandbridgeError(f"{file} has no interface {wanted!r}", code=_CODE, hint=f"it has: {names or 'none'}")
    if not found:
        raise LandbridgeError(f"{file} declares no interface", code=_CODE, hint="subclass lb.Interface in it")
    if len(found) > 1:
        raise LandbridgeError(f"{file} declares several interfaces: {names}", code=_CODE, hint=f"say {file}:Class")
    return App(path, found[0], _over(module, path))


def interfaces_of(module: ModuleType) -> list[type[Interface]]:
    """The interfaces that a file declares; if none, those that it imports."""
    every: dict[type[Interface], None] = {}
    for value in vars(module).values():
        if isinstance(value, type) and issubclass(value, Interface) and value is not Interface:
            every[value] = None
    return [each for each in every if each.__module__ == module.__name__] or list(every)


def _over(module: ModuleType, path: Path) -> Over | None:
    over: Any = getattr(module, "OVER", None)
    if over is None or isinstance(over, (Channel, dict)):
        return over
    raise LandbridgeError(f"OVER in {path} is {over!r}, which is no channel and no mapping to channels", code=_CODE)


class _Reached(BaseException):
    """The file is about to do what it declares."""


def import_file(path: Path) -> ModuleType:
    """Import a user's file without what is under its main guard.

    Raises:
        LandbridgeError: It raises something, or is no Python.
    """
    name = f"landbridge_app_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path.resolve())
    if spec is None or spec.loader is None:
        raise LandbridgeError(f"{path} is no Python file", code=_CODE, hint="its name must end in .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    sys.path.insert(0, str(path.resolve().parent))
    try:
        with _not_loading():
            spec.loader.exec_module(module)
    except _Reached:
        pass
    except (LandbridgeError, KeyboardInterrupt):
        raise
    except SyntaxError as error:
        where = Where(error.filename or str(path), error.lineno or 1, error.offset or 1)
        raise LandbridgeError(f"{error.msg}", code=_CODE, where=where) from error
    except (Exception, SystemExit) as error:  # whatever a user's file may raise as it is imported
        frames = [each for each in traceback.extract_tb(error.__traceback__) if each.filename == spec.origin]
        where = Where(str(path), frames[-1].lineno or 1) if frames else Where(str(path), 1)
        raise LandbridgeError(
            f"importing {path} raises {type(error).__name__}: {error}",
            code=_CODE,
            where=where,
            hint='what the file does belongs under: if __name__ == "__main__":',
        ) from error
    finally:
        sys.path.remove(str(path.resolve().parent))
    return module


@contextlib.contextmanager
def _not_loading() -> Iterator[None]:
    """Stop an import that comes to lb.load or lb.attach, except for a simulation."""
    originals: dict[str, Any] = {"load": landbridge.load, "attach": landbridge.attach}

    def stop(*arguments: Any, kernel: Any = None, **others: Any) -> Any:
        if kernel is not None:
            return originals["load"](*arguments, kernel=kernel, **others)
        raise _Reached

    try:
        for each in originals:
            setattr(landbridge, each, stop)
        yield
    finally:
        for each, original in originals.items():
            setattr(landbridge, each, original)
