"""The ledger as InfluxDB shows it: a copy that anybody may draw from, nobody may count on, and SQL can always remake.

Measurement `ledger_record`: one point a record; tags site, log, branch, boot, t, svc, pay, cur; integer fields n, amt,
cash, seq. What does not count in SQL is there with zeros. Two records of one millisecond would overwrite each other,
so the sequence number stands in the nanoseconds. Measurement `ledger_day`: one point a site, day and kind; tags site,
t, svc, pay, cur; integer fields n, amt, cash. Amounts are minor units. Writing again changes nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kiosk.time import DAY_MS, day_of, day_start_ms
from store.ledger_records import Record, Sums
from store.readings.influxdb_http import InfluxConnection
from store.readings.influxql import Table, of_site, select, whole, within
from store.readings.line_protocol import checked, escaped

RECORD, DAY = "ledger_record", "ledger_day"
_NS_PER_MS = 1_000_000
_SUMS = "sum(n),sum(amt),sum(cash)"


@dataclass(frozen=True, slots=True)
class Total:
    """What counts, taken together."""

    records: int = 0
    amt: int = 0
    """Effect on income, in minor units."""
    cash: int = 0
    """Effect on the cash box, in minor units."""

    def plus(self, other: Total) -> Total:
        """Both."""
        return Total(self.records + other.records, self.amt + other.amt, self.cash + other.cash)


@dataclass(frozen=True, slots=True)
class Difference:
    """A day on which the projection does not say what the book says."""

    site: str
    day: str
    cur: str
    measurement: str
    book: Total
    projected: Total


_Kind = tuple[str, str, str, str]
"""(t, svc, pay, cur)"""
_DayCur = tuple[str, str]
_Point = tuple[str, str, str, int, int]
"""(log, branch, boot, seq, UTC ms) of a record's point"""


class LedgerProjection:
    """Writes and compares the copy of one InfluxDB bucket."""

    def __init__(self, connection: InfluxConnection) -> None:
        self._connection = connection

    def write_records(self, records: Sequence[Record]) -> int:
        """Project dated records; gives how many have no date yet and were left out."""
        dated = [(record, record.utc_ms) for record in records if record.utc_ms is not None]
        self._write([_record_line(record, utc_ms) for record, utc_ms in dated])
        return len(records) - len(dated)

    def write_days(self, site: str, first: str, last: str, sums: Sequence[Sums]) -> None:
        """Make the days from `first` to `last` exactly what `sums` says; kinds that have gone become zeros."""
        wanted = {(each.day or "", (each.t, each.svc, each.pay, each.cur)): each for each in sums}
        gone = self._kinds(site, first, last) - wanted.keys()
        lines = [
            _day_line(site, day, kind, Total(each.records, each.amt, each.cash)) for (day, kind), each in wanted.items()
        ]
        self._write([*lines, *(_day_line(site, day, kind, Total()) for day, kind in sorted(gone))])

    def write_day(self, site: str, day: str, records: Sequence[Record], sums: Sequence[Sums]) -> None:
        """Make one day exactly what the book says of it; what has been dated to another day since is removed."""
        wanted = {_point(record): record for record in records}
        projected = self._points(site, day)
        if projected.keys() - wanted.keys():
            predicate = f'_measurement="{RECORD}" AND site="{checked(site)}"'
            self._connection.delete(predicate, f"{day}T00:00:00Z", f"{day}T23:59:59.999999999Z")
            projected = {}
        self.write_records([record for point, record in wanted.items() if projected.get(point) != _counted(record)])
        self.write_days(site, day, day, sums)

    def totals_by_type(self, site: str, measurement: str = RECORD) -> dict[str, Total]:
        """All that is projected of a site, by record type; amounts of several currencies are added up as numbers."""
        (tables,) = self._connection.query([select(_SUMS, measurement, [of_site(site)], "GROUP BY t")])
        return {table["tags"]["t"]: _total(row) for table in tables for row in table["values"]}

    def delete_boot(self, site: str, boot: str) -> None:
        """Remove the records of a boot, before they are written again under another date."""
        self._connection.delete(f'_measurement="{RECORD}" AND site="{checked(site)}" AND boot="{checked(boot)}"')

    def delete_site(self, site: str) -> None:
        """Remove all that is projected of a site, before it is made anew."""
        for measurement in (RECORD, DAY):
            self._connection.delete(f'_measurement="{measurement}" AND site="{checked(site)}"')

    def differences(self, site: str, first: str, last: str, sums: Iterable[Sums]) -> list[Difference]:
        """The days from `first` to `last` on which either measurement is not what SQL says; none is the proof."""
        book: defaultdict[_DayCur, Total] = defaultdict(Total)
        for each in sums:
            key = (each.day or "", each.cur)
            book[key] = book[key].plus(Total(each.records, each.amt, each.cash))
        found: list[Difference] = []
        for measurement in (RECORD, DAY):
            projected = self._totals(measurement, site, first, last)
            for day, cur in sorted({*book, *projected}):
                said, copied = book.get((day, cur), Total()), projected.get((day, cur), Total())
                if said != copied:
                    found.append(Difference(site, day, cur, measurement, said, copied))
        return found

    def _totals(self, measurement: str, site: str, first: str, last: str) -> dict[_DayCur, Total]:
        by = "GROUP BY time(1d),cur fill(none)"
        where = [of_site(site), _days(first, last)]
        (tables,) = self._connection.query([select(_SUMS, measurement, where, by)])
        return {(day_of(row[0]), table["tags"]["cur"]): _total(row) for table in tables for row in table["values"]}

    def _points(self, site: str, day: str) -> dict[_Point, Total]:
        """The points that the records of a day have now."""
        where = [of_site(site), _days(day, day)]
        (tables,) = self._connection.query([select("seq,n,amt,cash", RECORD, where, "GROUP BY log,branch,boot")])
        return {
            (tags["log"], tags["branch"], tags["boot"], whole(row[1]), row[0]): _total(row[1:])
            for tags, rows in ((table["tags"], table["values"]) for table in tables)
            for row in rows
        }

    def _kinds(self, site: str, first: str, last: str) -> set[tuple[str, _Kind]]:
        """The points that the days have now."""
        where = [of_site(site), _days(first, last)]
        (tables,) = self._connection.query([select("n", DAY, where, "GROUP BY t,svc,pay,cur")])
        return {(day_of(row[0]), _kind(table)) for table in tables for row in table["values"]}

    def _write(self, lines: Sequence[str]) -> None:
        self._connection.write_copy("the ledger's copy", lines, nanoseconds=True)


