"""A board's driver on a held line, with frames numbered as a board numbers them."""

from __future__ import annotations

from pathlib import Path

from edge_agent.drivers.charging_board import (
    ChargingBoard,
)
from edge_agent.transports.board_line import BoardLineParser, frame_bytes
from tests.edge_agent.lines import HeldLine

PAGE = Path(__file__).parents[3] / "docs" / "charging-board.md"
ID, BOOT, NEXT_BOOT = "4b41594130303031", "9f3c21d07a5be846", "02d47be915aa60c3"
HELLO = (ID, BOOT, "1.0.0", 10, 4, 0, 0)


class Bench:
    """A driver on a held line, with the board's frames numbered as a board numbers them."""

    def __init__(self, greeted: bool = True) -> None:
        self.line = HeldLine()
        self.line.open()
        self.driver = ChargingBoard("shelf", self.line)
        self.driver.opened(0)
        self.seq = 0
        self.now_ms = 0
        if greeted:
            self.say("HELLO", *HELLO)
            self.heard()

    def say(self, kind: str, *fields: str | int, seq: int | None = None) -> None:
        if seq is None:
            seq, self.seq = self.seq, self.seq + 1
        self.line.arrived += frame_bytes(seq, kind, fields)
        self.driver.read(self.now_ms)

    def heard(self) -> list[tuple[str, ...]]:
        """What the agent wrote since last asked: TYPE and fields."""
        written, self.line.written = self.line.written, b""
        return [(frame.kind, *frame.fields) for frame in BoardLineParser().feed(written)]
