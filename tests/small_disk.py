"""A disk in memory that is soon full, mounted where only the programs of one test see it; root is not needed.

The kernel gives every user name spaces of its own in which it may mount, unless the machine's owner forbids it.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from tests.servers import give_up

READY = "ready\n"
ROOTS_RIGHT = () if os.geteuid() == 0 else ("--user", "--map-root-user")
KEEP_WHO_I_AM = () if os.geteuid() == 0 else ("--user", "--preserve-credentials")


class SmallDisk:
    """Lives as long as the process that holds its name space; `inside` before a command runs it where the disk is."""

    def __init__(self, folder: Path, size: str) -> None:
        """`size` as mount's tmpfs says it: 3m."""
        self.folder = folder
        self._size = size
        self._holder: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        """Ends the test where nothing can be mounted: skipped, or failed where every server is required."""
        self.folder.mkdir()
        mount = f'mount -t tmpfs -o size={self._size} tmpfs "$0" && echo {READY.strip()} && exec cat'
        self._holder = subprocess.Popen(
            ["unshare", *ROOTS_RIGHT, "--mount", "sh", "-c", mount, self.folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._holder.stdout is not None
        if self._holder.stdout.readline() != READY:
            _, said = self._holder.communicate()
            give_up(f"no disk of {self._size} can be mounted here: {said.strip()}")
        return self

    def __exit__(self, *_: object) -> None:
        """The disk goes with the last program that sees it."""
        if self._holder is not None:
            self._holder.communicate()

    @property
    def inside(self) -> Sequence[str | Path]:
        """Becomes the command that follows, with its process number."""
        assert self._holder is not None
        return ("nsenter", "--target", str(self._holder.pid), *KEEP_WHO_I_AM, "--mount", "--")

    def resize(self, size: str) -> None:
        """As if a larger disk had been put in its place, with everything on it."""
        subprocess.run([*self.inside, "mount", "-o", f"remount,size={size}", "tmpfs", self.folder], check=True)