def _point(record: Record) -> _Point:
    """Of a dated record."""
    if record.utc_ms is None:
        raise ValueError(f"record {record.seq} of log {record.log} has no date and so no point")
    return record.log, str(record.branch), record.boot, record.seq, record.utc_ms


def _counted(record: Record) -> Total:
    return Total(1, record.amt, record.cash) if record.counts else Total()


def _total(row: Sequence[object]) -> Total:
    """A row's sums, which follow its time."""
    return Total(*(whole(value) for value in row[1:]))


def _record_line(record: Record, utc_ms: int) -> str:
    places = {"site": record.site, "log": record.log, "branch": str(record.branch), "boot": record.boot}
    tags = _tags({**places, **_named(record.t, record.svc, record.pay, record.cur)})
    at_ns = utc_ms * _NS_PER_MS + record.seq % _NS_PER_MS
    return f"{RECORD},{tags} {_fields(_counted(record))},seq={record.seq}i {at_ns}"


def _day_line(site: str, day: str, kind: _Kind, total: Total) -> str:
    return f"{DAY},{_tags({'site': site, **_named(*kind)})} {_fields(total)} {day_start_ms(day) * _NS_PER_MS}"


def _named(t: str, svc: str, pay: str, cur: str) -> dict[str, str]:
    return {"t": t, "svc": svc, "pay": pay, "cur": cur}


def _kind(table: Table) -> _Kind:
    tags = table["tags"]
    return tags["t"], tags["svc"], tags["pay"], tags["cur"]


def _fields(total: Total) -> str:
    return f"n={total.records}i,amt={total.amt}i,cash={total.cash}i"


def _tags(tags: dict[str, str]) -> str:
    """A tag without a value is not written; asked for, it is "" again."""
    return ",".join(f"{name}={escaped(value)}" for name, value in tags.items() if value)


def _days(first: str, last: str) -> str:
    return within(day_start_ms(first), day_start_ms(last) + DAY_MS)
