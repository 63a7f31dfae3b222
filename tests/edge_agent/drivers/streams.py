"""Streams that noise has been at, for every protocol's test."""

from __future__ import annotations

import random

WINDOW_BYTES, CUT_BYTES = 2_048, 100


def mutated(
    source: bytes,
    chance: random.Random,
    inserts: tuple[bytes, ...] = (b"\x00", b"\xff\xff"),
    *,
    window_bytes: int = WINDOW_BYTES,
    cut_bytes: int = CUT_BYTES,
) -> bytes:
    """A window of the source with bytes changed, lost, doubled, put in, or a piece cut out."""
    start = chance.randrange(max(1, len(source) - window_bytes))
    raw = bytearray(source[start : start + window_bytes])
    for _ in range(chance.randrange(1, 12)):
        at = chance.randrange(len(raw))
        match chance.randrange(5):
            case 0:
                raw[at] = chance.randrange(256)
            case 1:
                del raw[at]
            case 2:
                raw[at:at] = raw[at : at + chance.randrange(40)]
            case 3:
                del raw[at : at + chance.randrange(cut_bytes)]
            case _:
                raw[at:at] = chance.choice(inserts)
    return bytes(raw)
