"""Computes the figures of days whose facts have changed, and keeps them: the one writer of site_day. Defines none."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from sqlalchemy import Connection

from figures.day import DayFigures, day_figures
from figures.facts import DayFacts
from kiosk.time import DAY_MS, day_of, day_start_ms
from office import day_facts, parameters
from office.projection import Projection
from store import days, sites, status
from store.engine import Store
from store.readings.base import ReadingsStore

LIMIT = 50
REFRESH_MS = 900_000
"""Today's figures are at most so old: slots pass in which nothing arrives."""
BACK_DAYS = 40
"""So far back it is looked whether a day was never computed, not to its end, or by an older definition."""

_SiteDay = tuple[str, str]
"""Site code and day."""


@dataclass(slots=True)
class _Near:
    """Days whose figures may rest on those that were just computed."""

    days: set[_SiteDay] = field(default_factory=set)
    told: set[_SiteDay] = field(default_factory=set)
    """Those of them that a controller told of later."""


@dataclass(frozen=True, slots=True)
class _Turn:
    """One look at the clock."""

    now_ms: int

    @property
    def today(self) -> str:
        return day_of(self.now_ms)


class Summariser:
    """Dirty days first, then days that time itself has changed."""

    def __init__(
        self, store: Store, readings: ReadingsStore, clock: Callable[[], int], projection: Projection | None = None
    ) -> None:
        """`clock` gives UTC milliseconds; `projection` gets each dirty day before it counts as computed."""
        self._projection = projection
        self._store = store
        self._readings = readings
        self._clock = clock
        self._swept_slot = -1

    def run_once(self, limit: int = LIMIT) -> int:
        """Compute at most `limit` days, and the neighbours whose figures rest on them; tells how many were computed."""
        turn = _Turn(self._clock())
        with self._store.read() as connection:
            dirty = days.dirty_days(connection, limit)
            wanted = [(each.site, each.day) for each in dirty]
            wanted += self._stale(connection, turn, wanted, limit - len(wanted))
            near, checked = _Near(), set(wanted)
            computed = {key: self._compute(connection, turn, key, near) for key in wanted}
            while looked_at := near.days - checked:
                checked |= looked_at
                for key in self._moved(connection, turn, looked_at, near.told):
                    computed[key] = self._compute(connection, turn, key, near)
        if not computed:
            return 0
        rows = [_row(site, figures, turn.now_ms) for (site, _), figures in computed.items()]
        if self._projection is not None:
            self._projection.write((each.site, each.day) for each in dirty)
            self._projection.write_figures(rows)
        with self._store.write() as connection:
            for row in rows:
                days.save(connection, row)
            # A day that was marked again since it was read stays on the list.
            for each in dirty:
                days.clear_dirty(connection, each)
        return len(computed)

    def _compute(self, connection: Connection, turn: _Turn, key: _SiteDay, near: _Near) -> DayFigures:
        """The figures of a day; adds to `near` the days up to the readings on both sides of it, and those that its
        readings tell of, or told of when it was last computed."""
        site, day = key
        told = parameters.in_force(connection, site)
        facts = day_facts.day_facts(connection, self._readings, site, day, turn.now_ms, told)
        figures = day_figures(facts)
        spoken_of = (*figures.told_days, *_told_by(days.get(connection, site, day)))
        near.told.update((site, other) for other in spoken_of)
        near.days.update((site, other) for other in (*_reach(facts), *spoken_of))
        return figures

    def _moved(
        self, connection: Connection, turn: _Turn, near: set[_SiteDay], spoken_of: set[_SiteDay]
    ) -> list[_SiteDay]:
        """The computed days among these whose edges have moved, and days of the agent's absence without figures that
        were told of later. Computing them moves no other day's: only readings and boots do."""
        moved: list[_SiteDay] = []
        for site, day in sorted(near):
            stored = days.get(connection, site, day)
            if stored is None and ((site, day) not in spoken_of or day >= turn.today):
                continue
            told = parameters.in_force(connection, site)
            facts = day_facts.edge_facts(connection, self._readings, site, day, turn.now_ms, told)
            if stored is not None:
                changed = _edges_of(stored) != facts.edges()
            else:
                was_there = any(boot.start_ms < facts.start_ms for boot in facts.boots)
                changed = was_there and any(past.day == day for past in facts.history)
            if changed:
                moved.append((site, day))
        return moved

    def _stale(self, connection: Connection, turn: _Turn, wanted: list[_SiteDay], limit: int) -> list[_SiteDay]:
        """Days that nobody marked and that are not as they should be: looked for once in a quarter of an hour."""
        slot = turn.now_ms // REFRESH_MS
        if slot == self._swept_slot or limit <= 0:
            return []
        found = [
            (site.code, day)
            for site in sites.all_sites(connection)
            for day in _stale_days(connection, turn, site.code, [day for code, day in wanted if code == site.code])
        ]
        if len(found) <= limit:
            self._swept_slot = slot
        return found[:limit]


