"""The emitted C, built for a real kernel without a warning, and judged by the kernel's own checkpatch."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

import pytest

import landbridge as lb
from landbridge.channels.placement import Over, place
from landbridge.compiler import compile_interface
from landbridge.errors import BuildError
from landbridge.kernel.target import KernelTarget
from landbridge.module import kbuild
from landbridge.module.build import build, write
from landbridge.module.eject import eject
from landbridge.module.features import features
from landbridge.module.tree import emit
from landbridge.testing.generated import generate_interface
from tests.unit.emit_c.interfaces import Greeter, Ledger, Lister, Message, Watcher

TREES: dict[str, tuple[type[lb.Interface], Over]] = {
    "greeter-sockopt": (Greeter, lb.sockopt),
    "greeter-netlink": (Greeter, lb.netlink),
    "watcher-netlink": (Watcher, lb.netlink),
    "watcher-unit": (Watcher, {"seen": lb.netlink(unit=24), ...: lb.sockopt}),
    "lister-netlink": (Lister, lb.netlink),
    "ledger-both": (Ledger, {"pay": lb.sockopt, "limit": lb.sockopt, "title": lb.sockopt, ...: lb.netlink}),
}
# What an author of odd handlers is warned of, not what is emitted around them.
ODD = "-Wno-tautological-compare -Wno-unused-but-set-variable -Wno-bool-compare -Wno-type-limits"


def judge(checkpatch: Path, files: list[Path]) -> str:
    """What checkpatch has to say of some files."""
    command = ["perl", str(checkpatch), "--strict", "--no-tree", "--no-summary", "--terse", "-f", *map(str, files)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False).stdout


def sources(folder: Path) -> list[Path]:
    return [
        each for each in sorted(folder.iterdir()) if each.suffix in {".c", ".h"} or each.name in {"Kbuild", "Makefile"}
    ]


@pytest.mark.parametrize("name", TREES)
def test_an_ejected_tree_has_the_kernels_style(name: str, checkpatch: Path, tmp_path: Path) -> None:
    cls, over = TREES[name]
    assert judge(checkpatch, sources(eject(cls, over, tmp_path / "out"))) == ""


def test_checkpatch_does_judge(checkpatch: Path, tmp_path: Path) -> None:
    out = eject(Greeter, lb.sockopt, tmp_path / "out")
    file = out / "greeter_handlers.c"
    file.write_text(file.read_text().replace("\treturn 0;", "        return(0);"))
    assert "ERROR" in judge(checkpatch, [file])


@pytest.mark.parametrize("name", TREES)
def test_an_ejected_tree_builds_with_plain_make(name: str, target: KernelTarget, tmp_path: Path) -> None:
    cls, over = TREES[name]
    out = eject(cls, over, tmp_path / "out", target)
    handed_over = sorted(out.iterdir())
    command = ["make", f"KDIR={target.headers}", "W=1", "KCFLAGS=-Werror", *target.make_args]
    done = subprocess.run(command, cwd=out, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (out / f"{cls.__lb_spec__.c_name}.ko").stat().st_size > 0
    subprocess.run(["make", "clean", *command[1:]], cwd=out, capture_output=True, timeout=300, check=True)
    assert sorted(out.iterdir()) == handed_over


def test_generated_handlers_build_and_have_the_kernels_style(
    target: KernelTarget, checkpatch: Path, tmp_path: Path
) -> None:
    names = []
    for seed in range(10):
        cls = generate_interface(random.Random(seed), f"Drawn{seed}").load()
        program = compile_interface(cls)
        tree = emit(program, place(program.spec, None), features(target))
        write(tree, tmp_path / tree.name)
        names.append(tree.name)
        handlers = [tmp_path / tree.name / f"{tree.name}{end}" for end in ("_handlers.c", ".h", "_internal.h")]
        assert judge(checkpatch, handlers) == ""
    (tmp_path / "Kbuild").write_text(f"obj-m := {' '.join(f'{each}/' for each in names)}\n")
    kbuild.make(target, tmp_path, ["modules"], flags=f"-Werror {ODD}")
    assert all((tmp_path / each / f"{each}.ko").exists() for each in names)


def test_features_are_asked_of_the_headers(target: KernelTarget) -> None:
    found = features(target)
    assert "timer_delete_sync" in found
    assert ("timer_shutdown_sync" in found) == (target.version >= (6, 1))


class WrongC(lb.Interface):
    @lb.command
    def broken(self, message: Message) -> None:
        lb.c("""
            return no_such_function(message);
        """)


def test_an_error_in_c_is_shown_at_the_python(target: KernelTarget) -> None:
    program = compile_interface(WrongC)
    with pytest.raises(BuildError) as caught:
        build(emit(program, place(program.spec, lb.sockopt)), target)
    assert "no_such_function" in str(caught.value)
    assert f"{Path(__file__).name}:" in str(caught.value)
    assert "in C: wrong_c_handlers.c:" in str(caught.value) or "in C: wrongc_handlers.c:" in str(caught.value)
