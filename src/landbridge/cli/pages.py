"""The pages of ``landbridge explain``: the compiler's, and those of pages.md for all other errors."""

from __future__ import annotations

import re
from importlib import resources

from landbridge.compiler import explain
from landbridge.compiler.explain import Page

_HEADING = re.compile(r"^## (LB\d{3}): (.+)$", re.MULTILINE)


def all_pages() -> dict[str, Page]:
    """Every page by its code, in order."""
    text = resources.files("landbridge.cli").joinpath("pages.md").read_text(encoding="utf-8")
    _, *parts = _HEADING.split(text)
    own = [Page(*(part.strip() for part in parts[at : at + 3])) for at in range(0, len(parts), 3)]
    pages = [*own, *explain.pages().values()]
    return {each.code: each for each in sorted(pages, key=lambda page: page.code)}
