"""Where recordings of real devices are; they are not ours to ship, so a test without them skips and says so."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

FOLDER = Path(os.environ.get("RECORDINGS") or Path(__file__).parents[2].parent / "shared" / "recordings")


def recording(name: str) -> bytes:
    """A recording's bytes, or a skip."""
    file = FOLDER / name
    if not file.is_file():
        pytest.skip(f"no recording {name} in {FOLDER}: set RECORDINGS to the folder that has it")
    return file.read_bytes()
