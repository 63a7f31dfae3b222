"""Readers of the simulated lines for these tests, written from the protocol pages and not from the simulator's code."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from firmware_sim.kiosk import SimulatedKiosk

MONDAY_MS = int(datetime(2025, 1, 6, tzinfo=UTC).timestamp() * 1000)
DAY_MS = 86_400_000
MINUTE_MS = 60_000


def modbus_crc(content: bytes) -> int:
    """Bit by bit, as the page describes it."""
    crc = 0xFFFF
    for byte in content:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ 0xA001 if crc & 1 else crc >> 1
    return crc


def board_lines(received: bytes) -> Iterator[list[str]]:
    """Fields of every good line."""
    for content, crc in re.findall(rb"\$([^$*\r\n]+)\*([0-9A-F]{4})\r\n", received):
        # Noise finds a right CRC once in 65536 tries, and did so here: the page forbids bytes outside ASCII.
        if content.isascii() and modbus_crc(content) == int(crc, 16):
            yield content.decode("ascii").split(",")


def board_line(*fields: str | int) -> bytes:
    content = ",".join(map(str, fields)).encode("ascii")
    return b"$%b*%04X\r\n" % (content, modbus_crc(content))


def hex_messages(received: bytes) -> list[bytes]:
    """Every HEX message, without colon and LF. Only for streams in which no checksum byte is a colon."""
    return re.findall(rb":([0-9A-F]+)\n", received)


def vedirect_blocks(received: bytes) -> Iterator[dict[str, str]]:
    """Good blocks of a stream, one state at a time, HEX messages left out of text and sum."""
    block, total, hexing = b"", 0, False
    for byte in received:
        in_checksum = block.endswith(b"\r\nChecksum\t")
        if hexing:
            hexing = byte != 0x0A
            continue
        if byte == 0x3A and not in_checksum:
            hexing = True
            continue
        total = (total + byte) & 0xFF
        if not in_checksum:
            block += bytes((byte,))
            continue
        if total == 0:
            pairs = (line.split(b"\t") for line in block.split(b"\r\n")[1:-1])
            yield {label.decode(): value.decode() for label, value in pairs}
        block, total = b"", 0


@dataclass
class Host:
    """Reads everything, acknowledges everything at once, and remembers."""

    kiosk: SimulatedKiosk
    blocks: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    presses: dict[tuple[str, int], tuple[int, str]] = field(default_factory=dict)
    """(boot id, number) -> (pressed at, button), from the first copy that arrived."""
    closes: dict[tuple[str, int], int] = field(default_factory=dict)
    """(boot id, session) -> mWh."""
    meters: list[tuple[int, list[str]]] = field(default_factory=list)

    def run_to(self, utc_ms: int) -> "Host":
        while self.kiosk.now_utc_ms < utc_ms:
            self.kiosk.advance(min(utc_ms, self.kiosk.now_utc_ms + MINUTE_MS))
            if self.kiosk.powered:
                self.take()
        return self

    def take(self) -> None:
        now_ms = self.kiosk.now_utc_ms
        self.blocks += [(now_ms, block) for block in vedirect_blocks(self.kiosk.lines["mppt"].read())]
        for fields in board_lines(self.kiosk.lines["board"].read()):
            seq, kind, *rest = fields
            if kind == "METER":
                self.meters.append((now_ms, rest))
            if kind not in ("PRESS", "OPEN", "CLOSE"):
                continue
            name, age_ms = (rest[0], int(rest[1])), int(rest[-1])
            if kind == "PRESS":
                self.presses.setdefault(name, (now_ms - max(age_ms, 0), rest[2]))
            if kind == "CLOSE":
                self.closes[name] = int(rest[4])
            self.kiosk.lines["board"].write(board_line(0, "ACK", seq, kind, *rest[:2]))


@pytest.fixture
def reader() -> Any:
    """The functions above, by name."""

    class Reader:
        board_lines = staticmethod(board_lines)
        board_line = staticmethod(board_line)
        hex_messages = staticmethod(hex_messages)
        vedirect_blocks = staticmethod(vedirect_blocks)
        modbus_crc = staticmethod(modbus_crc)
        day_ms = DAY_MS

    return Reader


@pytest.fixture
def host() -> Callable[..., Host]:
    """A host on a fresh kiosk: host("damane", seed=3)."""

    def make(scenario: Any, seed: int = 1, start_utc_ms: int = MONDAY_MS, **options: Any) -> Host:
        return Host(SimulatedKiosk(scenario, seed, start_utc_ms, **options))

    return make
