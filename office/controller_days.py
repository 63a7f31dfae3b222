"""What controllers remember of past days, collected from the rows that told it later. Judges none of it."""

from __future__ import annotations

from collections.abc import Mapping

from figures.facts import TOLD_BY, PastDay, Points
from kiosk.time import DAY_MS, day_of, day_start_ms
from store.readings.base import ReadingsStore

DAYS_BACK = 30
"""The oldest day that a row can tell of."""
_METRICS: Mapping[str, tuple[str, int]] = {
    "history_pv_energy_wh": ("pv_energy_wh", 1),
    "history_load_energy_wh": ("load_energy_wh", 1),
    "history_pv_power_max_w": ("pv_power_max_w", 1),
    "history_battery_voltage_min_v": ("battery_min_mv", 1000),
    "history_battery_voltage_max_v": ("battery_max_mv", 1000),
    "history_bulk_s": ("bulk_s", 1),
    "history_absorption_s": ("absorption_s", 1),
    "history_float_s": ("float_s", 1),
}
"""Field of PastDay, and its units in one of the metric's."""


def of_gap(readings: ReadingsStore, site: str, device: str, start_ms: int, counter: Points | None) -> list[PastDay]:
    """What the device told of the day, and of the days that share a gap of its counter with it, by day."""
    spoken = counter.times_ms if counter else ()
    first_ms = min([start_ms, *spoken[:1]])
    last_ms = max([start_ms, *spoken[-1:]])
    days = {day_of(each) for each in range(day_start_ms(day_of(first_ms)), last_ms + 1, DAY_MS)}
    until_ms = last_ms + (DAYS_BACK + 1) * DAY_MS
    told = _nearest(readings, site, device, days, (first_ms, until_ms))
    if not told:
        return []
    rows = {at_ms: day for day, at_ms in told.items()}
    values: dict[str, dict[str, int]] = {day: {} for day in told}
    for metric, (name, scale) in _METRICS.items():
        found = readings.series(site, device, metric, min(rows), max(rows) + 1)
        for at_ms, value in zip(found.times_ms, found.values, strict=True):
            if at_ms in rows:
                values[rows[at_ms]][name] = value * scale // 10**found.decimals
    return [PastDay(device, day, told[day], **values[day]) for day in sorted(told)]


def _nearest(readings: ReadingsStore, site: str, device: str, days: set[str], span: tuple[int, int]) -> dict[str, int]:
    """The row that tells of each day with the fewest days in between: a charger that slept through a day counts it not,
    so a later telling may lie one day further off. The first of equal ones, so that repeating changes nothing."""
    found = readings.series(site, device, TOLD_BY, *span)
    nearest: dict[str, tuple[int, int]] = {}
    for at_ms, days_ago in zip(found.times_ms, found.values, strict=True):
        day = day_of(at_ms - days_ago * DAY_MS)
        if day in days:
            nearest[day] = min((days_ago, at_ms), nearest.get(day, (days_ago, at_ms)))
    return {day: at_ms for day, (_, at_ms) in nearest.items()}
