"""A Modbus driver on a held line with a slave that answers from a table typed by the test."""

from __future__ import annotations

from collections.abc import Mapping

from edge_agent.drivers import create
from edge_agent.transports.modbus_rtu import TIMEOUT_MS
from kiosk.reading import Reading
from tests.edge_agent.lines import HeldLine
from tests.edge_agent.modbus_crc import framed, words_reply


class Slave:
    """Answers functions 3 and 4 from `words` by address, or with exception 2; `says` overrides whole replies."""

    def __init__(self, driver: str, words: Mapping[int, int], options: Mapping[str, int | str] | None = None) -> None:
        self.words = dict(words)
        self.says: dict[bytes, bytes] = {}
        """First bytes of a request -> the reply, b"" for silence."""
        self.asked: list[bytes] = []
        self.line = HeldLine()
        self.line.open()
        self.driver = create(driver, "device", self.line, options)
        self.now_ms = 0
        self.driver.opened(0)

    def turn(self, after_ms: int = 50) -> Reading | None:
        """One pump; the slave answers what was written before it."""
        self.now_ms += after_ms
        request, self.line.written = self.line.written, b""
        if request:
            self.asked.append(request)
            self.line.arrived += self.reply(request)
        return self.driver.read(self.now_ms)

    def reply(self, request: bytes) -> bytes:
        for head, said in self.says.items():
            if request.startswith(head):
                return said
        slave, function = request[0], request[1]
        start, count = int.from_bytes(request[2:4], "big"), int.from_bytes(request[4:6], "big")
        if function not in (3, 4) or any(start + place not in self.words for place in range(count)):
            return framed(f"{slave:02x}{function | 0x80:02x}02")
        return words_reply(slave, function, *(self.words[start + place] for place in range(count)))

    def newest(self, turns: int = 60) -> Reading | None:
        """What the driver gives after a good many pumps."""
        reading = None
        for _ in range(turns):
            reading = self.turn()
        return reading

    def until_silent(self) -> None:
        """So long that every request has timed out."""
        for _ in range(40):
            self.turn(TIMEOUT_MS)
