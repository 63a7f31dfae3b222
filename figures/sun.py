"""Where the sun is, and how a clear day spreads its light. Low precision; knows no weather, no panel and no reading."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from kiosk.time import DAY_MS

_J2000_UTC_MS = 946_728_000_000
_HORIZON_SINE = math.sin(math.radians(-0.833))
"""Sunrise and sunset: the upper limb on the horizon with usual refraction (34' + 16')."""
_STEP_MS = 300_000


@dataclass(frozen=True, slots=True)
class Daylight:
    """Between sunrise and sunset, UTC milliseconds, good to a minute or two."""

    sunrise_ms: int
    sunset_ms: int


def sine_altitude(utc_ms: int, lat_deg: float, lon_deg: float) -> float:
    """Sine of the sun's altitude, east longitude positive; low-precision formulas of the Astronomical Almanac."""
    days = (utc_ms - _J2000_UTC_MS) / DAY_MS
    anomaly = math.radians(357.528 + 0.9856003 * days)
    longitude = math.radians(280.460 + 0.9856474 * days + 1.915 * math.sin(anomaly) + 0.020 * math.sin(2 * anomaly))
    obliquity = math.radians(23.439 - 4e-7 * days)
    declination = math.asin(math.sin(obliquity) * math.sin(longitude))
    ascension = math.atan2(math.cos(obliquity) * math.sin(longitude), math.cos(longitude))
    sidereal = math.radians((18.697374558 + 24.06570982441908 * days) % 24 * 15 + lon_deg)
    lat = math.radians(lat_deg)
    hour_angle = sidereal - ascension
    return math.sin(lat) * math.sin(declination) + math.cos(lat) * math.cos(declination) * math.cos(hour_angle)


@lru_cache(maxsize=512)
def daylight(start_ms: int, lat_deg: float, lon_deg: float) -> Daylight:
    """Sunrise and sunset of the civil day that starts at `start_ms`.

    For sites near the equator and Greenwich, whose noon lies inside the UTC day; elsewhere ValueError.
    """
    noon_ms = max(range(start_ms, start_ms + DAY_MS, _STEP_MS), key=lambda at: sine_altitude(at, lat_deg, lon_deg))

    def dark(at_ms: int) -> bool:
        return sine_altitude(at_ms, lat_deg, lon_deg) < _HORIZON_SINE

    if not (dark(start_ms) and dark(start_ms + DAY_MS)) or dark(noon_ms):
        raise ValueError(f"no sunrise and sunset inside the UTC day at {lat_deg} {lon_deg}: check the coordinates")
    return Daylight(_bisect(start_ms, noon_ms, dark), _bisect(noon_ms, start_ms + DAY_MS, lambda at: not dark(at)))


def clear_sky_weight(start_ms: int, end_ms: int, lat_deg: float, lon_deg: float) -> float:
    """Light of a clear sky on level ground between two instants, in Wh/m2.

    Haurwitz (1945): 1098 sin(a) exp(-0.057 / sin(a)) W/m2 at altitude a. A share of it tells how a yield that was only
    seen as a whole spreads over the hours.
    """
    total = 0.0
    at = start_ms
    while at < end_ms:
        next_midnight = at - at % DAY_MS + DAY_MS
        if at % DAY_MS == 0 and next_midnight <= end_ms:
            total += _whole_day(at, lat_deg, lon_deg)
        else:
            total += _steps(at, min(end_ms, next_midnight), lat_deg, lon_deg)
        at = next_midnight
    return total


@lru_cache(maxsize=512)
def _whole_day(start_ms: int, lat_deg: float, lon_deg: float) -> float:
    return _steps(start_ms, start_ms + DAY_MS, lat_deg, lon_deg)


def _steps(start_ms: int, end_ms: int, lat_deg: float, lon_deg: float) -> float:
    total = 0.0
    at = start_ms
    while at < end_ms:
        # Steps end on one grid, so that the weight of a span is the sum of the weights of its parts.
        step_end = min(end_ms, at - at % _STEP_MS + _STEP_MS)
        total += _haurwitz_w_m2(sine_altitude((at + step_end) // 2, lat_deg, lon_deg)) * (step_end - at)
        at = step_end
    return total / 3_600_000.0


def _haurwitz_w_m2(sine: float) -> float:
    return 1098.0 * sine * math.exp(-0.057 / sine) if sine > 0.001 else 0.0


def _bisect(low_ms: int, high_ms: int, before: Callable[[int], bool]) -> int:
    """The first instant at which `before` no longer holds, to a second."""
    while high_ms - low_ms > 1_000:
        middle_ms = (low_ms + high_ms) // 2
        low_ms, high_ms = (middle_ms, high_ms) if before(middle_ms) else (low_ms, middle_ms)
    return high_ms
