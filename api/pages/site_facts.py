"""Everything that a page of one site draws, read at once. Words and drawings are site_page's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from api.deps import Rooms
from api.pages import nights, takings
from api.pages.known import known_to_ms
from api.pages.nights import Night, Volts
from api.pages.takings import Takings
from figures.day import DayFigures
from figures.facts import Parameters
from kiosk.time import DAY_MS, day_of, day_start_ms
from office import parameters
from office.overview import RECENT_DAYS, SitePage, Value
from store.readings.base import Bucket

WEEK = 7
SUN_STEP_MS = 1_800_000
FRESH_MS = 1_800_000
"""An older value is not "now"."""


@dataclass(frozen=True, slots=True)
class Curve:
    """One metric by intervals; those without values are absent."""

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
    takings: Takings
    nights: tuple[Night, ...]
    """Oldest first; empty where no device ever told of a battery."""
    watts: Curve | None
    """Of the panels over the last seven civil days, today last; None where no device ever told."""
    told: Parameters

    def is_fresh(self, utc_ms: int) -> bool:
        """Whether a value may be shown as what is now."""
        return self.now_ms - utc_ms <= FRESH_MS

    def recent_days(self) -> list[tuple[str, DayFigures | None]]:
        """The last 30 civil days, oldest first, today last; None: never computed."""
        figures = {each.day: each for each in self.page.days}
        days = [day_of(self.now_ms - back * DAY_MS) for back in reversed(range(RECENT_DAYS))]
        return [(day, figures.get(day)) for day in days]

    def battery_voltage(self) -> Value | None:
        """The newest voltage by the device that is believed."""
        return believed_voltage(self.page)

    def value(self, metric: str) -> Value | None:
        """The newest value of a metric, whichever device told it."""
        return newest(self.page.latest, metric)


def believed_voltage(page: SitePage) -> Value | None:
    """The newest voltage by the device that is believed; None where no device tells one."""
    device = None if page.battery is None else page.battery.device
    return newest([each for each in page.latest if each.device == device], "battery_voltage_v")


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
        took = takings.gather(connection, code, page.card.money.currency, now_ms, known_ms)
    volts = believed_voltage(page)
    watts = newest(page.latest, "pv_power_w")
    week_ms = day_start_ms(day_of(now_ms)) - (WEEK - 1) * DAY_MS
    return SiteFacts(
        now_ms=now_ms,
        page=page,
        known_ms=known_ms,
        takings=took,
        nights=() if volts is None else tuple(nights.nights(_volts(rooms, code, volts, now_ms), now_ms, told)),
        watts=None if watts is None else _curve(rooms, code, watts, week_ms, now_ms, SUN_STEP_MS),
        told=told,
    )


def _volts(rooms: Rooms, code: str, value: Value, now_ms: int) -> Mapping[int, Volts]:
    start_ms = day_start_ms(day_of(now_ms)) - (nights.NIGHTS + 1) * DAY_MS
    curve = _curve(rooms, code, value, start_ms, now_ms, nights.STEP_MS)
    return {each.start_ms: Volts(each.mean / curve.scale, each.low / curve.scale) for each in curve.buckets}


def _curve(rooms: Rooms, code: str, value: Value, start_ms: int, now_ms: int, step_ms: int) -> Curve:
    end_ms = now_ms - now_ms % step_ms + step_ms
    found = rooms.readings.buckets(code, value.device, value.metric, start_ms, end_ms, interval_ms=step_ms)
    return Curve(start_ms, tuple(found), 10**value.decimals)
