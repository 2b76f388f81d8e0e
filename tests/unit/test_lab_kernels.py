"""Kernels by name and by path, the command's list of series, the initramfs's form."""

import subprocess
from pathlib import Path

import pytest

from landbridge.cli import lab as cli_lab
from landbridge.errors import HostSetupError, LabError
from landbridge.lab import kernels, suites, tools
from landbridge.lab.initramfs import CpioWriter
from landbridge.lab.modules import ModuleTree


def bz_image(path: Path, release: bytes = b"6.6.6-test (me@here) #1") -> Path:
    data = bytearray(4096)
    data[0x202:0x206] = b"HdrS"
    data[0x20E:0x210] = (0x400).to_bytes(2, "little")
    data[0x600 : 0x600 + len(release)] = release
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def test_a_kernel_by_path(tmp_path: Path) -> None:
    image = bz_image(tmp_path / "arch/x86/boot/bzImage")
    kernel = kernels.find(str(image))
    assert (kernel.version, kernel.release, kernel.modules) == ("6.6", "6.6.6-test", None)
    assert kernel.target is not None
    assert kernel.target.headers == tmp_path


def test_a_file_that_is_no_kernel(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"MZ")
    with pytest.raises(LabError, match="no x86 kernel image"):
        kernels.find(str(tmp_path / "x"))
    with pytest.raises(LabError, match="No such file"):
        kernels.find(str(tmp_path / "y"))


def test_an_unknown_series_names_those_that_are_known() -> None:
    with pytest.raises(LabError, match=r"no kernel 4\.19 here") as caught:
        kernels.find("4.19")
    assert caught.value.hint is not None
    assert "6.12" in caught.value.hint


def test_the_command_line_knows_all_series() -> None:
    assert tuple(suites.SERIES) == cli_lab._SERIES


def test_modules_come_after_what_they_need(tmp_path: Path) -> None:
    (tmp_path / "modules.dep").write_text("k/c.ko: k/b-b.ko k/a.ko\nk/b-b.ko: k/a.ko\nk/a.ko:\n")
    tree = ModuleTree(tmp_path)
    assert [each.name for each in tree.closure(["c", "built_in"])] == ["a.ko", "b-b.ko", "c.ko"]
    assert tree.has("b_b")


def test_the_archive_is_one_that_cpio_reads(tmp_path: Path) -> None:
    archive = CpioWriter()
    archive.add("dir", 0o040755)
    archive.add("dir/file", 0o100644, b"content")
    done = subprocess.run(["cpio", "-idm", "--quiet"], input=archive.bytes(), cwd=tmp_path, check=True)
    assert done.returncode == 0
    assert (tmp_path / "dir/file").read_bytes() == b"content"


def test_a_missing_program_names_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(tools, "_SYSTEM_PATH", ())
    with pytest.raises(HostSetupError) as caught:
        tools.need("qemu-system-x86_64", "run a throwaway kernel")
    assert caught.value.fix == "apt install qemu-system-x86"
    assert str(caught.value) == (
        "qemu-system-x86_64 is missing; it is needed to run a throwaway kernel (fix: apt install qemu-system-x86)"
    )


@pytest.mark.parametrize("status", [0, 3, -9])
def test_exit_codes_are_a_shell_s(status: int) -> None:
    assert cli_lab.exit_code(status) == {0: 0, 3: 3, -9: 137}[status]
