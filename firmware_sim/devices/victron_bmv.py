"""A battery monitor with a shunt that talks VE.Direct text: it counts what flows; knows no plant and no UTC."""

from __future__ import annotations

from typing import Protocol

from firmware_sim.devices.mppt_history import Sense
from firmware_sim.devices.vedirect_text import build_block

PRODUCT_ID = 0xA389
FIRMWARE = 419
MISSING = "---"
SET_EVERY_MS = 1_000
_MS_PER_HOUR = 3_600_000
_MW_MS_PER_10_WH = 36_000_000_000
_CHARGE_EFFICIENCY = 0.95
_FLOOR = 0.5
"""Time to go counts down to this state of charge."""
_FULL_MV, _TAIL_SHARE, _FULL_AFTER_MS = 13_600, 0.04, 180_000
_LOW_MV, _LOW_CLEAR_MV, _HIGH_MV = 11_800, 12_200, 15_000
_LOW_VOLTAGE, _HIGH_VOLTAGE = 1, 2  # bits of AR
_CYCLE_BELOW, _CYCLE_ABOVE = 0.65, 0.90

_REST = Sense(12_500, 0, 0, 0, 0, 0, load_on=True, stage=0, limited=False)


class Around(Protocol):
    """What the shunt measures."""

    @property
    def sense(self) -> Sense: ...

    @property
    def battery_c(self) -> float: ...


