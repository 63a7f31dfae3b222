"""The charging board's framing: `$<seq>,<TYPE>,<field>,...*<CRC16>` lines (docs/charging-board.md, section 1).

Knows no frame type. The result depends on the bytes alone, never on how they were cut into pieces.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from edge_agent.transports.crc import crc16

FRAME_MAX = 120
"""Bytes from `$` to LF inclusive."""
SEQ_MODULO = 65_536

_LF = b"\n"
_FRAME = re.compile(rb"(0|[1-9][0-9]{0,4}),([^,*$]+(?:,[^,*$]*)*)\*([0-9A-F]{4})")
_OUTSIDE = re.compile(rb"[^\x20-\x7e]")


@dataclass(frozen=True, slots=True)
class BoardFrame:
    """A frame whose CRC was right."""

    seq: int
    kind: str
    """Its TYPE."""
    fields: tuple[str, ...]


class BoardLineParser:
    """Takes bytes as they come, keeps at most one unfinished frame."""

    def __init__(self) -> None:
        self.good = 0
        """Frames accepted."""
        self.bad = 0
        """Frames dropped: interrupted by another `$`, too long, wrong CRC or form."""
        self._frame: bytearray | None = None
        """What came after `$`; None outside a frame."""

    def reset(self) -> None:
        """Forget what is unfinished: the line is another one."""
        self._frame = None

    def feed(self, raw: bytes) -> list[BoardFrame]:
        """The frames that these bytes complete."""
        found: list[BoardFrame] = []
        at = 0
        while at < len(raw):
            if self._frame is None:
                start = raw.find(b"$", at)
                if start < 0:
                    break
                self._frame = bytearray()
                at = start + 1
            else:
                at = self._feed_frame(raw, at, self._frame, found)
        return found

    def _feed_frame(self, raw: bytes, at: int, frame: bytearray, found: list[BoardFrame]) -> int:
        """Take bytes up to LF, `$` or the longest a frame may be; returns where it stopped."""
        room = at + FRAME_MAX - 1 - len(frame)
        dollar = raw.find(b"$", at, room)
        end = raw.find(_LF, at, room if dollar < 0 else dollar)
        if end >= 0:
            self._finish(bytes(frame + raw[at:end]), found)
            return end + 1
        if dollar >= 0:
            self._drop()
            return dollar
        frame += raw[at:room]
        if len(frame) == FRAME_MAX - 1:
            self._drop()
        return min(room, len(raw))

    def _finish(self, line: bytes, found: list[BoardFrame]) -> None:
        self._frame = None
        accepted = _accept(line.removesuffix(b"\r"))
        if accepted is None:
            self.bad += 1
        else:
            self.good += 1
            found.append(accepted)

    def _drop(self) -> None:
        self._frame = None
        self.bad += 1


def frame_bytes(seq: int, kind: str, fields: Sequence[str | int]) -> bytes:
    """A frame as it is sent. Raises ValueError where it would not be one."""
    body = ",".join([str(seq), kind, *map(str, fields)]).encode("ascii")
    raw = b"$%s*%04X\r\n" % (body, crc16(body))
    if _accept(raw[1:-2]) is None or len(raw) > FRAME_MAX:
        raise ValueError(f"{raw[:FRAME_MAX]!r} is not a frame of docs/charging-board.md")
    return raw


def _accept(line: bytes) -> BoardFrame | None:
    """What stands between `$` and the line's end, as a frame."""
    match = _FRAME.fullmatch(line)
    if match is None or _OUTSIDE.search(line):
        return None
    if crc16(line[: match.end(2)]) != int(match[3], 16) or int(match[1]) >= SEQ_MODULO:
        return None
    kind, *fields = match[2].decode("ascii").split(",")
    return BoardFrame(int(match[1]), kind, tuple(fields))
