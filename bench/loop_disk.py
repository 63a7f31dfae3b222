"""A real ext4 on a loop device whose written sectors are counted, for measurements; must not know what is written."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SIZE_MB = 512
SECTOR_BYTES = 512
_SECTORS = 6
"""Field of /sys/block/<device>/stat: sectors written."""
_CLOCK_REALTIME_COARSE = 5
_TICK_S = 2 * time.clock_getres(_CLOCK_REALTIME_COARSE)


class LoopDiskMissing(Exception):
    """This machine gives no loop device or no mount; the message says what is missing."""


class LoopDisk:
    """A mounted file system and its device's counters."""

    def __init__(self, folder: Path, device: str) -> None:
        self.folder = folder
        self._stat = Path("/sys/block") / Path(device).name / "stat"
        self._libc = ctypes.CDLL(None, use_errno=True)

    def settle(self) -> None:
        """What the kernel does within half a minute by itself: everything dirty goes to its place on the device.

        Then a tick of the file system's clock passes: a write within the same tick would not change a file's time.
        """
        descriptor = os.open(self.folder, os.O_RDONLY)
        try:
            if self._libc.syncfs(descriptor) != 0:
                raise OSError(ctypes.get_errno(), "syncfs")
        finally:
            os.close(descriptor)
        time.sleep(_TICK_S)

    def written(self) -> int:
        """Bytes that have reached the device."""
        return int(self._stat.read_text(encoding="ascii").split()[_SECTORS]) * SECTOR_BYTES


@contextmanager
def loop_disk() -> Iterator[LoopDisk]:
    """Made, mounted with noatime as Raspberry Pi OS does, and taken away again. Raises LoopDiskMissing."""
    needed = ("losetup", "mkfs.ext4", "mount", "umount")
    missing = [program for program in needed if shutil.which(program) is None]
    if missing or os.geteuid() != 0:
        raise LoopDiskMissing(f"needs root and {', '.join(needed)}; here: no {', '.join(missing) or 'root'}")
    root = Path(tempfile.mkdtemp(prefix="kayasol-flash-", dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
    image, folder = root / "image", root / "disk"
    folder.mkdir()
    with image.open("wb") as file:
        file.truncate(SIZE_MB << 20)
    device = ""
    try:
        # Without the lazy parts, which a new file system would still write while we count.
        _run("mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0", str(image))
        device = _run("losetup", "--find", "--show", str(image)).strip()
        _run("mount", "-t", "ext4", "-o", "noatime", device, str(folder))
        try:
            yield LoopDisk(folder, device)
        finally:
            _run("umount", str(folder))
    finally:
        if device:
            _run("losetup", "--detach", device)
        shutil.rmtree(root)


def _run(*words: str) -> str:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise LoopDiskMissing(f"{' '.join(words)}: {done.stderr.strip()}")
    return done.stdout
