"""The charge controller's counters and daily history, by its own idea of midnight; knows no framing."""

from __future__ import annotations

import struct
from dataclasses import asdict, dataclass
from typing import NamedTuple

from firmware_sim.states import State, integer, items, part

MW_MS_PER_10_WH = 36_000_000_000
"""The counters' step: 0.01 kWh in mW x ms."""
_MS_PER_HOUR = 3_600_000
_DAYS_KEPT = 31
_DAY_NUMBERS = 365
_LIGHT_PANEL_MV = 8_000
_BULK, _ABSORPTION, _FLOAT = 3, 4, 5


class Sense(NamedTuple):
    """What the controller measures over one step; battery current + when charging."""

    battery_mv: int
    battery_ma: int
    panel_mv: int
    panel_mw: int
    load_ma: int
    load_mw: int
    load_on: bool
    stage: int
    """By the vendor's table: 0 off, 3 bulk, 4 absorption, 5 float."""
    limited: bool
    """The panel could give more."""


@dataclass(slots=True)
class Day:
    """One day of the history; energies in mW x ms."""

    number: int
    panel_mw_ms: int = 0
    load_mw_ms: int = 0
    battery_mv_max: int = 0
    battery_mv_min: int = 0xFFFF * 10
    bulk_ms: int = 0
    absorption_ms: int = 0
    float_ms: int = 0
    panel_mw_max: int = 0
    battery_ma_max: int = 0
    panel_mv_max: int = 0

    def add(self, sense: Sense, duration_ms: int) -> None:
        self.panel_mw_ms += sense.panel_mw * duration_ms
        self.load_mw_ms += sense.load_mw * duration_ms
        self.battery_mv_max = max(self.battery_mv_max, sense.battery_mv)
        self.battery_mv_min = min(self.battery_mv_min, sense.battery_mv)
        self.panel_mw_max = max(self.panel_mw_max, sense.panel_mw)
        self.battery_ma_max = max(self.battery_ma_max, sense.battery_ma)
        self.panel_mv_max = max(self.panel_mv_max, sense.panel_mv)
        if sense.stage == _BULK:
            self.bulk_ms += duration_ms
        elif sense.stage == _ABSORPTION:
            self.absorption_ms += duration_ms
        elif sense.stage == _FLOAT:
            self.float_ms += duration_ms

    def record(self) -> bytes:
        """The 34 bytes of register 0x1050 + n, in 0.01 kWh, 0.01 V, minutes, W and 0.1 A."""
        return struct.pack(
            "<BIIHHBIHHHIHHH",
            0,
            self.panel_mw_ms // MW_MS_PER_10_WH,
            self.load_mw_ms // MW_MS_PER_10_WH,
            self.battery_mv_max // 10,
            min(0xFFFF, self.battery_mv_min // 10),
            0,
            0,
            self.bulk_ms // 60_000,
            self.absorption_ms // 60_000,
            self.float_ms // 60_000,
            self.panel_mw_max // 1000,
            max(0, self.battery_ma_max) // 100,
            self.panel_mv_max // 10,
            self.number,
        )


class History:
    """Lifetime and day counters. The controller has no clock: half way through the night, as long as last night was, is
    its midnight, so its day is not the civil day."""

    def __init__(self) -> None:
        self.days = [Day(0)]
        """Today first, at most 31."""
        self.user_mw_ms = 0
        """Behind H19: can be set back by the user."""
        self.system_mw_ms = 0
        """Never set back."""
        self.panel_mv_max = 0
        self.battery_mv_max = 0
        self.battery_mv_min = 0xFFFF * 10
        self.stuck = False
        """Fault: the day counters neither count nor roll over."""
        self._night_ms = 12 * _MS_PER_HOUR
        self._dark_ms = 0
        self._seen_light = False
        self._rollover_after_ms = 0

    def run(self, sense: Sense, duration_ms: int) -> bool:
        """Counts one step; whether a new day began in it."""
        self.user_mw_ms += sense.panel_mw * duration_ms
        self.system_mw_ms += sense.panel_mw * duration_ms
        self.panel_mv_max = max(self.panel_mv_max, sense.panel_mv)
        self.battery_mv_max = max(self.battery_mv_max, sense.battery_mv)
        self.battery_mv_min = min(self.battery_mv_min, sense.battery_mv)
        rolled = self._follow_night(sense.panel_mv, duration_ms)
        if not self.stuck:
            self.days[0].add(sense, duration_ms)
        return rolled

    def clear(self) -> None:
        """What "clear history" in the vendor's application does: H19 and all days go, the system total stays."""
        self.user_mw_ms = 0
        self.days = [Day(0)]

    def total_record(self) -> bytes:
        """The 34 bytes of register 0x104F; fields newer than this table are filled with 0xFF, as real devices do."""
        head = struct.pack(
            "<BBIIIHHBH",
            1,
            0,
            0,
            self.user_mw_ms // MW_MS_PER_10_WH,
            self.system_mw_ms // MW_MS_PER_10_WH,
            self.panel_mv_max // 10,
            self.battery_mv_max // 10,
            len(self.days) - 1,
            min(0xFFFF, self.battery_mv_min // 10),
        )
        return head.ljust(34, b"\xff")

    def _follow_night(self, panel_mv: int, duration_ms: int) -> bool:
        if panel_mv >= _LIGHT_PANEL_MV:
            # A panel that was unplugged for an hour was no night, and three days without panel neither.
            if 6 * _MS_PER_HOUR <= self._dark_ms <= 18 * _MS_PER_HOUR:
                self._night_ms = self._dark_ms
            self._seen_light = True
            self._dark_ms = 0
            self._rollover_after_ms = self._night_ms // 2
            return False
        if not self._seen_light:
            return False  # no dusk seen yet, so nothing to count from
        self._dark_ms += duration_ms
        if self._dark_ms < self._rollover_after_ms:
            return False
        self._rollover_after_ms += 24 * _MS_PER_HOUR
        if not self.stuck:
            self.days.insert(0, Day((self.days[0].number + 1) % _DAY_NUMBERS))
            del self.days[_DAYS_KEPT:]
        return not self.stuck

    def to_state(self) -> State:
        return {
            "days": [asdict(day) for day in self.days],
            "stuck": self.stuck,
            "seen_light": self._seen_light,
            "counters": {name: getattr(self, name) for name in self._COUNTERS},
        }

    def load_state(self, state: State) -> None:
        self.days = [Day(**day) for day in items(state, "days")]
        self.stuck = bool(state["stuck"])
        self._seen_light = bool(state["seen_light"])
        counters = part(state, "counters")
        for name in self._COUNTERS:
            setattr(self, name, integer(counters, name))

    _COUNTERS = (
        "user_mw_ms",
        "system_mw_ms",
        "panel_mv_max",
        "battery_mv_max",
        "battery_mv_min",
        "_night_ms",
        "_dark_ms",
        "_rollover_after_ms",
    )
