"""Which Debian suites have which kernel."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Source:
    """One suite of one archive.

    Attributes:
        suite: Such as ``bookworm-backports``.
        security: Whether it lies in the security archive, which has an address of its own.
    """

    suite: str
    security: bool = False


@dataclass(frozen=True, slots=True)
class Series:
    """A kernel series that Debian carries.

    Attributes:
        version: Such as ``6.1``.
        sources: The suites to look in; the newest release found in any is taken.
        library_suite: Where the C library comes from that its build tools need, for a host whose
            own is too old.
    """

    version: str
    sources: tuple[Source, ...]
    library_suite: Source | None = None


def _of(*series: Series) -> dict[str, Series]:
    return {each.version: each for each in series}


SERIES = _of(
    Series("5.10", (Source("bullseye"), Source("bullseye-security", security=True))),
    Series("6.1", (Source("bookworm"), Source("bookworm-security", security=True))),
    Series("6.12", (Source("bookworm-backports"), Source("bookworm-security", security=True))),
    Series("7.2", (Source("sid"),), library_suite=Source("sid")),
    Series("7.3", (Source("trixie-backports"),), library_suite=Source("trixie")),
)
