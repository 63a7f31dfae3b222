"""The battery's nights: voltage from sunset to sunrise, how low it went, and what that allows tonight.

Pure: handed a curve, knows no store, no wording and no drawing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from figures import sun
from figures.facts import Parameters
from kiosk.time import DAY_MS, day_of, day_start_ms

NIGHTS = 7
STEP_MS = 900_000
WHOLE_PERMILLE = 800
"""A night of which less was measured says nothing about the next one."""


@dataclass(frozen=True, slots=True)
class Volts:
    """A quarter of an hour of the battery's voltage."""

    mean_v: float
    low_v: float


@dataclass(frozen=True, slots=True)
class Night:
    """From a sunset to the next sunrise, UTC ms."""

    evening: str
    """Civil day of the sunset."""
    start_ms: int
    end_ms: int
    over: bool
    means_v: tuple[float | None, ...]
    """By quarters of an hour from the sunset on, up to now; None where nothing was measured."""
    low_v: float | None
    under_ms: int | None
    """When the voltage first fell below the cut-off."""

    @property
    def measured_permille(self) -> int:
        """Share of the quarters of an hour, up to now, with a value."""
        known = sum(value is not None for value in self.means_v)
        return 1000 * known // len(self.means_v) if self.means_v else 0

    @property
    def whole(self) -> bool:
        """Whether it is over and was measured nearly all the time."""
        return self.over and self.measured_permille >= WHOLE_PERMILLE


class Allows(StrEnum):
    """What the battery allows tonight; the names are those of the sentences."""

    OK = "ok"
    CAREFUL = "careful"
    """A night of the last ones came near the cut-off."""
    RISK = "risk"
    """A night of the last ones went below it, or the battery is low now."""
    OFF = "off"
    """The load output is off now."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Tonight:
    """A judgement with what it rests on."""

    allows: Allows
    worst: Night | None
    """The measured night that went lowest; None where no night is part of the reason."""
    nights: int
    """How many measured nights it rests on."""
    low_now: bool = False


def nights(curve: Mapping[int, Volts], now_ms: int, told: Parameters) -> list[Night]:
    """The last nights, oldest first; the one that goes on is among them. `curve` is by start of each step, UTC ms."""
    found = []
    for back in reversed(range(NIGHTS + 1)):
        evening_ms = day_start_ms(day_of(now_ms)) - back * DAY_MS
        sunset_ms = sun.daylight(evening_ms, told.lat_deg, told.lon_deg).sunset_ms
        if sunset_ms <= now_ms:
            sunrise_ms = sun.daylight(evening_ms + DAY_MS, told.lat_deg, told.lon_deg).sunrise_ms
            found.append(_night(curve, day_of(evening_ms), (sunset_ms, sunrise_ms), now_ms, told))
    return found[-NIGHTS:]


def is_dark(now_ms: int, told: Parameters) -> bool:
    """Whether the sun is down at the site."""
    light = sun.daylight(day_start_ms(day_of(now_ms)), told.lat_deg, told.lon_deg)
    return not light.sunrise_ms <= now_ms <= light.sunset_ms


def tonight(found: Sequence[Night], told: Parameters, now_v: float | None, *, load_off: bool) -> Tonight:
    """What the battery allows until sunrise; `now_v` is None where no recent voltage is known."""
    measured = [night for night in found if night.whole]
    if now_v is None:
        return Tonight(Allows.UNKNOWN, None, len(measured))
    if load_off:
        return Tonight(Allows.OFF, None, len(measured))
    near_v = (told.cutoff_mv + told.warn_margin_mv) / 1000
    if now_v <= near_v:
        return Tonight(Allows.RISK, None, len(measured), low_now=True)
    worst = min(measured, key=lambda night: night.low_v or 0.0, default=None)
    if worst is None or worst.low_v is None:
        return Tonight(Allows.UNKNOWN, None, 0)
    if worst.under_ms is not None:
        return Tonight(Allows.RISK, worst, len(measured))
    return Tonight(Allows.CAREFUL if worst.low_v <= near_v else Allows.OK, worst, len(measured))


def _night(curve: Mapping[int, Volts], evening: str, span: tuple[int, int], now_ms: int, told: Parameters) -> Night:
    start_ms, end_ms = span
    steps = range(start_ms - start_ms % STEP_MS, min(end_ms, now_ms), STEP_MS)
    seen = [(at_ms, curve.get(at_ms)) for at_ms in steps]
    lows = [(volts.low_v, at_ms) for at_ms, volts in seen if volts is not None]
    return Night(
        evening=evening,
        start_ms=start_ms,
        end_ms=end_ms,
        over=end_ms <= now_ms,
        means_v=tuple(None if volts is None else volts.mean_v for _, volts in seen),
        low_v=min(lows)[0] if lows else None,
        under_ms=next((at_ms for low_v, at_ms in lows if low_v * 1000 < told.cutoff_mv), None),
    )
