"""Remarks that are no errors, for whoever set up logging."""

from __future__ import annotations


def warn(text: str) -> None:
    """Log a warning under the name ``landbridge.netlink``.

    Args:
        text: What to say.
    """
    import logging  # noqa: PLC0415 - costs ms, and most programs never get here

    logging.getLogger("landbridge.netlink").warning("%s", text)
