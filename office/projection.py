"""Keeps the copy of ledger and figures in InfluxDB as SQL says, proves it, and makes it anew. The book is SQL, always.

A record that comes, counts no longer or is dated anew marks its days dirty; the summariser hands those days over before
it takes them off its list, so the copy of a day is repeated until it was written whole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kiosk.time import day_of
from store import days, ledger_records, sites
from store.boots import EARLIEST_MS, LATEST_MS
from store.days import SiteDay
from store.engine import Store
from store.ledger_records import Sums
from store.readings.figure_projection import FigureDifference, FigureProjection
from store.readings.health_projection import HealthProjection
from store.readings.ledger_projection import DAY, RECORD, Difference, LedgerProjection, Total

FIRST_DAY, LAST_DAY = day_of(EARLIEST_MS), day_of(LATEST_MS - 1)
"""No record is dated outside."""
WAITING_MAX = 10_000


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the comparison of one site's book with its copy has shown."""

    site: str
    records: int
    """That count and are dated."""
    amounts: dict[str, int]
    """Currency -> effect on income in the book, minor units."""
    differences: Sequence[Difference]
    undated: int
    """Records without a date yet: in the book only, because a copy is by days."""
    waiting: frozenset[str]
    """Days that the office has still to hand over."""
    figures: Sequence[FigureDifference] = ()
    """Days whose figures are not copied as they were computed."""

    def off_by(self, cur: str) -> int:
        """By how much the worse of both measurements is wrong, minor units: day by day, so that nothing cancels out."""
        wrong: Counter[str] = Counter()
        for each in self.differences:
            if each.cur == cur:
                book, copied = each.book, each.projected
                wrong[each.measurement] += max(abs(book.amt - copied.amt), abs(book.cash - copied.cash))
        return max(wrong.values(), default=0)

    @property
    def currencies(self) -> list[str]:
        """Of the book and of the copy."""
        return sorted({*self.amounts, *(each.cur for each in self.differences)})


class Projection:
    """Between the relational store and one bucket. Calls may raise RetryLater or RepairFirst, and be repeated."""

    def __init__(
        self,
        store: Store,
        copy: LedgerProjection,
        figures: FigureProjection | None = None,
        health: HealthProjection | None = None,
    ) -> None:
        """`figures` and `health` are told for boards; without them the ledger alone is copied."""
        self._store = store
        self._copy = copy
        self._figures = figures
        self.health = health

    def write(self, site_days: Iterable[tuple[str, str]]) -> None:
        """Make these days, (site, day), what the book says now."""
        for site, day in site_days:
            with self._store.read() as connection:
                records = ledger_records.of_day(connection, site, day)
                sums = ledger_records.sums(connection, site, day, day)
            self._copy.write_day(site, day, records, sums)

    def write_figures(self, computed: Sequence[SiteDay]) -> None:
        """Make the copy of these days' figures what was computed."""
        if self._figures is not None:
            self._figures.write(computed)

    def rebuild(self, site: str) -> int:
        """Make the copy of a site anew; gives how many days its ledger has."""
        self._copy.delete_site(site)
        with self._store.read() as connection:
            recorded = ledger_records.recorded_days(connection, site)
        self.write((site, day) for day in recorded)
        if self._figures is not None:
            self._figures.delete_site(site)
            self._figures.write(self._computed(site))
        return len(recorded)

    def verify(self, site: str) -> Verdict:
        """Compare the whole copy of a site with its book."""
        with self._store.read() as connection:
            sums = ledger_records.sums(connection, site, FIRST_DAY, LAST_DAY)
            undated = len(ledger_records.undated(connection, site))
            dirty = days.dirty_days(connection, WAITING_MAX)
        return Verdict(
            site=site,
            records=sum(each.records for each in sums),
            amounts=_amounts(sums),
            differences=self._copy.differences(site, FIRST_DAY, LAST_DAY, sums),
            undated=undated,
            waiting=frozenset(each.day for each in dirty if each.site == site),
            figures=self._figure_differences(site),
        )

    def _figure_differences(self, site: str) -> Sequence[FigureDifference]:
        if self._figures is None:
            return ()
        return self._figures.differences(site, FIRST_DAY, LAST_DAY, self._computed(site))

    def _computed(self, site: str) -> list[SiteDay]:
        with self._store.read() as connection:
            return days.between(connection, site, FIRST_DAY, LAST_DAY)

    def copied(self, site: str) -> dict[str, dict[str, Total]]:
        """All that the copy has of a site: measurement -> record type -> total."""
        return {measurement: self._copy.totals_by_type(site, measurement) for measurement in (RECORD, DAY)}

    def sites(self) -> list[str]:
        """Codes of all registered sites."""
        with self._store.read() as connection:
            return [site.code for site in sites.all_sites(connection)]


def _amounts(sums: Iterable[Sums]) -> dict[str, int]:
    amounts: Counter[str] = Counter()
    for each in sums:
        amounts[each.cur] += each.amt
    return dict(amounts)
