"""Kernel Python: from the source of handlers to a typed tree, and from that to C."""
