"""The pages of ``landbridge explain``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import resources

_HEADING = re.compile(r"^## (LB\d{3}): (.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Page:
    """What an error code means.

    Attributes:
        code: Such as ``LB101``.
        title: One line.
        text: Markdown.
    """

    code: str
    title: str
    text: str


def all_pages() -> dict[str, Page]:
    """Every page by its code, in order."""
    text = resources.files("landbridge.cli").joinpath("pages.md").read_text(encoding="utf-8")
    pages = list(_pages_in(text))
    return {each.code: each for each in sorted(pages, key=lambda page: page.code)}


def _pages_in(text: str) -> list[Page]:
    _, *parts = _HEADING.split(text)
    return [Page(*(part.strip() for part in parts[at : at + 3])) for at in range(0, len(parts), 3)]
