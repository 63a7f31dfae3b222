"""`kayasol-edge decode <driver>`: bytes to JSON lines, for a technician. Opens no line, stores nothing."""

from __future__ import annotations

import json
import os
import sys
from typing import BinaryIO, TextIO

from edge_agent.drivers import DECODERS, check_driver

PIECE_BYTES = 65_536

UNDERSTOOD, NOTHING_UNDERSTOOD = 0, 1
"""Exit codes: at least one good block; none, so probably another device or another speed."""


def run(driver_name: str, stdin: BinaryIO, stdout: TextIO, stderr: TextIO) -> int:
    """Decode until the input ends; one JSON line for each good block, then `good=N bad=N hex=N` on stderr.

    Returns the exit code. Raises ConfigError for an unknown driver.
    """
    decoder = DECODERS[check_driver(driver_name)]()
    # A live pipe is shown as it comes: read1 gives what is there, read would wait for a whole piece.
    read = getattr(stdin, "read1", stdin.read)
    try:
        while raw := read(PIECE_BYTES):
            stdout.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in decoder.feed(raw))
            stdout.flush()
    except BrokenPipeError:
        _forget(stdout)
    stderr.write(f"good={decoder.good} bad={decoder.bad} hex={decoder.hex}\n")
    return UNDERSTOOD if decoder.good else NOTHING_UNDERSTOOD


def _forget(stdout: TextIO) -> None:
    """The reader (`| head`) has gone: nothing must be flushed to it at exit."""
    if stdout is sys.stdout:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stdout.fileno())