def _reach(facts: DayFacts) -> Iterable[str]:
    """The days before and after up to those of the nearest readings, and always the next ones."""
    start_ms, end_ms = facts.start_ms, facts.end_ms
    first_ms = min([start_ms - 1] + [points.times_ms[0] for points in facts.series if points.times_ms])
    last_ms = max([end_ms] + [points.times_ms[-1] for points in facts.series if points.times_ms])
    for at_ms in range(day_start_ms(day_of(first_ms)), last_ms + 1, DAY_MS):
        if day_of(at_ms) != facts.day:
            yield day_of(at_ms)


def _stale_days(connection: Connection, turn: _Turn, site: str, wanted: list[str]) -> Iterable[str]:
    """Of one site, beside those that are about to be computed."""
    standing = status.get(connection, site)
    if standing is None or standing.arrival_ms is None:
        return
    first_ms = day_start_ms(turn.today) - BACK_DAYS * DAY_MS
    stored = {each.day: each for each in days.between(connection, site, day_of(first_ms), turn.today)}
    # A day on which a known site said nothing is a day with figures too: nothing was heard.
    since_ms = max(first_ms, day_start_ms(min([*stored, *wanted, turn.today])))
    for at_ms in range(since_ms, day_start_ms(turn.today) + 1, DAY_MS):
        day = day_of(at_ms)
        if day not in wanted and (day not in stored or _is_stale(stored[day], turn.now_ms)):
            yield day


def _edges_of(stored: days.SiteDay) -> tuple[str, str] | None:
    """None where the figures are of another version."""
    try:
        return DayFigures.from_json(stored.figures).edges
    except ValueError:
        return None


def _told_by(stored: days.SiteDay | None) -> tuple[str, ...]:
    """The days that the stored figures' readings told of: rows may since have moved to another day."""
    if stored is None:
        return ()
    try:
        return DayFigures.from_json(stored.figures).told_days
    except ValueError:
        return ()


def _is_stale(stored: days.SiteDay, now_ms: int) -> bool:
    end_ms = day_start_ms(stored.day) + DAY_MS
    if stored.computed_ms < min(end_ms, now_ms - REFRESH_MS):
        return True
    return _edges_of(stored) is None


def _row(site: str, figures: DayFigures, now_ms: int) -> days.SiteDay:
    return days.SiteDay(
        site=site,
        day=figures.day,
        figures=figures.to_json(),
        cur=figures.income.currency,
        income_minor=figures.income.net_minor,
        cash_minor=figures.income.cash_minor,
        pv_energy_wh=figures.solar.energy_wh,
        load_energy_wh=figures.load.energy_wh,
        coverage_permille=figures.coverage_permille,
        uptime_permille=figures.agent.permille,
        link_permille=figures.link.permille,
        computed_ms=now_ms,
    )
