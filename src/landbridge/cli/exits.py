"""Exit codes; docs/exit-codes.md says the same."""

from __future__ import annotations

from landbridge.errors import (
    BuildError,
    ChannelTimeout,
    CompileError,
    DeclarationError,
    GuestPanic,
    GuestTimeout,
    HostSetupError,
    LandbridgeError,
    LoadError,
    UnsupportedError,
)

OK = 0
ERROR = 1
USAGE = 2
SOURCE = 3
HOST = 4
GUEST = 5
BUILD = 6
TIMEOUT = 124
SIGNALLED = 128
INTERRUPTED = 130

EPILOG = """\
Exit codes: 0 done; 1 error; 2 wrong usage; 3 the Python is wrong (declaration or handler); 4 this machine
or kernel lacks something; 5 the guest's kernel died; 6 the kernel end could not be built or loaded; 124 timeout;
130 Ctrl-C. run and lab exec give the status of what they ran. LANDBRIDGE_DEBUG=traceback shows where an error arose."""

_BY_ERROR: tuple[tuple[type[LandbridgeError], int], ...] = (
    (DeclarationError, SOURCE),
    (CompileError, SOURCE),
    (HostSetupError, HOST),
    (UnsupportedError, HOST),
    (GuestPanic, GUEST),
    (BuildError, BUILD),
    (LoadError, BUILD),
    (GuestTimeout, TIMEOUT),
    (ChannelTimeout, TIMEOUT),
)


def status_of(error: LandbridgeError) -> int:
    """The exit code that an error gives."""
    return next((status for kind, status in _BY_ERROR if isinstance(error, kind)), ERROR)
