"""What hangs on the load output beside the shelf: lamps, fridge, the Pi; knows the calendar but no battery."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from firmware_sim.states import State, flag, number

_MS_PER_DAY = 86_400_000


@dataclass(frozen=True, slots=True)
class SchoolCalendar:
    """When the school is open; the same every year."""

    terms: tuple[tuple[str, str], ...]
    """First and last day of each term as `MM-DD`, inclusive."""
    weekdays: tuple[int, ...]
    """0 is Monday."""

    def in_term(self, utc_ms: int) -> bool:
        day = datetime.fromtimestamp(utc_ms // 1000, UTC).strftime("%m-%d")
        return any(first <= day <= last for first, last in self.terms)

    def is_open(self, utc_ms: int) -> bool:
        return datetime.fromtimestamp(utc_ms // 1000, UTC).weekday() in self.weekdays and self.in_term(utc_ms)


@dataclass(frozen=True, slots=True)
class LoadSpec:
    """Powers at the bus in W; 0 = the site has none."""

    pi_w: float
    classroom_lamps_w: float
    classroom_off_h: float
    """Hour of the day (UTC) at which the caretaker switches the classroom off."""
    night_lamps_w: float
    """Ward and yard, from dusk to dawn."""
    fridge_w: float
    """Compressor while it runs."""


class Fridge:
    """A vaccine fridge: a thermostat between 3.5 and 6 deg C in a box that leaks heat from the air."""

    _LEAK_PER_H = 0.045  # share of the difference to the air that comes in within an hour
    _COOLING_K_PER_H = 4.2
    _COLDEST_C, _WARMEST_C = 3.5, 6.0

    def __init__(self) -> None:
        self.temperature_c = 5.0
        self.running = False

    def run(self, powered: bool, air_c: float, duration_ms: int) -> bool:
        """Whether the compressor draws power in this step."""
        if self.temperature_c >= self._WARMEST_C:
            self.running = True
        elif self.temperature_c <= self._COLDEST_C:
            self.running = False
        drawing = self.running and powered
        hours = duration_ms / 3_600_000.0
        cooled = self._COOLING_K_PER_H * hours if drawing else 0.0
        self.temperature_c += (air_c - self.temperature_c) * self._LEAK_PER_H * hours - cooled
        return drawing


class Loads:
    """Sum of the loads at one instant."""

    def __init__(self, spec: LoadSpec, calendar: SchoolCalendar) -> None:
        self._spec = spec
        self._calendar = calendar
        self.fridge = Fridge()
        self._day = -1
        self._school_open = False

    def power_w(self, utc_ms: int, sun_up: float, powered: bool, air_c: float, duration_ms: int) -> float:
        """`sun_up` is the sine of the sun's altitude. 0 without power, but the fridge still warms."""
        spec = self._spec
        compressor = spec.fridge_w > 0.0 and self.fridge.run(powered, air_c, duration_ms)
        if not powered:
            return 0.0
        total_w = spec.pi_w + (spec.fridge_w if compressor else 0.0)
        if sun_up < 0.0:
            total_w += spec.night_lamps_w
            if spec.classroom_lamps_w and self._classroom_on(utc_ms):
                total_w += spec.classroom_lamps_w
        return total_w

    def _classroom_on(self, utc_ms: int) -> bool:
        day, ms = divmod(utc_ms, _MS_PER_DAY)
        if day != self._day:
            self._day, self._school_open = day, self._calendar.is_open(utc_ms)
        return self._school_open and 12.0 < ms / 3_600_000.0 < self._spec.classroom_off_h

    def to_state(self) -> State:
        return {"fridge_c": self.fridge.temperature_c, "fridge_running": self.fridge.running}

    def load_state(self, state: State) -> None:
        self.fridge.temperature_c = number(state, "fridge_c")
        self.fridge.running = flag(state, "fridge_running")
