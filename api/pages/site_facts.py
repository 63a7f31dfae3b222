"""Everything that a page of one site draws, read at once. Words and drawings are site_page's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from api.deps import Rooms
from api.pages.known import known_to_ms
from figures.day import DayFigures
from kiosk.time import DAY_MS, day_of
from office import parameters
from office.overview import RECENT_DAYS, SitePage, Value
from store.readings.base import Bucket

CURVE_STEP_MS = 900_000
CURVE_MS = DAY_MS
FRESH_MS = 1_800_000
"""An older value is not "now"."""


@dataclass(frozen=True, slots=True)
class Curve:
    """One metric over the last 24 hours by quarters of an hour; those without values are absent."""

    start_ms: int
    buckets: tuple[Bucket, ...]
    scale: int
    """Values are in 1/scale of the unit."""


@dataclass(frozen=True, slots=True)
class SiteFacts:
    """A site as of `now_ms`."""

    now_ms: int
    page: SitePage
    known_ms: int | None
    """Up to when its income is known."""
    volts: Curve | None
    """None where no device ever told of a battery."""
    watts: Curve | None
    """Of the panels."""
    cutoff_v: float

    def is_fresh(self, utc_ms: int) -> bool:
        """Whether a value may be shown as what is now."""
        return self.now_ms - utc_ms <= FRESH_MS

    def recent_days(self) -> list[tuple[str, DayFigures | None]]:
        """The last 30 civil days, oldest first, today last; None: never computed."""
        figures = {each.day: each for each in self.page.days}
        days = [day_of(self.now_ms - back * DAY_MS) for back in reversed(range(RECENT_DAYS))]
        return [(day, figures.get(day)) for day in days]

    def value(self, metric: str) -> Value | None:
        """The newest value of a metric, whichever device told it."""
        return newest(self.page.latest, metric)


def newest(values: Sequence[Value], metric: str) -> Value | None:
    """The newest of a metric among several devices."""
    found = (each for each in values if each.metric == metric)
    return max(found, key=lambda each: (each.utc_ms, each.device), default=None)


def gather(rooms: Rooms, code: str) -> SiteFacts | None:
    """One site, None where it is not registered. All reading of the page is here, so that it can be measured."""
    now_ms = rooms.clock()
    page = rooms.overview.site(code)
    if page is None:
        return None
    with rooms.store.read() as connection:
        told = parameters.in_force(connection, code)
        known_ms = known_to_ms(connection, page.card.completeness)
    return SiteFacts(
        now_ms=now_ms,
        page=page,
        known_ms=known_ms,
        volts=_curve(rooms, code, newest(page.latest, "battery_voltage_v"), now_ms),
        watts=_curve(rooms, code, newest(page.latest, "pv_power_w"), now_ms),
        cutoff_v=told.cutoff_mv / 1000,
    )


def _curve(rooms: Rooms, code: str, value: Value | None, now_ms: int) -> Curve | None:
    if value is None:
        return None
    end_ms = now_ms - now_ms % CURVE_STEP_MS + CURVE_STEP_MS
    start_ms = end_ms - CURVE_MS
    found = rooms.readings.buckets(code, value.device, value.metric, start_ms, end_ms, interval_ms=CURVE_STEP_MS)
    return Curve(start_ms, tuple(found), 10**value.decimals)
