"""What a program is that tests need, how it tells its version, how a long command is run; knows no way to get one."""

import re
import subprocess
from collections.abc import Mapping, Sequence
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


def run(
    command: Sequence[str], *, name: str, environment: Mapping[str, str], wait_s: int, folder: Path | None = None
) -> None:
    """Run to the end without asking anybody. Raises MissingError, `name` and the last lines that were said in it."""
    try:
        finished = subprocess.run(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=wait_s,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise MissingError(f"{name} took longer than {wait_s} s: try it by hand when the machine is idle") from error
    if finished.returncode != 0:
        tail = " / ".join(finished.stdout.strip().splitlines()[-5:])
        raise MissingError(f"{name} failed: {tail}")


def as_numbers(text: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", text)))
