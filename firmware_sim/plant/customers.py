"""Who comes to the shelf, when, and for what: one plan a day drawn from the seed; knows no power and no port."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from firmware_sim.plant.loads import SchoolCalendar
from firmware_sim.seeds import generator

_MS_PER_DAY = 86_400_000
_MS_PER_HOUR = 3_600_000
FIRST_HOUR, LAST_HOUR = 6, 21
"""Customers come from 06:00 until 22:00, so no press is near midnight."""
_MIN_GAP_MS = 3_000  # one attendant: and two presses within a second would count as one

# How the visits of a day spread over the hours 6 to 21: before the fields, at midday, and most at dusk.
_HOUR_WEIGHT = (5, 8, 7, 5, 4, 4, 6, 5, 4, 4, 6, 9, 12, 10, 6, 2)
_WEEKDAY_FACTOR = (1.0, 0.95, 1.0, 0.95, 1.1, 1.15, 0.9)
_MARKET_FACTOR = 1.45
_HOLIDAY_FACTOR = 0.85


@dataclass(frozen=True, slots=True)
class Service:
    """One line of the tariff; the first service has button A, the second B..."""

    code: str
    price_minor: int
    """In the currency's minor unit; XOF has none, so whole francs."""
    weight: float
    """Share of the customers, relative to the other services."""
    power_w: float
    """At the port while charging."""
    energy_wh: float
    """Usual energy of one charge."""


@dataclass(frozen=True, slots=True)
class CustomerSpec:
    """How busy a site is."""

    visits_per_day: float
    market_every_days: int
    """Village markets return every few days (often three); 0 = no market."""
    services: tuple[Service, ...]


class Visit(NamedTuple):
    """Somebody comes with something to charge."""

    at_utc_ms: int
    service: int
    """Index in the tariff."""
    duration_ms: int
    """How long the charge takes."""


class Customers:
    """The visits of any day, in order of time."""

    def __init__(self, spec: CustomerSpec, calendar: SchoolCalendar, seed: int) -> None:
        self._spec = spec
        self._calendar = calendar
        self._seed = seed
        self._day = -1
        self._visits: list[Visit] = []
        self._next = 0
        self._served_to_ms = -1

    def between(self, start_utc_ms: int, end_utc_ms: int) -> list[Visit]:
        """Visits with start <= at < end; both instants on one UTC day."""
        day = start_utc_ms // _MS_PER_DAY
        if day != self._day or start_utc_ms != self._served_to_ms:
            if day != self._day:
                self._visits, self._day = self.plan(day), day
            self._next = sum(1 for visit in self._visits if visit.at_utc_ms < start_utc_ms)
        first = self._next
        while self._next < len(self._visits) and self._visits[self._next].at_utc_ms < end_utc_ms:
            self._next += 1
        self._served_to_ms = end_utc_ms
        return self._visits[first : self._next]

    def plan(self, day: int) -> list[Visit]:
        """All visits of one UTC day (counted from 1970-01-01)."""
        draw = generator(self._seed, "customers", day)
        start_ms = day * _MS_PER_DAY
        expected = self._spec.visits_per_day * self._factor(day, start_ms)
        visits: list[Visit] = []
        last_ms = 0
        for hour, weight in zip(range(FIRST_HOUR, LAST_HOUR + 1), _HOUR_WEIGHT, strict=True):
            count = _poisson(draw, expected * weight / sum(_HOUR_WEIGHT))
            hour_ms = start_ms + hour * _MS_PER_HOUR
            for at_ms in sorted(hour_ms + draw.randrange(_MS_PER_HOUR) for _ in range(count)):
                spaced_ms = max(at_ms, last_ms + _MIN_GAP_MS)
                if spaced_ms < start_ms + (LAST_HOUR + 1) * _MS_PER_HOUR:
                    visits.append(self._draw_visit(draw, spaced_ms))
                    last_ms = spaced_ms
        return visits

    def _factor(self, day: int, start_ms: int) -> float:
        factor = _WEEKDAY_FACTOR[datetime.fromtimestamp(start_ms // 1000, UTC).weekday()]
        if self._spec.market_every_days and (day + self._seed) % self._spec.market_every_days == 0:
            factor *= _MARKET_FACTOR
        return factor if self._calendar.in_term(start_ms) else factor * _HOLIDAY_FACTOR

    def _draw_visit(self, draw: random.Random, at_ms: int) -> Visit:
        services = self._spec.services
        index = draw.choices(range(len(services)), [service.weight for service in services])[0]
        service = services[index]
        energy_wh = service.energy_wh * min(2.0, max(0.3, draw.gauss(1.0, 0.25)))
        return Visit(at_ms, index, int(energy_wh / service.power_w * _MS_PER_HOUR))


def _poisson(draw: random.Random, mean: float) -> int:
    """Knuth's method; means here are below 30."""
    limit, count, product = math.exp(-mean), 0, draw.random()
    while product > limit:
        count += 1
        product *= draw.random()
    return count
