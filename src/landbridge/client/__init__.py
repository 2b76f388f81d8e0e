"""What :func:`landbridge.load` and :func:`landbridge.attach` give."""

from landbridge.client.load import attach, load

__all__ = ["attach", "load"]
