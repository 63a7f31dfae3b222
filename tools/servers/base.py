"""What a program is that tests need, and how it tells its version; knows no way to get one."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


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


def read_version(path: Path, *arguments: str) -> str:
    """Some programs tell their version with a non-zero exit code, so only the words count."""
    try:
        told = subprocess.run(
            [path, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=30,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise MissingError(f"{path} {' '.join(arguments)} does not run: {error}") from error
    version = re.search(r"\d+(?:\.\d+)+", told.stdout)
    if version is None:
        raise MissingError(f"{path} {' '.join(arguments)} tells no version")
    return version.group()


def as_numbers(text: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", text)))
