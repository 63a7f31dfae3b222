"""A port with simulated devices of several speeds on it, or with somebody who talks nonsense."""

from __future__ import annotations

from typing import Protocol

from firmware_sim.bench import Surroundings
from firmware_sim.devices.charging_board import ChargingBoard
from firmware_sim.devices.mppt_history import Sense
from firmware_sim.devices.victron_mppt import VictronMppt

NOON = Sense(13_240, 2_500, 35_110, 41_000, 300, 4_000, load_on=True, stage=3, limited=False)
AROUND = Surroundings(NOON, 0.7, 30.0, 100.0, 5_000)
PORT = "/dev/serial/by-id/usb-1a86_USB_Serial-if00-port0"


class Device(Protocol):
    """What hangs on the port."""

    def run(self, duration_ms: int, around: Surroundings) -> bytes: ...

    def receive(self, received: bytes) -> bytes: ...


class Mppt:
    """The charger that takes a Sense."""

    def __init__(self) -> None:
        self.device = VictronMppt("HQ2132ABCDE", 1)

    def run(self, duration_ms: int, around: Surroundings) -> bytes:
        return self.device.run(duration_ms, around.sense)

    def receive(self, received: bytes) -> bytes:
        return self.device.receive(received)


class Board:
    """The board lives by a clock of its own."""

    def __init__(self) -> None:
        self.now_ms = 0
        self.board = ChargingBoard("4b41594130303031", 10, 4, 1)
        self.board.power_up(0)
        self.board.run(60_000)
        self.now_ms = 60_000

    def run(self, duration_ms: int, around: Surroundings) -> bytes:
        self.now_ms += duration_ms
        return self.board.run(self.now_ms)

    def receive(self, received: bytes) -> bytes:
        return self.board.receive(self.now_ms, received)


class Chatter:
    """Says the same bytes each second."""

    def __init__(self, said: bytes) -> None:
        self.said, self.since_ms = said, 0

    def run(self, duration_ms: int, around: Surroundings) -> bytes:
        self.since_ms += duration_ms
        if self.since_ms < 1_000:
            return b""
        self.since_ms -= 1_000
        return self.said

    def receive(self, received: bytes) -> bytes:
        return b""


class Garbler:
    """Answers anything with bytes that are sound nowhere."""

    def run(self, duration_ms: int, around: Surroundings) -> bytes:
        return b""

    def receive(self, received: bytes) -> bytes:
        return bytes(byte ^ 0x5A for byte in received)


class Port:
    """A port with devices of several speeds; at another speed their bytes are noise, and so are ours to them."""

    def __init__(self, *devices: tuple[int, Device], echo: bool = False) -> None:
        self.devices, self.echo = devices, echo
        self.now_ms = 0
        self.baud = 0
        self.written: list[tuple[int, bytes]] = []
        self.held = b""
        self.is_open = False
        self.opened = self.closed = 0

    def line(self, port: str, baud: int) -> Port:
        assert port == PORT
        assert not self.is_open
        self.baud = baud
        return self

    def monotonic_ms(self) -> int:
        return self.now_ms

    def wait_ms(self, duration_ms: int) -> None:
        self.now_ms += duration_ms
        for baud, device in self.devices:
            self._hear(baud, device.run(duration_ms, AROUND))

    def open(self) -> None:
        self.is_open, self.held = True, b""
        self.opened += 1

    def read(self) -> bytes:
        held, self.held = self.held, b""
        return held

    def write(self, raw: bytes) -> None:
        self.written.append((self.baud, raw))
        if self.echo:
            self.held += raw
        for baud, device in self.devices:
            if baud == self.baud:
                self._hear(baud, device.receive(raw))

    def fileno(self) -> int | None:
        return None

    def close(self) -> None:
        self.closed += self.is_open
        self.is_open = False

    def _hear(self, baud: int, raw: bytes) -> None:
        self.held += raw if baud == self.baud else bytes((byte * 7 + 3) & 0xFF for byte in raw)
