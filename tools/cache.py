"""Where the tools keep what takes minutes to make, outside the checkout; knows nothing of what is kept."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def cache_folder() -> Path:
    """Outlives the checkout."""
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = base / "kayasol"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def alone(lock: Path) -> Iterator[None]:
    """Two runs at once make it once: the second waits and finds it."""
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
