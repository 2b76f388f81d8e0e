"""Finding the machine's Debian mirror in all the forms that apt takes."""

from pathlib import Path

import pytest

from landbridge.errors import HostSetupError
from landbridge.lab import apt_sources


@pytest.fixture(autouse=True)
def keyring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "keyring.gpg"
    path.touch()
    monkeypatch.setattr(apt_sources, "KEYRING", path)
    return path


def etc(tmp_path: Path, **files: str) -> Path:
    folder = tmp_path / "apt"
    (folder / "sources.list.d").mkdir(parents=True)
    for name, text in files.items():
        place = folder / "sources.list" if name == "main" else folder / "sources.list.d" / name.replace("_", ".")
        place.write_text(text)
    return folder


def test_one_line_form(tmp_path: Path) -> None:
    text = (
        "# deb http://comment/debian bookworm main\n"
        "deb [signed-by=/k arch=amd64] https://mirror/debian bookworm main contrib\n"
        "deb-src http://source/debian bookworm main\n"
        "deb http://sec/debian-security bookworm-security main\n"
    )
    found = apt_sources.mirrors(etc(tmp_path, main=text))
    assert (found.main, found.security) == ("https://mirror/debian", "http://sec/debian-security")


def test_stanza_form(tmp_path: Path) -> None:
    text = (
        "Types: deb deb-src\nURIs: http://mirror/debian\nSuites: trixie trixie-updates\nComponents: main\n\n"
        "Types: deb\nEnabled: no\nURIs: http://off/debian-security\nSuites: trixie-security\nComponents: main\n\n"
        "# a comment\nTypes: deb\nURIs: http://other/repo\nSuites: nodistro\nComponents: main\n"
    )
    found = apt_sources.mirrors(etc(tmp_path, debian_sources=text))
    assert (found.main, found.security) == ("http://mirror/debian", None)


def test_ubuntu_falls_back_to_the_public_mirror(tmp_path: Path) -> None:
    text = "Types: deb\nURIs: http://archive.ubuntu.com/ubuntu\nSuites: noble noble-updates\nComponents: main\n"
    found = apt_sources.mirrors(etc(tmp_path, ubuntu_sources=text))
    assert found.main == "http://deb.debian.org/debian"


def test_without_a_keyring_nothing_is_trusted(keyring: Path, tmp_path: Path) -> None:
    keyring.unlink()
    with pytest.raises(HostSetupError) as caught:
        apt_sources.mirrors(etc(tmp_path))
    assert caught.value.fix == "apt install debian-archive-keyring"
