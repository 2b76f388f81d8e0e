"""The lab: throwaway kernels that run commands on this machine's own file system."""

from landbridge.lab import kernels
from landbridge.lab.guest import Guest, Result, run
from landbridge.lab.job import Job
from landbridge.lab.kernel_log import KernelLine
from landbridge.lab.kernels import GuestKernel
from landbridge.lab.terminal import shell

__all__ = ["Guest", "GuestKernel", "Job", "KernelLine", "Result", "kernels", "run", "shell"]
