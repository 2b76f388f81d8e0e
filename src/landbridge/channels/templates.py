"""The C templates of the channels."""

from __future__ import annotations

import functools
from typing import Any

import jinja2


@functools.cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("landbridge", "channels"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )


def render(template: str, **context: Any) -> str:
    """Render a template of a channel's folder, such as ``sockopt/module.c.j2``.

    Args:
        template: Path below ``channels/``.
        **context: What it names; an unknown name is an error.
    """
    return _environment().get_template(template).render(**context)
