"""A simulated charger with a past and our driver on one line, second after second."""

from __future__ import annotations

from edge_agent.drivers.victron_history import BURST, METRICS
from edge_agent.drivers.victron_vedirect import VictronVeDirect
from firmware_sim.devices.mppt_history import MW_MS_PER_10_WH, Day, Sense
from firmware_sim.devices.victron_mppt import VictronMppt
from kiosk.reading import Reading
from tests.edge_agent.lines import HeldLine

NOON = Sense(13_240, 2_500, 35_110, 41_000, 300, 4_000, load_on=True, stage=3, limited=False)
NIGHT = Sense(12_480, -1_700, 12, 0, 1_700, 21_200, load_on=True, stage=0, limited=False)


class Site:
    """A charger with a past and a driver, second after second."""

    def __init__(self, days: int = 7, past: int = 12) -> None:
        self.device = VictronMppt("HQ2132ABCDE", 1)
        self.device.history.days = [
            Day(
                (400 - ago) % 365,
                (30 + ago) * MW_MS_PER_10_WH,
                ago * MW_MS_PER_10_WH,
                14_000 + ago * 10,
                11_000,
                60_000,
            )
            for ago in range(past + 1)
        ]
        self.line = HeldLine()
        self.line.open()
        self.driver = VictronVeDirect("mppt", self.line, days)
        self.driver.opened(0)
        self.now_ms = 0
        self.asked: list[tuple[int, bytes]] = []
        self.told: list[dict[str, int]] = []
        self.readings = 0
        self.connected = True

    def run(self, seconds: int, sense: Sense = NOON, spoil: bool = False) -> Reading | None:
        reading = None
        for _ in range(seconds):
            self.now_ms += 1_000
            block = self.device.run(1_000, sense)
            self.line.arrived += block[:-1] + b"\x00" if spoil and block else block
            for _turn in range(2 * BURST):
                reading = self.driver.read(self.now_ms)
                if not self.line.written:
                    break
                self.asked.append((self.now_ms, self.line.written))
                if self.connected:
                    self.line.arrived += self.device.receive(self.line.written)
                self.line.written = b""
            self.readings += reading is not None
            if reading is not None:
                said = {metric: value for metric, value in reading.values.items() if metric in METRICS}
                if said and (not self.told or self.told[-1] != said):
                    self.told.append(said)
        return reading
