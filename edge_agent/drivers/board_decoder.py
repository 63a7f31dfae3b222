"""Recorded bytes of a charging board's line, for a technician's eye (docs/charging-board.md). Knows no line."""

from __future__ import annotations

from edge_agent.drivers.board_frames import FRAMES, Fields, Impossible, press_id
from edge_agent.transports.board_line import BoardFrame, BoardLineParser


class BoardDecoder:
    """Recorded bytes to rows: the frames of both directions, with the press id once HELLO was seen."""

    def __init__(self) -> None:
        self.good = self.bad = self.hex = 0
        self._parser = BoardLineParser()
        self._refused = 0
        self._board_id = ""

    def feed(self, raw: bytes) -> list[dict[str, object]]:
        rows = [row for frame in self._parser.feed(raw) if (row := self._row(frame))]
        self.good, self.bad = self._parser.good - self._refused, self._parser.bad + self._refused
        return rows

    def _row(self, frame: BoardFrame) -> dict[str, object] | None:
        row: dict[str, object] = {"seq": frame.seq, "type": frame.kind}
        if frame.kind not in FRAMES:
            return row | {"fields": list(frame.fields)}
        try:
            fields = Fields(frame)
        except Impossible:
            self._refused += 1
            return None
        if frame.kind == "HELLO":
            self._board_id = fields.text("board_id")
        if frame.kind == "PRESS" and self._board_id:
            row["press_id"] = press_id(self._board_id, fields.text("board_boot_id"), fields.number("press_number"))
        return row | dict(fields.values)
