"""The templates of emitted files."""

from __future__ import annotations

from typing import Any, Protocol

import jinja2


class Render(Protocol):
    """Renders a template of one folder."""

    def __call__(self, template: str, **context: Any) -> str:
        """Give the text of a template.

        Args:
            template: Path below the folder.
            **context: What it names; an unknown name is an error.
        """


def renderer(folder: str) -> Render:
    """Make the function that renders the templates of a folder.

    Args:
        folder: Path below the package.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("landbridge", folder),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )

    def render(template: str, **context: Any) -> str:
        return environment.get_template(template).render(**context)

    return render


render = renderer("channels")
"""Renders a template of a channel's folder, such as ``sockopt/module.c.j2``."""
