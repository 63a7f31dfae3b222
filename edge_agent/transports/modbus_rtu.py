"""A Modbus RTU bus as its master: one request at a time, in turns, never waiting. Knows no register's meaning.

`pump` writes a request and returns; later pumps collect the reply. Replies carry no number, so a late one could be
taken for another request's: after a timeout nothing of the same shape but the same request is asked for LATE_MS.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from edge_agent.transports.base import Transport
from edge_agent.transports.modbus_frames import (
    BUSY,
    WRITE_COIL,
    WRITE_REGISTER,
    Answer,
    Refused,
    Request,
    answer_in,
    asked_by_another,
)

TIMEOUT_MS = 1_000
"""The slowest reply seen in a vendor's tool took 84 ms; 125 registers at 9600 baud take 266 ms."""
TRIES = 3
GAP_MS = 20
"""Silence before a request; the standard asks for 3.5 characters, 4 ms at 9600 baud."""
FOREIGN_GAP_MS = 300
"""Silence after bytes that nobody here asked for: another master may be waiting for its reply."""
LATE_MS = 10_000
"""So long a reply may be under way."""
RECEIVED_MAX = 1_024
"""Bytes kept while a reply is awaited; the longest frame has 256."""


@dataclass(frozen=True, slots=True)
class Silent:
    """No reply in time, however often asked."""

    garbled: bool
    """Something was heard, but nothing that answers with a right CRC."""


Outcome = Answer | Refused | Silent


@dataclass(slots=True)
class _Exchange:
    client: ModbusClient
    request: Request
    tries: int


class ModbusBus:
    """The line's only speaker. Devices that share it each have a client; their requests take turns."""

    def __init__(self, line: Transport) -> None:
        self._line = line
        self._waiting: deque[_Exchange] = deque()
        self._current: _Exchange | None = None
        self._received = b""
        """What arrived since the current request was written."""
        self._sent_ms = 0
        self._free_ms: int | None = None
        """Not before then is anything written."""
        self._late: dict[tuple[int, int, int], tuple[bytes, int]] = {}
        """Shape -> the request whose reply may still come, and until when."""
        self.echoes: bool | None = None
        """Whether the line gives back what is written to it; None before the first read was answered."""
        self.received_bytes = 0
        self.unasked_bytes = 0
        """Bytes that arrived while nothing was asked."""

    def client(self, slave: int) -> ModbusClient:
        """A seat on this bus for the device at an address of 1 to 247."""
        return ModbusClient(self, slave)

    def pump(self, now_ms: int) -> None:
        """Take what has arrived, judge the current request, write the next one. Raises LineError."""
        raw = self._line.read()
        self.received_bytes += len(raw)
        if self._current is None:
            if raw:
                self.unasked_bytes += len(raw)
                self._free_ms = now_ms + FOREIGN_GAP_MS
        else:
            self._received = (self._received + raw)[-RECEIVED_MAX:]
            self._judge(self._current, bool(raw), now_ms)
        self._write_next(now_ms)

    def ask(self, exchange: _Exchange, now_ms: int) -> None:
        """Let a request wait for its turn. Raises LineError."""
        if exchange.request.function in (WRITE_COIL, WRITE_REGISTER) and self.echoes is None:
            raise ValueError("read something first: only that tells a reply to a write from the line's own echo")
        self._waiting.append(exchange)
        self._write_next(now_ms)

    def forget(self, client: ModbusClient, now_ms: int) -> None:
        """Drop a client's request; what is under way may still be answered, to nobody."""
        self._waiting = deque(each for each in self._waiting if each.client is not client)
        if self._current is not None and self._current.client is client:
            self._expect_late(self._current.request, now_ms)
            self._end(now_ms)

    def _judge(self, current: _Exchange, heard: bool, now_ms: int) -> None:
        found = answer_in(current.request, self._received, bool(self.echoes)) if heard else None
        if found is not None and asked_by_another(current.request, self._received):
            current.client.counts["foreign"] += 1
            self._again(current, now_ms, FOREIGN_GAP_MS)
        elif isinstance(found, Refused) and found.code in BUSY and current.tries > 1:
            self._again(current, now_ms, TIMEOUT_MS)
        elif found is not None:
            if isinstance(found, Answer) and found.words:
                self.echoes = current.request.raw in self._received
            self._end(now_ms)
            current.client.take_outcome(found)
        elif now_ms - self._sent_ms >= TIMEOUT_MS:
            self._again(current, now_ms, GAP_MS)

    def _again(self, current: _Exchange, now_ms: int, pause_ms: int) -> None:
        """No use of this try: the same request once more before any other, or it was the last."""
        garbled = bool(self._received)
        self._expect_late(current.request, now_ms)
        self._end(now_ms)
        self._free_ms = now_ms + pause_ms
        current.tries -= 1
        if current.tries:
            current.client.counts["retried"] += 1
            self._waiting.appendleft(current)
        else:
            current.client.take_outcome(Silent(garbled))

    def _end(self, now_ms: int) -> None:
        self._current, self._received = None, b""
        self._free_ms = now_ms + GAP_MS

    def _expect_late(self, request: Request, now_ms: int) -> None:
        self._late = {shape: late for shape, late in self._late.items() if late[1] > now_ms}
        self._late[request.shape] = (request.raw, now_ms + LATE_MS)

    def _write_next(self, now_ms: int) -> None:
        if self._current is not None or (self._free_ms is not None and now_ms < self._free_ms):
            return
        for exchange in self._waiting:
            late = self._late.get(exchange.request.shape)
            if late is None or late[0] == exchange.request.raw or now_ms >= late[1]:
                self._line.write(exchange.request.raw)
                self._waiting.remove(exchange)
                self._current, self._received, self._sent_ms = exchange, b"", now_ms
                return


class ModbusClient:
    """One device's seat on the bus: one request at a time."""

    def __init__(self, bus: ModbusBus, slave: int) -> None:
        self.slave = slave
        self._bus = bus
        self._outcome: Outcome | None = None
        self._tries = TRIES
        self._once = False
        self.counts = dict.fromkeys(("answered", "refused", "silent", "garbled", "retried", "foreign"), 0)

    def ask(self, request: Request, now_ms: int, once: bool = False) -> None:
        """Put a question, `once` if silence is a likely answer; `take` brings the outcome. Raises LineError."""
        self._outcome, self._once = None, once
        self._bus.ask(_Exchange(self, request, 1 if once else self._tries), now_ms)

    def take(self, now_ms: int) -> Outcome | None:
        """Move the bus on; what became of the request, once, or None while that is open. Raises LineError."""
        self._bus.pump(now_ms)
        outcome, self._outcome = self._outcome, None
        return outcome

    def reset(self, now_ms: int) -> None:
        """Forget the request: the line is another one."""
        self._outcome = None
        self._bus.forget(self, now_ms)

    def take_outcome(self, outcome: Outcome) -> None:
        """The bus says what became of the request."""
        self._outcome = outcome
        if isinstance(outcome, Silent):
            self.counts["garbled" if outcome.garbled else "silent"] += 1
        else:
            self.counts["answered" if isinstance(outcome, Answer) else "refused"] += 1
        # A device that is off must not keep the others on the bus waiting.
        if not self._once:
            self._tries = 1 if isinstance(outcome, Silent) else TRIES

    def counters(self) -> dict[str, int]:
        """Lifetime counts; bytes are the whole bus's."""
        bus = self._bus
        return {"bytes": bus.received_bytes, "unasked_bytes": bus.unasked_bytes} | self.counts
