"""An SRNE solar charger (sold as Renogy Rover) as a simulated slave; knows its senses, but no plant and no UTC.

Function 3 only; 32-bit values with the high word first; temperatures as sign and magnitude in one byte each.
"""

from __future__ import annotations

from firmware_sim.devices.around import Around
from firmware_sim.devices.modbus_slave import BusFaults, ModbusSlave, RegisterMap, words_32
from firmware_sim.devices.mppt_history import Sense

BAUD = 9_600
_MW_MS_PER_WH = 3_600_000_000
_MA_MS_PER_AH = 3_600_000_000
_MS_PER_DAY = 86_400_000
_STATE_OF_STAGE = {0: 0, 3: 2, 7: 3, 4: 4, 5: 5}
"""Charge stage -> low byte of 0120: off, MPPT, equalise, boost, float."""


class SrneRover:
    """One controller with its load output. It speaks only when asked."""

    def __init__(self, serial_number: int, address: int = 1, *, faults: BusFaults | None = None) -> None:
        self.serial_number = serial_number
        self.panel_mw_ms = self.load_mw_ms = 0
        self.charged_ma_ms = self.drawn_ma_ms = 0
        self.full_charges = self.over_discharges = 0
        self.running_ms = 0
        self.controller_c = 30.0
        self.lies: dict[int, int] = {}
        """Register -> what it says instead of the truth."""
        self._day_began = (0, 0)
        self._sense: Sense | None = None
        self._soc, self._battery_c = 0.5, 25.0
        self.slave = ModbusSlave(address, RegisterMap({3: self._holding}), faults)

    def run(self, duration_ms: int, around: Around) -> bytes:
        """Measures for a while."""
        before, sense = self._sense, around.sense
        self._sense, self._soc, self._battery_c = sense, around.soc, around.battery_c
        self.panel_mw_ms += sense.panel_mw * duration_ms
        self.load_mw_ms += sense.load_mw * duration_ms
        self.charged_ma_ms += self._charge_ma(sense) * duration_ms
        self.drawn_ma_ms += sense.load_ma * duration_ms
        if before is not None:
            self.full_charges += before.stage != 5 and sense.stage == 5
            self.over_discharges += before.load_on and not sense.load_on
        day = self.running_ms // _MS_PER_DAY
        self.running_ms += duration_ms
        if self.running_ms // _MS_PER_DAY != day:
            self._day_began = (self.panel_mw_ms, self.load_mw_ms)
        self.slave.forget()
        return b""

    def receive(self, received: bytes) -> bytes:
        return self.slave.receive(received)

    @staticmethod
    def _charge_ma(sense: Sense) -> int:
        """Out of the converter, for battery and load."""
        return max(0, sense.battery_ma + sense.load_ma) if sense.stage else 0

    def _holding(self) -> dict[int, int]:
        """Function 3, at this instant."""
        model = "RNG-CTRL-RVR20".ljust(16)
        words = {0x000C + place: ord(model[2 * place]) << 8 | ord(model[2 * place + 1]) for place in range(8)}
        words |= {0x0014: 0, 0x0015: 0x0104, 0x0016: 0, 0x0017: 0x0100, 0x001A: self.slave.address}
        words[0x0018], words[0x0019] = words_32(self.serial_number, low_first=False)
        words |= {0xE002: 100, 0xE004: 4}
        return words | self._state() | self.lies

    def _state(self) -> dict[int, int]:
        """0100 to 0122, all of them readable."""
        words = dict.fromkeys(range(0x0100, 0x0123), 0)
        sense = self._sense
        if sense is None:
            return words
        words |= {
            0x0100: round(self._soc * 100),
            0x0101: sense.battery_mv // 100,
            0x0102: self._charge_ma(sense) // 10,
            0x0103: _sign_and_magnitude(self.controller_c) << 8 | _sign_and_magnitude(self._battery_c),
            0x0104: sense.battery_mv // 100 if sense.load_on else 0,
            0x0105: sense.load_ma // 10,
            0x0106: sense.load_mw // 1000,
            0x0107: sense.panel_mv // 100,
            0x0108: sense.panel_mw * 100 // max(1, sense.panel_mv),
            0x0109: sense.panel_mw // 1000,
            0x0113: (self.panel_mw_ms - self._day_began[0]) // _MW_MS_PER_WH,
            0x0114: (self.load_mw_ms - self._day_began[1]) // _MW_MS_PER_WH,
            0x0115: self.running_ms // _MS_PER_DAY,
            0x0116: self.over_discharges,
            0x0117: self.full_charges,
            0x0120: int(sense.load_on) << 15 | 100 << 8 | _STATE_OF_STAGE[sense.stage],
        }
        longs = {
            0x0118: self.charged_ma_ms // _MA_MS_PER_AH,
            0x011A: self.drawn_ma_ms // _MA_MS_PER_AH,
            0x011C: self.panel_mw_ms // _MW_MS_PER_WH,
            0x011E: self.load_mw_ms // _MW_MS_PER_WH,
        }
        for address, value in longs.items():
            words[address], words[address + 1] = words_32(value, low_first=False)
        return words


def _sign_and_magnitude(degrees_c: float) -> int:
    """Whole degrees; bit 7 set below zero."""
    whole = round(degrees_c)
    return 0x80 | -whole if whole < 0 else whole
