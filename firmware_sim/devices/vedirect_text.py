"""VE.Direct text framing: fields to one block with its checksum byte; must not know what a label means."""

from __future__ import annotations

from collections.abc import Iterable


def build_block(fields: Iterable[tuple[str, str]]) -> bytes:
    """CR LF, label, TAB, value for each field; the last byte makes the sum of the whole block 0 modulo 256."""
    text = "".join([f"\r\n{label}\t{value}" for label, value in fields])
    block = text.encode("ascii") + b"\r\nChecksum\t"
    return block + bytes((-sum(block) & 0xFF,))
