"""The files of a module, and the tree that is handed over."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import landbridge as lb
from landbridge.channels.placement import Placement, place
from landbridge.compiler import compile_interface
from landbridge.errors import LandbridgeError
from landbridge.module.eject import eject
from landbridge.module.tree import MODERN, Tree, emit
from tests.unit.emit_c.interfaces import Greeter, Ledger, Watcher


def tree_of(cls: type[lb.Interface], features: frozenset[str] = MODERN) -> Tree:
    program = compile_interface(cls)
    return emit(program, Placement(program.spec, ()), features)


def test_a_tree_is_the_same_each_time() -> None:
    first, second = tree_of(Ledger), tree_of(Ledger)
    assert first.files == second.files
    assert first.digest == second.digest
    assert first.digest != tree_of(Watcher).digest


def test_all_sources_are_built() -> None:
    program = compile_interface(Greeter)
    tree = emit(program, place(program.spec, lb.sockopt))
    objects = re.search(r"greeter-y := (.*)", tree.files["Kbuild"])
    assert objects is not None
    assert set(objects[1].split()) == {f"{each[:-2]}.o" for each in tree.files if each.endswith(".c")}
    assert "greeter_sockopt.o" in objects[1]


def test_what_was_taken_is_given_back_in_reverse() -> None:
    program = compile_interface(Watcher)
    tree = emit(program, place(program.spec, lb.netlink))
    text = tree.files["watcher_main.c"]
    taken = re.findall(r"err = watcher_(\w+)_init\(\);", text)
    unwound = re.findall(r"err_(\w+):", text)
    left = re.findall(r"watcher_(\w+)_exit\(\);", text.partition("__exit")[2])
    assert taken == ["memory", "netlink", "hooks"]
    assert unwound == list(reversed(taken[:-1]))
    assert left == list(reversed(taken))


def test_timers_end_as_the_kernel_can() -> None:
    assert "timer_shutdown_sync(&ledger_tick_timer)" in tree_of(Ledger).files["ledger_hooks.c"]
    older = tree_of(Ledger, frozenset(["timer_delete_sync"])).files["ledger_hooks.c"]
    assert "timer_delete_sync(&ledger_tick_timer)" in older
    assert "if (!READ_ONCE(ledger_stopping))" in older
    assert "del_timer_sync(" in tree_of(Ledger, frozenset()).files["ledger_hooks.c"]


def test_padding_is_visible_in_the_header() -> None:
    text = tree_of(Ledger).files["ledger.h"]
    struct = text.partition("struct ledger_point {")[2].partition("}")[0]
    assert [each.strip() for each in struct.strip().splitlines()] == [
        "__s8 x;",
        "__u8 __pad0[3];",
        "__s32 y;",
        "__u8 level;",
        "__u8 __pad1[3];",
    ]


def test_ejecting_makes_a_whole_directory(tmp_path: Path) -> None:
    out = eject(Greeter, lb.sockopt, tmp_path / "greeter")
    assert {each.name for each in out.iterdir()} == {
        *("Kbuild", "Makefile", "README.md", "dkms.conf", "greeter.h", "greeter_handlers.c"),
        *("greeter_internal.h", "greeter_main.c", "greeter_sockopt.c"),
    }
    assert "GREETER_SO_TELL" in (out / "README.md").read_text()
    assert 'BUILT_MODULE_NAME[0]="greeter"' in (out / "dkms.conf").read_text()
    assert [each.name for each in tmp_path.iterdir()] == ["greeter"]


def test_ejecting_takes_an_empty_directory_and_no_other(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    eject(Greeter, lb.sockopt, tmp_path / "empty")
    before = {each.name: each.read_text() for each in (tmp_path / "empty").iterdir()}
    with pytest.raises(LandbridgeError, match="not empty"):
        eject(Watcher, lb.netlink, tmp_path / "empty")
    assert {each.name: each.read_text() for each in (tmp_path / "empty").iterdir()} == before
    (tmp_path / "file").write_text("mine")
    with pytest.raises(LandbridgeError, match="not empty"):
        eject(Watcher, lb.netlink, tmp_path / "file")
    assert (tmp_path / "file").read_text() == "mine"
