"""The time request section: a question whose answer can be told from an old message. Draws no random number."""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.wire.elements import Reader, Writer
from kiosk.wire.frame import BOOT_BYTES

NONCE_BYTES = 8


@dataclass(frozen=True, slots=True)
class TimeRequest:
    """What time is it? Asked at `mono_ms` of boot `boot`."""

    nonce: str
    """16 hex characters, random, never used again."""
    boot: str
    mono_ms: int


def encode_time_request(request: TimeRequest) -> bytes:
    """The section's body."""
    writer = Writer()
    writer.hex(request.nonce, NONCE_BYTES)
    writer.hex(request.boot, BOOT_BYTES)
    writer.varint(request.mono_ms)
    return writer.octets()


def decode_time_request(body: bytes) -> TimeRequest:
    """Read the section's body."""
    reader = Reader(body)
    request = TimeRequest(reader.hex(NONCE_BYTES), reader.hex(BOOT_BYTES), reader.varint())
    reader.end()
    return request
