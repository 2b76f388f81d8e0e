"""The ways across: one folder each, with both its ends.

:mod:`base` says what a channel is, :mod:`placement` which one carries which member.
"""