class VictronBmv:
    """One monitor of a battery whose capacity was set in its menu. It knows no state of charge before it has seen the
    battery full, unless `synchronised` says that it has."""

    def __init__(self, capacity_ah: float, *, synchronised: bool = False, temperature_sensor: bool = False) -> None:
        self.capacity_mah = capacity_ah * 1000
        self.synchronised = synchronised
        self.has_sensor = temperature_sensor
        self.drawn_now_mah = 0.0
        """Below full; CE is its negative."""
        self.deepest_mah = self.last_mah = self.drawn_total_mah = 0.0
        self.cycles = self.full_discharges = self.syncs = self.low_alarms = self.high_alarms = 0
        self.battery_mv_min, self.battery_mv_max = 0xFFFF, 0
        self.since_full_ms = 0
        self.discharged_mw_ms = self.charged_mw_ms = 0
        self.alarm = 0
        self._sense = _REST
        self._battery_c = 25.0
        self._at_full_ms = 0
        self._below = self._empty = False
        self._since_set_ms = 0

    def run(self, duration_ms: int, around: Around) -> bytes:
        """Counts for a while; returns at most one set of two blocks."""
        self._sense, self._battery_c = around.sense, around.battery_c
        self._count(around.sense, duration_ms)
        self._watch_voltage(around.sense.battery_mv)
        self._since_set_ms += duration_ms
        if self._since_set_ms < SET_EVERY_MS:
            return b""
        self._since_set_ms = 0
        return build_block(self.main_fields()) + build_block(self.history_fields())

    def receive(self, received: bytes) -> bytes:  # noqa: ARG002 - nothing is asked of this one
        """HEX requests get no answer from this simulation."""
        return b""

    @property
    def soc(self) -> float:
        """As the monitor believes, 0 to 1."""
        return min(1.0, max(0.0, 1.0 - self.drawn_now_mah / self.capacity_mah))

    def main_fields(self) -> list[tuple[str, str]]:
        """The first block of a set."""
        sense = self._sense
        known = self.synchronised
        power_w = round(sense.battery_mv * sense.battery_ma / 1_000_000)
        return [
            ("PID", f"0x{PRODUCT_ID:X}"),
            ("V", str(sense.battery_mv)),
            *([("T", str(round(self._battery_c)))] if self.has_sensor else [("T", MISSING)]),
            ("I", str(sense.battery_ma)),
            ("P", str(power_w)),
            ("CE", str(-round(self.drawn_now_mah)) if known else MISSING),
            ("SOC", str(round(self.soc * 1000)) if known else MISSING),
            ("TTG", str(self._minutes_to_go(sense.battery_ma)) if known else MISSING),
            ("Alarm", "ON" if self.alarm else "OFF"),
            ("AR", str(self.alarm)),
            ("BMV", "SmartShunt 500A/50mV"),
            ("FW", f"{FIRMWARE:04}"),
            ("MON", "0"),
        ]

    def history_fields(self) -> list[tuple[str, str]]:
        """The second block of a set."""
        average = self.drawn_total_mah / max(1, self.cycles)
        numbers = {
            "H1": -round(self.deepest_mah),
            "H2": -round(self.last_mah),
            "H3": -round(average),
            "H4": self.cycles,
            "H5": self.full_discharges,
            "H6": -round(self.drawn_total_mah),
            "H7": self.battery_mv_min,
            "H8": self.battery_mv_max,
            "H9": self.since_full_ms // 1000,
            "H10": self.syncs,
            "H11": self.low_alarms,
            "H12": self.high_alarms,
            "H15": 0,
            "H16": 0,
            "H17": self.discharged_mw_ms // _MW_MS_PER_10_WH,
            "H18": self.charged_mw_ms // _MW_MS_PER_10_WH,
        }
        return [(label, str(number)) for label, number in numbers.items()]

    def _count(self, sense: Sense, duration_ms: int) -> None:
        charge_mah = sense.battery_ma * duration_ms / _MS_PER_HOUR
        energy_mw_ms = sense.battery_mv * abs(sense.battery_ma) * duration_ms // 1000
        if sense.battery_ma >= 0:
            self.charged_mw_ms += energy_mw_ms
            self.drawn_now_mah = max(0.0, self.drawn_now_mah - charge_mah * _CHARGE_EFFICIENCY)
        else:
            self.discharged_mw_ms += energy_mw_ms
            self.drawn_now_mah -= charge_mah
            self.drawn_total_mah -= charge_mah
            self.last_mah = self.drawn_now_mah
            self.deepest_mah = max(self.deepest_mah, self.drawn_now_mah)
        self.since_full_ms += duration_ms
        self._count_cycles()
        self._look_for_full(sense, duration_ms)

    def _count_cycles(self) -> None:
        """A cycle is below 65 % and back above 90 %; a full discharge ends at 0 %."""
        if self.soc <= 0.0 and not self._empty:
            self.full_discharges += 1
        self._empty = self.soc <= 0.0
        if self.soc < _CYCLE_BELOW:
            self._below = True
        elif self._below and self.soc > _CYCLE_ABOVE:
            self._below = False
            self.cycles += 1

    def _look_for_full(self, sense: Sense, duration_ms: int) -> None:
        tail_ma = self.capacity_mah * _TAIL_SHARE
        if sense.battery_mv < _FULL_MV or not 0 <= sense.battery_ma < tail_ma:
            self._at_full_ms = 0
            return
        before_ms = self._at_full_ms
        self._at_full_ms += duration_ms
        if before_ms < _FULL_AFTER_MS <= self._at_full_ms:
            self.synchronised = True
            self.syncs += 1
        if self._at_full_ms >= _FULL_AFTER_MS:
            self.drawn_now_mah = 0.0
            self.since_full_ms = 0

    def _watch_voltage(self, battery_mv: int) -> None:
        self.battery_mv_min = min(self.battery_mv_min, battery_mv)
        self.battery_mv_max = max(self.battery_mv_max, battery_mv)
        before = self.alarm
        if battery_mv < _LOW_MV:
            self.alarm |= _LOW_VOLTAGE
        elif battery_mv > _LOW_CLEAR_MV:
            self.alarm &= ~_LOW_VOLTAGE
        self.alarm = self.alarm | _HIGH_VOLTAGE if battery_mv > _HIGH_MV else self.alarm & ~_HIGH_VOLTAGE
        raised = self.alarm & ~before
        self.low_alarms += bool(raised & _LOW_VOLTAGE)
        self.high_alarms += bool(raised & _HIGH_VOLTAGE)

    def _minutes_to_go(self, battery_ma: int) -> int:
        """-1 is for ever."""
        if battery_ma >= 0:
            return -1
        left_mah = max(0.0, self.capacity_mah * (1 - _FLOOR) - self.drawn_now_mah)
        return min(14_400, round(left_mah / -battery_ma * 60))
