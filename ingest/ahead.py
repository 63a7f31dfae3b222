"""What a batch will ask of the database, read in one query a table instead of five a frame. Judges nothing.

Whatever is not found or cannot be decoded here is met again by those who judge it.
"""

from __future__ import annotations

from collections.abc import Sequence

from ingest.work import Message, Work
from kiosk.wire.block import peek_schema
from kiosk.wire.frame import FRAME_MAX_BYTES, KIND_BLOCK, Frame, decode_frame

FRAMES_LEAST = 2
"""A frame alone asks for itself."""


def look(work: Work, messages: Sequence[Message]) -> None:
    """Decode the frames and read what is known of their sites."""
    if len(messages) < FRAMES_LEAST:
        return
    for message in messages:
        frame = _opened(message.payload)
        if frame is not None:
            work.opened[message.payload] = frame
    if work.opened:
        named = [each for frame in work.opened.values() for each in _schemas(frame)]
        work.look_ahead([frame.header for frame in work.opened.values()], named)


def _opened(payload: bytes) -> Frame | None:
    if len(payload) > FRAME_MAX_BYTES:
        return None
    try:
        return decode_frame(payload)
    except Exception:  # noqa: BLE001 -- whatever a payload breaks is judged, alone, where frames are opened
        return None


def _schemas(frame: Frame) -> list[tuple[str, str]]:
    """(site, hash) of the schemas that the blocks of a frame name."""
    found: list[tuple[str, str]] = []
    for section in frame.sections:
        if section.kind == KIND_BLOCK and section.intact:
            try:
                found.append((frame.header.site, peek_schema(section.body)))
            except Exception:  # noqa: BLE001, S112 -- as above
                continue
    return found
