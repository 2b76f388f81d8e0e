"""What each diagnostic code means: a page each, in the Markdown files of this folder."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from importlib import resources

_HEADING = re.compile(r"^## (LB\d{3}): (.+)$", re.MULTILINE)
_EXAMPLE = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Page:
    """What one code means.

    Attributes:
        code: Such as ``LB212``.
        title: One line.
        text: Markdown: the meaning, a wrong example, a right one.
    """

    code: str
    title: str
    text: str

    @property
    def examples(self) -> tuple[str, ...]:
        """The examples: first the wrong one, then the right one; none for LB201."""
        return tuple(_EXAMPLE.findall(self.text))


@functools.cache
def pages() -> dict[str, Page]:
    """All pages by code, in the order of the codes."""
    found = []
    for file in resources.files(__package__).iterdir():
        if file.name.endswith(".md"):
            _, *parts = _HEADING.split(file.read_text(encoding="utf-8"))
            found += [Page(*(part.strip() for part in parts[at : at + 3])) for at in range(0, len(parts), 3)]
    return {each.code: each for each in sorted(found, key=lambda page: page.code)}


def explain(code: str) -> str | None:
    """The page of a code as Markdown, or None if there is no such code."""
    page = pages().get(code.upper())
    return f"# {page.code}: {page.title}\n\n{page.text}\n" if page is not None else None
