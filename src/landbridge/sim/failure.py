"""How a handler ends early inside the simulation."""

from __future__ import annotations

import errno as errno_module


class HandlerFailed(Exception):
    """A handler failed; the simulation answers its caller with the number.

    Attributes:
        errno: Positive error number.
    """

    def __init__(self, errno: int) -> None:
        super().__init__(errno_module.errorcode.get(errno, str(errno)))
        self.errno = errno
