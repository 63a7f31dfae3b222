"""Days to compute again, and computed days. Knows no figure's definition."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields

from sqlalchemy import Connection, delete, select

from store.schema import dirty_day, site_day
from store.upsert import add_up, upsert


@dataclass(frozen=True, slots=True)
class DirtyDay:
    """A day whose facts have changed since its figures were computed."""

    site: str
    day: str
    """YYYY-MM-DD."""
    marks: int
    """Grows with each mark: a day that was marked again while it was computed stays dirty."""


@dataclass(frozen=True, slots=True)
class SiteDay:
    """The figures of one site and civil day; None is not known, never 0."""

    site: str
    day: str
    figures: str
    """All of them, as JSON."""
    cur: str
    income_minor: int | None
    cash_minor: int | None
    pv_energy_wh: int | None
    load_energy_wh: int | None
    coverage_permille: int | None
    """Share of the day with readings."""
    uptime_permille: int | None
    link_permille: int | None
    computed_ms: int


def mark_dirty(connection: Connection, site: str, days: Iterable[str], now_ms: int) -> None:
    """Ask for the figures of these days to be computed again."""
    mark_many_dirty(connection, {site: days}, now_ms)


def mark_many_dirty(connection: Connection, dirty: Mapping[str, Iterable[str]], now_ms: int) -> None:
    """The same for days by site; in one order, so that workers never wait in a ring."""
    named = [(site, day) for site, days in sorted(dirty.items()) for day in sorted(set(days))]
    rows = [{"site": site, "day": day, "marks": 1, "marked_ms": now_ms} for site, day in named]
    add_up(connection, dirty_day, rows, ("marks",))


def dirty_days(connection: Connection, limit: int) -> list[DirtyDay]:
    """Days to compute, longest waiting first."""
    table = dirty_day.c
    query = select(table.site, table.day, table.marks).order_by(table.marked_ms, table.site, table.day).limit(limit)
    return [DirtyDay(*row) for row in connection.execute(query)]


def clear_dirty(connection: Connection, day: DirtyDay) -> bool:
    """Take a computed day off the list unless it was marked again in between; tells whether it was taken off."""
    table = dirty_day.c
    unchanged = (table.site == day.site, table.day == day.day, table.marks == day.marks)
    return connection.execute(delete(dirty_day).where(*unchanged)).rowcount == 1


def save(connection: Connection, day: SiteDay) -> None:
    """Keep a day's figures in place of those before."""
    upsert(connection, site_day, {field.name: getattr(day, field.name) for field in fields(day)})


def get(connection: Connection, site: str, day: str) -> SiteDay | None:
    """One day, None if it was never computed."""
    found = between(connection, site, day, day)
    return found[0] if found else None


def between(connection: Connection, site: str, first: str, last: str) -> list[SiteDay]:
    """The computed days from `first` to `last`, both included, in order."""
    table = site_day.c
    query = select(site_day).where(table.site == site, table.day.between(first, last)).order_by(table.day)
    return [SiteDay(*row) for row in connection.execute(query)]
