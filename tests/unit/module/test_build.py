"""Failures of a build in terms of the Python, and the host's answers; no kernel is needed."""

from __future__ import annotations

import base64
import threading
from pathlib import Path

import pytest

from landbridge.channels.placement import Placement
from landbridge.compiler import compile_interface
from landbridge.errors import BuildError
from landbridge.kernel.target import KernelTarget
from landbridge.module import remote, store
from landbridge.module.build import build, explain
from landbridge.module.tree import Tree, emit
from tests.unit.emit_c.interfaces import Greeter


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def fake_target(folder: Path, makefile: str) -> KernelTarget:
    """A build directory whose make does what the test wants."""
    folder.mkdir()
    (folder / "Makefile").write_text(makefile)
    return KernelTarget(release="6.1.0-test", headers=folder, make_args=("CC=gcc",))


def greeter() -> Tree:
    program = compile_interface(Greeter)
    return emit(program, Placement(program.spec, ()))


def test_a_complaint_about_a_line_from_python_names_the_python() -> None:
    tree = greeter()
    mapped = next(each for each in tree.line_map if "umsg" in each.span.text)
    log = f"/tmp/x/greeter_handlers.c:{mapped.line}:9: error: something is wrong\nmake: *** Error 1\n"
    error = explain(tree, "6.1.0-test", BuildError("make failed with status 2", log=log))
    assert f"interfaces.py:{mapped.span.line}:" in str(error)
    assert 'lb.pr_info("umsg: %s", message)' in str(error)
    assert "something is wrong" in str(error)
    assert error.log == log


def test_a_failure_without_complaints_shows_the_end_of_the_log(tmp_path: Path) -> None:
    target = fake_target(tmp_path / "headers", "modules:\n\t@echo nothing to see; false\n")
    with pytest.raises(BuildError, match="nothing to see"):
        build(greeter(), target)
    assert [each.name for each in store.directory().iterdir()] == ["locks"]


def test_a_module_is_built_once_by_however_many(tmp_path: Path) -> None:
    count = tmp_path / "count"
    target = fake_target(
        tmp_path / "headers", f"modules:\n\techo run >> {count}\n\tsleep 0.3\n\techo module > $(M)/greeter.ko\n"
    )
    tree, built = greeter(), []
    threads = [threading.Thread(target=lambda: built.append(build(tree, target))) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(built) == 4
    assert count.read_text() == "run\n"
    assert sum(not each.cached for each in built) == 1
    assert {each.path for each in built} == {built[0].path}
    assert built[0].path.read_text() == "module\n"


def test_another_tree_or_kernel_is_another_build(tmp_path: Path) -> None:
    makefile = "modules:\n\techo $(RELEASE) > $(M)/greeter.ko\n"
    target = fake_target(tmp_path / "headers", makefile)
    other = KernelTarget("6.2.0-test", target.headers, target.make_args)
    tree = greeter()
    changed = Tree(name=tree.name, files={**tree.files, "greeter.h": tree.files["greeter.h"] + "\n"})
    paths = {build(each, kernel).path for each in (tree, changed) for kernel in (target, other)}
    assert len(paths) == 4


@pytest.mark.parametrize("path", ["../evil.c", "/etc/evil.c", "a/b.c", "", "-evil"])
def test_the_host_writes_no_file_elsewhere(tmp_path: Path, path: str) -> None:
    target = fake_target(tmp_path / "headers", "modules:\n\tfalse\n")
    answer = remote.serve({"op": "build", "name": "evil", "tree": {path: "text"}}, target)
    assert answer["ok"] is False
    assert "outside" in answer["error"]["message"]


def test_the_host_makes_the_kbuild_file_itself(tmp_path: Path) -> None:
    target = fake_target(tmp_path / "headers", "modules:\n\tcp $(M)/Kbuild $(M)/evil.ko\n")
    tree = {"evil_main.c": "", "Kbuild": "obj-m := $(shell touch /tmp/evil)\n"}
    answer = remote.serve({"op": "build", "name": "evil", "tree": tree}, target)
    assert answer["ok"] is True
    assert base64.b64decode(answer["ko"]).decode().endswith("obj-m := evil.o\nevil-y := evil_main.o\n")


def test_the_host_refuses_what_it_does_not_know(tmp_path: Path) -> None:
    target = fake_target(tmp_path / "headers", "modules:\n\tfalse\n")
    assert remote.serve({"op": "format the disk"}, target)["error"]["type"] == "LabError"
