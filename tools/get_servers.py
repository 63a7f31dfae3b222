#!/usr/bin/env python3
"""Finds, or installs where it may, the real programs that the tests run against; knows nothing of the tests.

Writes build/servers.json: for each program its path and version, or why it is missing. Standard library only, because
it runs before anything is installed. A program is one entry of SERVERS: something that can `find` itself and `install`
itself. What has to be built rather than installed keeps its result outside the checkout, under ~/.cache/kayasol, so
that a fresh clone does not build it again.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

REPORT = Path(__file__).resolve().parent.parent / "build" / "servers.json"
SYSTEM_FOLDERS = ("/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/games")  # not on every user's PATH
APT_WAIT_S = 600


class MissingError(Exception):
    """A program is not here, or too old; the message says what to do."""


@dataclass(frozen=True)
class Found:
    """A program that answered with its version."""

    path: Path
    version: str


class Server(Protocol):
    """A program that tests use; `find` and `install` raise MissingError."""

    def find(self) -> Found: ...

    def install(self) -> None: ...


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


SERVERS: Mapping[str, Server] = {
    # Before 2.0 a listener is open to the world by default and TLS 1.3 cannot be demanded.
    "mosquitto": DebianProgram("mosquitto", ("mosquitto",), version_argument="-h", minimum=(2, 0)),
    "chromium": DebianProgram("chromium", ("chromium", "chromium-browser", "google-chrome")),
    # Moves the clock of one process; brings libfaketime with it.
    "faketime": DebianProgram("faketime", ("faketime",)),
}

_apt_updated = False


def run_apt(*arguments: str) -> None:
    """Package lists are fetched once, and only when something has to be installed."""
    global _apt_updated  # noqa: PLW0603 -- once per run of this command, by design
    if not _apt_updated:
        _apt_updated = True
        _apt_get("update", "--quiet")
    _apt_get(*arguments, "--quiet")


def _apt_get(*arguments: str) -> None:
    try:
        finished = subprocess.run(
            ["apt-get", *arguments],
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=APT_WAIT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise MissingError(f"apt-get {' '.join(arguments)} took longer than {APT_WAIT_S} s: try it by hand") from error
    if finished.returncode != 0:
        tail = " / ".join(finished.stdout.strip().splitlines()[-3:])
        raise MissingError(f"apt-get {' '.join(arguments)} failed: {tail}")


def read_version(path: Path, argument: str) -> str:
    """Some programs tell their version with a non-zero exit code, so only the words count."""
    try:
        told = subprocess.run(
            [path, argument],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=30,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise MissingError(f"{path} {argument} does not run: {error}") from error
    version = re.search(r"\d+(?:\.\d+)+", told.stdout)
    if version is None:
        raise MissingError(f"{path} {argument} tells no version")
    return version.group()


def as_numbers(text: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", text)))


def get(server: Server, *, may_install: bool) -> Found:
    try:
        return server.find()
    except MissingError:
        if not may_install:
            raise
    server.install()
    return server.find()


def get_all(*, may_install: bool) -> dict[str, dict[str, str]]:
    report: dict[str, dict[str, str]] = {}
    for name, server in SERVERS.items():
        started_s = time.monotonic()
        try:
            found = get(server, may_install=may_install)
            report[name] = {"path": str(found.path), "version": found.version}
        except MissingError as error:
            report[name] = {"missing": str(error)}
        told = " ".join(report[name].values())
        print(f"{name}: {told} ({time.monotonic() - started_s:.1f} s)", flush=True)
    return report


def main() -> int:
    parser = argparse.ArgumentParser(description="Find or install the servers that tests use; see build/servers.json.")
    parser.add_argument("--find-only", action="store_true", help="install nothing")
    parser.add_argument("--require", action="store_true", help="fail when one is missing")
    arguments = parser.parse_args()

    report = get_all(may_install=not arguments.find_only)
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")

    missing = [name for name, entry in report.items() if "missing" in entry]
    if missing and arguments.require:
        print(f"missing: {', '.join(missing)}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
