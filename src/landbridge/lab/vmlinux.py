"""The kernel inside a bzImage, unpacked once on this machine instead of at each emulated boot.

Unpacking a zstd kernel costs an emulated processor two seconds. QEMU starts an unpacked kernel
through its PVH entry point; one without that entry is booted as it is.
"""

from __future__ import annotations

import lzma
import shutil
import struct
import subprocess
import zlib
from pathlib import Path

from landbridge.lab import cache

_SECTOR = 512
_PVH_ENTRY = struct.pack("<III", 4, 8, 18) + b"Xen\0"  # XEN_ELFNOTE_PHYS32_ENTRY with an 8-byte value
_PVH_ENTRY_SHORT = struct.pack("<III", 4, 4, 18) + b"Xen\0"


def unpacked(image: Path) -> Path:
    """The kernel to boot for an image: the unpacked one where that can be had, else the image itself.

    Kernel: Documentation/arch/x86/boot.rst: payload_offset, payload_length
    """
    status = image.stat()
    key = repr((str(image), status.st_size, status.st_mtime_ns)).encode()
    path = cache.file("vmlinux", key, ".elf", lambda path: _make(image, path))
    return path if path.stat().st_size else image


def _make(image: Path, path: Path) -> None:
    """Write the unpacked kernel; an empty file says that there is none."""
    kernel = _unpack(_payload(image.read_bytes()))
    bootable = kernel.startswith(b"\x7fELF") and (_PVH_ENTRY in kernel or _PVH_ENTRY_SHORT in kernel)
    path.write_bytes(kernel if bootable else b"")


def _payload(data: bytes) -> bytes:
    if data[0x202:0x206] != b"HdrS":
        return b""
    setup_sectors = data[0x1F1] or 4
    offset, length = struct.unpack_from("<II", data, 0x248)
    start = (setup_sectors + 1) * _SECTOR + offset
    return data[start : start + length]


def _unpack(payload: bytes) -> bytes:
    """The payload as an ELF file; empty for what cannot be unpacked here."""
    try:
        if payload.startswith(b"\x1f\x8b"):
            return zlib.decompressobj(wbits=31).decompress(payload)
        if payload.startswith((b"\xfd7zXZ\0", b"\x5d\0\0")):
            return lzma.LZMADecompressor().decompress(payload)
    except (zlib.error, lzma.LZMAError):
        return b""
    zstd = shutil.which("zstd")
    if payload.startswith(b"\x28\xb5\x2f\xfd") and zstd:
        # The last four bytes are the length, which zstd would take for another frame.
        return subprocess.run([zstd, "-dcq"], input=payload[:-4], capture_output=True, check=False).stdout
    return b""
