"""Where this machine gets Debian packages from, read from apt's own configuration."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from landbridge.errors import HostSetupError

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
# Where a machine that is no Debian gets Debian's kernels.
_PUBLIC_MIRROR = "http://deb.debian.org/debian"
_PUBLIC_SECURITY_MIRROR = "http://deb.debian.org/debian-security"
_SUITES = re.compile(
    r"(?:buster|bullseye|bookworm|trixie|forky|duke|sid|stable|testing|unstable|oldstable)"
    r"(?:-updates|-backports|-security|/updates)?"
)
_ONE_LINE = re.compile(r"deb\s+(?:\[(?P<options>[^]]*)\]\s+)?(?P<uri>\S+)\s+(?P<suite>\S+)")


@dataclass(frozen=True, slots=True)
class Mirrors:
    """Addresses of Debian's archives.

    Attributes:
        main: The archive.
        security: The security archive, or None.
        keyring: What signs them.
    """

    main: str
    security: str | None
    keyring: Path


def mirrors(etc: Path = Path("/etc/apt")) -> Mirrors:
    """The mirrors that this machine is configured to use.

    Raises:
        HostSetupError: Nothing here can check Debian's signatures.
    """
    if not KEYRING.exists():
        raise HostSetupError(
            f"{KEYRING} is missing; it is needed to check Debian's kernels", fix="apt install debian-archive-keyring"
        )
    found = {"main": "", "security": ""}
    for uri, suite in _entries(etc):
        if _SUITES.fullmatch(suite):
            kind = "security" if suite.endswith(("-security", "/updates")) else "main"
            found[kind] = found[kind] or uri
    if not found["main"]:
        return Mirrors(_PUBLIC_MIRROR, _PUBLIC_SECURITY_MIRROR, KEYRING)
    return Mirrors(found["main"], found["security"] or None, KEYRING)


def _entries(etc: Path) -> Iterator[tuple[str, str]]:
    """Each (URI, suite) of the package sources."""
    for file in [etc / "sources.list", *sorted((etc / "sources.list.d").glob("*"))]:
        if not (file.is_file() and os.access(file, os.R_OK)):
            continue
        text = file.read_text(errors="replace")
        if file.suffix == ".sources":
            yield from _stanzas(text)
        elif file.suffix == ".list":
            for line in text.splitlines():
                if entry := _ONE_LINE.match(line.strip()):
                    yield entry["uri"], entry["suite"]


def _stanzas(text: str) -> Iterator[tuple[str, str]]:
    kept = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    for stanza in re.split(r"\n\s*\n", kept):
        fields = dict(re.findall(r"(?m)^([\w-]+):[ \t]*((?:.*)(?:\n[ \t]+.*)*)", stanza))
        if "deb" not in fields.get("Types", "").split() or fields.get("Enabled", "yes").strip() == "no":
            continue
        for uri in fields.get("URIs", "").split():
            for suite in fields.get("Suites", "").split():
                yield uri, suite
