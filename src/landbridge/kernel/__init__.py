"""Facts about a kernel: what to build against, and what it allows."""

from landbridge.kernel.target import KernelTarget

__all__ = ["KernelTarget"]
