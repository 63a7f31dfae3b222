"""Recorded bytes of a Modbus RTU bus, both directions, to requests with their replies. Knows no line and no register.

Without times a reply is believed to belong to a request only if it stands right behind it. The result depends on the
bytes alone, never on how they were cut into pieces.
"""

from __future__ import annotations

from dataclasses import dataclass

from edge_agent.transports.modbus_frames import (
    DEVICE_ID,
    FRAME_MAX,
    MEI_DEVICE_ID,
    READS,
    WRITE_COIL,
    WRITE_REGISTER,
    WRITE_REGISTERS,
    Answer,
    Refused,
    Request,
    answer_at,
    sound,
)

_MAKERS_OWN = frozenset([*range(65, 73), *range(100, 111)])
"""Functions that the standard leaves to makers; a maker's tool on the same bus uses them (0x43 at EPEVER)."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and what answered it."""

    request: Request
    outcome: Answer | Refused


class ModbusListener:
    """Takes bytes as they come, keeps at most one unfinished frame."""

    def __init__(self) -> None:
        self.good = 0
        """Requests with their replies."""
        self.bad = 0
        """Stretches of bytes that are no sound frame of either: torn, noisy, or a reply without its request."""
        self.foreign = 0
        """Sound frames of a maker's own functions."""
        self._rest = b""
        self._pending: Request | None = None

    def feed(self, raw: bytes) -> list[Exchange]:
        """The exchanges that these bytes complete."""
        found: list[Exchange] = []
        raw = self._rest + raw
        at = 0
        end = 0  # of the last sound frame
        while at < len(raw):
            length = self._frame_at(raw, at, at > end, found)
            at += length or 1
            end = at if length else end
        kept = max(end, len(raw) - FRAME_MAX)
        if kept > end:
            self._skipped()
        self._rest = raw[kept:]
        return found

    def _skipped(self) -> None:
        self.bad += 1
        self._pending = None

    def _frame_at(self, raw: bytes, at: int, skipped: bool, found: list[Exchange]) -> int:
        """The length of the sound frame that begins here, 0 if none does."""
        if self._pending is not None and not skipped:
            answered = answer_at(self._pending, raw, at)
            if answered is not None:
                found.append(Exchange(self._pending, answered[0]))
                self.good += 1
                self._pending = None
                return answered[1]
        request = _request_at(raw, at)
        length = len(request.raw) if request is not None else _makers_own_at(raw, at)
        if length:
            if skipped:
                self._skipped()
            self.foreign += request is None
            self._pending = request
        return length


def _request_at(raw: bytes, at: int) -> Request | None:
    head = raw[at : at + 8]
    if len(head) < 7:
        return None
    slave, function, start, count = head[0], head[1], head[2] << 8 | head[3], head[4] << 8 | head[5]
    if function == DEVICE_ID:
        frame = head[:7]
        ours = head[2] == MEI_DEVICE_ID and sound(frame)
        return Request(slave, function, head[4], 0, frame) if ours else None
    if function in READS:
        return Request(slave, function, start, count, head) if len(head) == 8 and sound(head) else None
    if function in (WRITE_COIL, WRITE_REGISTER):
        return Request(slave, function, start, 1, head) if len(head) == 8 and sound(head) else None
    if function == WRITE_REGISTERS:
        frame = raw[at : at + 9 + head[6]]
        whole = len(frame) == 9 + head[6] and head[6] == 2 * count
        return Request(slave, function, start, count, frame) if whole and sound(frame) else None
    return None


def _makers_own_at(raw: bytes, at: int) -> int:
    """Their form is nobody's but the maker's: short frames, or a length in the third byte as in a read."""
    if len(raw) < at + 5 or raw[at + 1] not in _MAKERS_OWN:
        return 0
    for length in (5, 8, 5 + raw[at + 2]):
        frame = raw[at : at + length]
        if len(frame) == length and sound(frame):
            return length
    return 0
