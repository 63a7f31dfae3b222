"""Days written by hand: one reading a minute, times as HH:MM of one day, so that a test reads like a logbook."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from figures.facts import BootSpan, DayFacts, IncomeRow, Parameters, Points
from kiosk.metric import CATALOGUE
from kiosk.time import DAY_MS, day_of, day_start_ms

DAY = "2026-03-10"
START = day_start_ms(DAY)
END = START + DAY_MS
MINUTE, HOUR = 60_000, 3_600_000


def at(clock: str, day: int = 0) -> int:
    """UTC ms of HH:MM, `day` days after the day of the tests."""
    hours, minutes = clock.split(":")
    return START + day * DAY_MS + int(hours) * HOUR + int(minutes) * MINUTE


def points(metric: str, readings: Mapping[int, int], device: str = "mppt") -> Points:
    """By UTC ms, in the catalogue's resolution."""
    times = sorted(readings)
    return Points(device, metric, CATALOGUE[metric].decimals, times, [readings[each] for each in times])


def minutely(start: int, end: int, value: int | Callable[[int], int]) -> dict[int, int]:
    """A reading a minute from start to end, both included."""
    return {each: value(each) if callable(value) else value for each in range(start, end + 1, MINUTE)}


def boot(start: int, end: int, name: str = "b1" * 8) -> BootSpan:
    return BootSpan(name, start, end)


def facts(
    *series: Points,
    boots: Sequence[BootSpan] = (),
    now: int = END + DAY_MS,
    day: int = 0,
    arrivals: Sequence[int] = (),
    cadence_s: int = 900,
    undated: int = 0,
    income: Sequence[IncomeRow] = (),
    parameters: Parameters | None = None,
) -> DayFacts:
    """The facts of the day of the tests, or of one `day` days later."""
    return DayFacts(
        day=day_of(START + day * DAY_MS),
        now_ms=now,
        series=series,
        boots=tuple(boots),
        undated_boots=undated,
        arrivals_ms=tuple(arrivals),
        cadence_s=cadence_s,
        income=tuple(income),
        parameters=parameters or Parameters(),
    )
