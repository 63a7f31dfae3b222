"""An EPEVER Tracer as a simulated slave; knows its senses, but no plant and no UTC.

From facts of the vendor's texts LS-B V1.1 and Tracer A/B V2.3: 32-bit values with the low word first, energies in
0.01 kWh by the controller's own clock, which starts wherever it was left.
"""

from __future__ import annotations

from firmware_sim.devices.around import Around
from firmware_sim.devices.modbus_slave import BusFaults, ModbusSlave, RegisterMap, words_32
from firmware_sim.devices.mppt_history import Sense

BAUD = 115_200
_MW_MS_PER_10_WH = 36_000_000_000
_MS_PER_DAY = 86_400_000
_STATUS_OF_STAGE = {0: 0b00, 3: 0b10, 4: 0b10, 5: 0b01, 7: 0b11}
"""Charge stage -> bits 3-2 of 3201: none, float, boost, equalise; bulk is shown as boost."""


class EpeverTracer:
    """One controller with its load output. It speaks only when asked."""

    def __init__(self, serial_number: str, address: int = 1, *, faults: BusFaults | None = None) -> None:
        self.panel_mw_ms = self.load_mw_ms = 0
        """Lifetime."""
        self.lies: dict[int, int] = {}
        """Input register -> what it says instead of the truth."""
        self.clock_ms = 0
        """Of the controller's own day; totals of the day follow it."""
        self._day_began = (0, 0)
        self._mv_max, self._mv_min = 0, 0xFFFF * 10
        self._sense: Sense | None = None
        self._soc, self._battery_c = 0.5, 25.0
        objects = {0: "EPsolar Tech co., Ltd", 1: "Tracer2215BN", 2: "V02.05+V07.12", 3: serial_number}
        tables = {4: self._inputs, 3: self._settings, 2: self._discrete, 1: lambda: {2: 1}}
        self.slave = ModbusSlave(address, RegisterMap(tables, objects), faults)

    def run(self, duration_ms: int, around: Around) -> bytes:
        """Measures for a while."""
        sense = self._sense = around.sense
        self._soc, self._battery_c = around.soc, around.battery_c
        self.panel_mw_ms += sense.panel_mw * duration_ms
        self.load_mw_ms += sense.load_mw * duration_ms
        day = self.clock_ms // _MS_PER_DAY
        self.clock_ms += duration_ms
        if self.clock_ms // _MS_PER_DAY != day:
            self._day_began = (self.panel_mw_ms, self.load_mw_ms)
            self._mv_max, self._mv_min = 0, 0xFFFF * 10
        self._mv_max, self._mv_min = max(self._mv_max, sense.battery_mv), min(self._mv_min, sense.battery_mv)
        self.slave.forget()
        return b""

    def receive(self, received: bytes) -> bytes:
        return self.slave.receive(received)

    def _inputs(self) -> dict[int, int]:
        """Function 4, at this instant."""
        sense = self._sense
        if sense is None:
            return {}
        charge_ma = max(0, sense.battery_ma + sense.load_ma)
        load_mv = sense.battery_mv if sense.load_on else 0
        words = {
            0x3100: sense.panel_mv // 10,
            0x3101: sense.panel_mw * 100 // max(1, sense.panel_mv),
            0x3104: sense.battery_mv // 10,
            0x3105: charge_ma // 10,
            0x310C: load_mv // 10,
            0x310D: sense.load_ma // 10,
            0x3110: round(self._battery_c * 100),
            0x3111: round(self._battery_c * 100) + 500,
            0x3112: round(self._battery_c * 100) + 700,
            0x311A: round(self._soc * 100),
            0x311B: 2500,
            0x311D: 1200,
            0x3200: 0,
            0x3201: _STATUS_OF_STAGE[sense.stage] << 2 | int(sense.stage != 0),
            0x3202: int(sense.load_on),
            0x3302: self._mv_max // 10,
            0x3303: self._mv_min // 10,
            0x331A: sense.battery_mv // 10,
        }
        generated, consumed = self.panel_mw_ms, self.load_mw_ms
        today = (generated - self._day_began[0], consumed - self._day_began[1])
        longs = {
            0x3102: sense.panel_mw // 10,
            0x3106: charge_ma * sense.battery_mv // 10_000,
            0x310E: sense.load_mw // 10,
            0x331B: sense.battery_ma // 10,
            0x3304: today[1] // _MW_MS_PER_10_WH,
            0x330C: today[0] // _MW_MS_PER_10_WH,
        }
        longs |= dict.fromkeys((0x3306, 0x3308, 0x330A), consumed // _MW_MS_PER_10_WH)
        longs |= dict.fromkeys((0x330E, 0x3310, 0x3312), generated // _MW_MS_PER_10_WH)
        for address, value in longs.items():
            words[address], words[address + 1] = words_32(value, low_first=True)
        return words | self.lies

    def _settings(self) -> dict[int, int]:
        """Function 3: battery, and a clock as three packed words."""
        minutes, hours = self.clock_ms // 60_000 % 60, self.clock_ms // 3_600_000 % 24
        seconds = self.clock_ms // 1000 % 60
        day = self.clock_ms // _MS_PER_DAY % 28 + 1
        return {0x9000: 1, 0x9001: 200, 0x9013: minutes << 8 | seconds, 0x9014: day << 8 | hours, 0x9015: 24 << 8 | 1}

    def _discrete(self) -> dict[int, int]:
        """Function 2: too hot inside, and night."""
        sense = self._sense
        return {0x2000: 0, 0x200C: int(sense is None or sense.panel_mv < 5_000)}
