"""The ledger's sums of this month and the last one, by day and by service, as far as they are known here.

Adds up whole minor units; knows no wording and no drawing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection

from kiosk.time import DAY_MS, day_of, day_start_ms
from store import ledger_records
from store.ledger_records import Sums


@dataclass(frozen=True, slots=True)
class Service:
    """One line of the tariff over this month."""

    code: str
    sales: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Takings:
    """From the first of the last month to today."""

    by_day: Mapping[str, int]
    """Day -> net income; a day without a record is absent."""
    services: tuple[Service, ...]
    """Sales of this month, the largest amount first."""
    taken_back_minor: int
    """What this month's voids, refunds and adjustments change."""
    last_month_same_minor: int
    """The last month's income up to the day of the month that this month is known to."""


def gather(connection: Connection, site: str, currency: str, now_ms: int, known_ms: int | None) -> Takings:
    """Of one site."""
    today = day_of(now_ms)
    before = last_month_first(today)
    rows = [row for row in ledger_records.sums(connection, site, before, today) if row.cur == currency]
    return _takings(rows, today, today if known_ms is None else min(today, day_of(known_ms)))


def last_month_first(today: str) -> str:
    """First day of the month before."""
    last = day_of(day_start_ms(f"{today[:7]}-01") - DAY_MS)
    return f"{last[:7]}-01"


def days_of_month(first: str) -> list[str]:
    """Every day of the month that begins there."""
    year, month, _ = (int(part) for part in first.split("-"))
    following = date(year + month // 12, month % 12 + 1, 1)
    return [f"{first[:7]}-{number:02}" for number in range(1, (following - date(year, month, 1)).days + 1)]


def _takings(rows: Sequence[Sums], today: str, known_day: str) -> Takings:
    by_day: dict[str, int] = {}
    services: dict[str, Service] = {}
    taken_back = same = 0
    month, same_day = today[:7], known_day[8:] if known_day[:7] == today[:7] else "01"
    for row in rows:
        day = row.day or ""
        by_day[day] = by_day.get(day, 0) + row.amt
        if day[:7] != month:
            same += row.amt if day[8:] <= same_day else 0
        elif row.svc:
            sold = services.get(row.svc, Service(row.svc, 0, 0))
            services[row.svc] = Service(row.svc, sold.sales + row.records, sold.amount_minor + row.amt)
        else:
            taken_back += row.amt
    largest_first = sorted(services.values(), key=lambda each: (-each.amount_minor, each.code))
    return Takings(by_day, tuple(largest_first), taken_back, same)
