"""The charging board: presses, sessions, the shelf's meter (docs/charging-board.md). Knows no framing and no till.

The board keeps a press until it hears that it is on disk, and names it for ever: the agent may be killed at any moment,
and a press is neither lost nor sold twice. So nothing is acknowledged here before `answer`.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from edge_agent.drivers.base import REASONS, Event, Press, serial_of
from edge_agent.drivers.board_frames import FRAMES, Fields, Impossible, Name, event_of, name_of
from edge_agent.transports.base import Transport
from edge_agent.transports.board_line import SEQ_MODULO, BoardFrame, BoardLineParser, frame_bytes
from kiosk.reading import Reading

STALE_MS = 30_000
"""Three METER frames missed."""
ASK_EVERY_MS = 2_000
"""Between two HELLO?, however many frames come from a board that is not known yet."""
ANSWERS_KEPT = 256
"""Answers remembered for repeated frames; the board's queue holds 64."""
PENDING_MAX = 256
"""Events that wait for an answer; further ones are left to be sent again."""


@dataclass(frozen=True, slots=True)
class _Board:
    """What HELLO said."""

    board_id: str
    boot: str
    ports: int
    buttons: int


@dataclass(slots=True)
class _Answer:
    """What became of an event, and the frame that last said so."""

    kind: str
    reason: str = ""
    for_seq: int = -1
    raw: bytes = b""


class ChargingBoard:
    """One board. It speaks by itself; the only question ever asked is who it is."""

    driver_name = "charging-board"
    metrics = ("shelf_energy_total_wh", "shelf_power_w", "shelf_sessions_total", "shelf_ports_busy")
    stale_ms = STALE_MS

    def __init__(self, device: str, line: Transport) -> None:
        self._device = device
        self._line = line
        self._parser = BoardLineParser()
        self._seq = 0
        self._board: _Board | None = None
        self._asked_ms: int | None = None
        self._reading: Reading | None = None
        self._reading_ms = 0
        self._new: list[Event] = []
        self._pending: dict[Name, int] = {}
        """Events not answered yet -> seq of their newest copy."""
        self._answered: OrderedDict[Name, _Answer] = OrderedDict()
        self._counts = dict.fromkeys(
            ("bytes", "unknown", "refused", "repeated", "presses_not_taken", "frames_dropped"), 0
        )

    def opened(self, now_ms: int) -> None:
        self._parser.reset()
        self._board = self._reading = self._asked_ms = None
        self._seq = 0
        for answer in self._answered.values():
            answer.raw = b""  # it carries a number of the old line
        self._ask(now_ms)

    def read(self, now_ms: int) -> Reading | None:
        raw = self._line.read()
        self._counts["bytes"] += len(raw)
        for frame in self._parser.feed(raw):
            if frame.kind not in FRAMES:
                self._counts["unknown"] += 1
                continue
            try:
                self._take(frame, Fields(frame), now_ms)
            except Impossible:
                self._counts["refused"] += 1
        if self._reading is None or now_ms - self._reading_ms > STALE_MS:
            return None
        return self._reading

    def events(self) -> list[Event]:
        new, self._new = self._new, []
        return new

    def answer(self, event: Event, accepted: bool, reason: str = "") -> None:
        if accepted == bool(reason) or (reason and reason not in REASONS):
            raise ValueError(f"an event is accepted without a reason, or refused with one of {', '.join(REASONS)}")
        if not isinstance(event, Press) and not accepted:
            raise ValueError("a port's session is a fact: it can be recorded, not refused")
        kind = ("DONE" if accepted else "REFUSED") if isinstance(event, Press) else "ACK"
        name, answer = name_of(event), _Answer(kind, reason)
        self._answered[name] = answer
        if len(self._answered) > ANSWERS_KEPT:
            self._answered.popitem(last=False)
        seq = self._pending.pop(name, None)
        if seq is not None:
            self._say_answer(name, answer, seq)

    def counters(self) -> dict[str, int]:
        return {"good": self._parser.good, "bad": self._parser.bad, "waiting": len(self._pending)} | self._counts

    def _take(self, frame: BoardFrame, fields: Fields, now_ms: int) -> None:
        if frame.kind == "HELLO":
            self._board = _Board(
                board_id=fields.text("board_id"),
                boot=fields.text("board_boot_id"),
                ports=fields.number("ports"),
                buttons=fields.number("buttons"),
            )
        elif frame.kind == "METER":
            self._take_meter(fields, now_ms)
        elif self._board is None:
            # Its name is part of a press id: until then the frame is left to be sent again.
            self._ask(now_ms)
            raise Impossible("a frame of a board that has not said its name")
        else:
            self._require_possible(fields, self._board)
            self._happened(frame, event_of(frame.kind, fields, self._board.board_id))

    def _take_meter(self, fields: Fields, now_ms: int) -> None:
        if self._board is None or self._board.boot != fields.text("board_boot_id"):
            self._ask(now_ms)
        values = {
            "shelf_energy_total_wh": fields.number("energy_total_wh"),
            "shelf_power_w": (fields.number("power_mw") + 50) // 100,
            "shelf_sessions_total": fields.number("sessions_total"),
            "shelf_ports_busy": fields.number("ports_in_use").bit_count(),
        }
        for name in ("presses_not_taken", "frames_dropped"):
            self._counts[name] = fields.number(name)
        serial = "" if self._board is None else serial_of(self._board.board_id)
        self._reading, self._reading_ms = Reading(self._device, values, serial), now_ms

    def _require_possible(self, fields: Fields, board: _Board) -> None:
        if "port" in fields.values and fields.number("port") > board.ports:
            raise Impossible(f"port {fields.text('port')} of {board.ports}")
        if "button" in fields.values and ord(fields.text("button")) - ord("A") >= board.buttons:
            raise Impossible(f"button {fields.text('button')} of {board.buttons}")

    def _happened(self, frame: BoardFrame, event: Event) -> None:
        """Report an event once; a copy of an answered one is answered again."""
        name = name_of(event)
        answer = self._answered.get(name)
        if answer is not None:
            self._counts["repeated"] += 1
            self._say_answer(name, answer, frame.seq)
        elif name in self._pending:
            self._counts["repeated"] += 1
            self._pending[name] = frame.seq
        elif len(self._pending) < PENDING_MAX:
            self._pending[name] = frame.seq
            self._new.append(event)
        else:
            self._counts["refused"] += 1

    def _ask(self, now_ms: int) -> None:
        if self._asked_ms is None or now_ms - self._asked_ms >= ASK_EVERY_MS:
            self._asked_ms = now_ms
            self._say("HELLO?")

    def _say_answer(self, name: Name, answer: _Answer, seq: int) -> None:
        """The same answer to the same copy is the same frame, sent again under its own number."""
        kind, boot, number = name
        if answer.raw and (answer.kind != "ACK" or answer.for_seq == seq):
            self._line.write(answer.raw)
            return
        rest = (number, answer.reason) if answer.reason else (number,)
        fields = (seq, kind, boot, number) if answer.kind == "ACK" else (boot, *rest)
        answer.for_seq = seq
        answer.raw = self._say(answer.kind, *fields)

    def _say(self, kind: str, *fields: str | int) -> bytes:
        raw = frame_bytes(self._seq, kind, fields)
        self._seq = (self._seq + 1) % SEQ_MODULO
        self._line.write(raw)
        return raw
