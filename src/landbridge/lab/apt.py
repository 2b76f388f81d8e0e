"""An apt of our own: this machine's mirror and proxy, but its own lists, as an ordinary user.

Nothing of the system's apt is written, or even needs to be readable beyond its configuration.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from landbridge.errors import LabError
from landbridge.lab import apt_sources, cache, tools
from landbridge.lab.suites import Source

_TIMEOUT = 1800.0


@dataclass(frozen=True, slots=True)
class Package:
    """One version of a package.

    Attributes:
        name: Its name.
        version: Its version.
        depends: Names of the packages it depends on; of alternatives, the first.
    """

    name: str
    version: str
    depends: tuple[str, ...]


class Apt:
    """Package lists of some Debian suites.

    Args:
        sources: The suites.
    """

    def __init__(self, sources: Sequence[Source]) -> None:
        tools.need("apt-get", "fetch kernels")
        mirrors = apt_sources.mirrors()
        lines = []
        for source in sources:
            uri = mirrors.security if source.security else mirrors.main
            if uri:
                options = f"signed-by={mirrors.keyring} arch=amd64 target=Packages"
                lines.append(f"deb [{options}] {uri} {source.suite} main")
        folder = cache.directory() / "apt" / "+".join(source.suite for source in sources)
        for each in ("state/lists/partial", "cache/archives/partial", "tmp"):
            (folder / each).mkdir(parents=True, exist_ok=True)
        (folder / "sources.list").write_text("\n".join(lines) + "\n")
        (folder / "status").touch()
        self._configuration = folder / "apt.conf"
        self._configuration.write_text(_configuration(folder))

    def update(self) -> None:
        """Get the newest lists.

        Raises:
            LabError: apt could not.
        """
        self._run("apt-get", "update", "-q")

    def names(self, prefix: str) -> list[str]:
        """The packages whose name begins so."""
        return self._run("apt-cache", "pkgnames", prefix).split()

    def show(self, name: str) -> Package | None:
        """The newest version of a package; None if there is none."""
        text = self._run("apt-cache", "show", "--no-all-versions", name, check=False)
        fields = dict(re.findall(r"(?m)^([\w-]+): (.*)$", text))
        if "Version" not in fields:
            return None
        depends = [each.split("|")[0].split()[0].split(":")[0] for each in _items(fields.get("Depends", ""))]
        return Package(name, fields["Version"], tuple(depends))

    def download(self, packages: Sequence[Package], folder: Path) -> list[Path]:
        """Get the files of packages; those that are there already are kept.

        Raises:
            LabError: apt could not.
        """
        folder.mkdir(parents=True, exist_ok=True)
        wanted = [f"{package.name}={package.version}" for package in packages]
        self._run("apt-get", "download", "-q", *wanted, cwd=folder)
        found = []
        for package in packages:
            # A colon cannot be in a file's name there.
            pattern = f"{package.name}_{package.version.replace(':', '%3a')}_*.deb"
            found.append(next(folder.glob(pattern)))
        return found

    def _run(self, program: str, *arguments: str, cwd: Path | None = None, check: bool = True) -> str:
        command = [tools.need(program, "fetch kernels"), "-c", str(self._configuration), *arguments]
        # An interrupted apt leaves its temporary files behind: not in everyone's directory.
        temporary = str(self._configuration.parent / "tmp")
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "TMPDIR": temporary}
        environment |= {name: value for name, value in tools.environment() if name.lower().endswith("_proxy")}
        done = subprocess.run(
            command, cwd=cwd, env=environment, capture_output=True, text=True, check=False, timeout=_TIMEOUT
        )
        # `update` reports a mirror that cannot be reached as a mere warning.
        failed = done.returncode or "Failed to fetch" in done.stderr
        if check and failed:
            raise LabError(
                f"{program} {arguments[0]} failed: {done.stderr.strip() or done.stdout.strip()}",
                hint="check the network, and that apt-get update works on this machine",
            )
        return done.stdout


def _items(text: str) -> list[str]:
    return [each for each in re.split(r",\s*", text.strip()) if each]


def _configuration(folder: Path) -> str:
    # Read after the system's own, whose hooks would clean or index the system's directories.
    return f"""\
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear Acquire::IndexTargets::deb::Contents-deb;
Dir::State "{folder}/state";
Dir::State::status "{folder}/status";
Dir::Cache "{folder}/cache";
Dir::Etc::sourcelist "{folder}/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
APT::Architecture "amd64";
APT::Sandbox::User "root";
Acquire::Languages "none";
Acquire::Retries "3";
// Signatures are checked; the age of a list does not matter for a throwaway kernel.
Acquire::Check-Valid-Until "false";
"""
