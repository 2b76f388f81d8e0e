"""Unpacking a kernel image, and leaving alone what QEMU could not start unpacked."""

import gzip
import lzma
import struct
from pathlib import Path

import pytest

from landbridge.lab import vmlinux

PVH_NOTE = struct.pack("<III", 4, 8, 18) + b"Xen\0" + bytes(8)
KERNEL = b"\x7fELF" + bytes(5000) + PVH_NOTE


def image(path: Path, payload: bytes) -> Path:
    data = bytearray(2 * 512 + 100) + payload + b"after"
    data[0x1F1] = 1
    data[0x202:0x206] = b"HdrS"
    struct.pack_into("<II", data, 0x248, 100, len(payload))
    path.write_bytes(data)
    return path


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress])
def test_a_kernel_with_a_pvh_entry_is_unpacked(tmp_path: Path, pack: object) -> None:
    assert callable(pack)
    # The length follows the packed data, as the kernel's build appends it.
    packed = image(tmp_path / "bzImage", pack(KERNEL) + struct.pack("<I", len(KERNEL)))
    assert vmlinux.unpacked(packed).read_bytes() == KERNEL


@pytest.mark.parametrize(
    "payload",
    [
        gzip.compress(b"\x7fELF without the note"),
        gzip.compress(b"no ELF" + PVH_NOTE),
        gzip.compress(KERNEL)[:40] + b"broken" * 9,
        b"\x02\x21\x4c\x18 lz4 is not unpacked here",
        b"",
    ],
)
def test_any_other_is_booted_as_it_is(tmp_path: Path, payload: bytes) -> None:
    packed = image(tmp_path / "bzImage", payload)
    assert vmlinux.unpacked(packed) == packed


def test_a_new_image_of_the_same_name_is_unpacked_anew(tmp_path: Path) -> None:
    first = vmlinux.unpacked(image(tmp_path / "bzImage", gzip.compress(KERNEL)))
    second = vmlinux.unpacked(image(tmp_path / "bzImage", gzip.compress(KERNEL + b"2")))
    assert first != second
    assert second.read_bytes().endswith(b"2")
