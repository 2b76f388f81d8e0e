"""The templates of the files that every module has."""

from __future__ import annotations

from landbridge.channels.templates import renderer

render = renderer("module/templates")
"""Renders a template, such as ``main.c.j2``."""
