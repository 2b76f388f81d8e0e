"""Kernel Python: from the source of handlers to a typed tree, and from that to C."""

from landbridge.compiler.frontend import compile_interface

__all__ = ["compile_interface"]
