"""Programs that a Debian package brings: looked for on the PATH, installed by apt-get where root may."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from tools.servers.base import Found, MissingError, as_numbers, read_version, run

SYSTEM_FOLDERS = ("/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/games")  # not on every user's PATH
APT_WAIT_S = 600


@dataclass(frozen=True)
class DebianProgram:
    """A program that a Debian package brings."""

    package: str
    programs: tuple[str, ...]
    """Names on the PATH, or absolute patterns such as /usr/lib/postgresql/*/bin/postgres; the first that is there."""
    version_argument: str = "--version"
    minimum: tuple[int, ...] = (0,)

    def find(self) -> Found:
        path = self._path()
        if path is None:
            raise MissingError(f"not found: {self._advice()}")
        version = read_version(path, self.version_argument)
        if as_numbers(version) < self.minimum:
            wanted = ".".join(map(str, self.minimum))
            raise MissingError(f"{path} is {version}, {wanted} or newer is needed: {self._advice()}")
        return Found(path, version)

    def install(self) -> None:
        if os.geteuid() != 0 or shutil.which("apt-get") is None:
            raise MissingError(f"only root with apt-get can install it here: {self._advice()}")
        run_apt("install", "--yes", "--no-install-recommends", self.package)

    def _path(self) -> Path | None:
        folders = os.pathsep.join([os.environ.get("PATH", os.defpath), *SYSTEM_FOLDERS])
        for program in self.programs:
            if program.startswith("/"):
                matches = sorted(map(str, Path("/").glob(program[1:])), key=as_numbers)
                found = matches[-1] if matches else None  # in the newest version's folder
            else:
                found = shutil.which(program, path=folders)
            if found:
                return Path(found)
        return None

    def _advice(self) -> str:
        return f"apt-get install {self.package}, or your system's package of {self.programs[0]}"


_apt_updated = False


def run_apt(*arguments: str) -> None:
    """Package lists are fetched once, and only when something has to be installed."""
    global _apt_updated  # noqa: PLW0603 -- once per run of this command, by design
    if not _apt_updated:
        _apt_updated = True
        _apt_get("update", "--quiet")
    _apt_get(*arguments, "--quiet")


def _apt_get(*arguments: str) -> None:
    command = ["apt-get", *arguments]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    run(command, name=" ".join(command), environment=environment, wait_s=APT_WAIT_S)
