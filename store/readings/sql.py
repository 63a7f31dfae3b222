"""Readings in the relational store itself, for one server process and up to some twenty sites. Knows no block.

Same database as the ledger and not one of its own: a block is then marked as written in the transaction that writes
its values, so a power cut cannot part them, one commit waits for the disk instead of two, one connection writes, and
one file is the backup. The price is a larger file: 20 bytes a value. Runs on SQLite and PostgreSQL; what only one of
them reads is in the two statements below.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby, islice

from sqlalchemy import BigInteger, Connection, Row, and_, bindparam, delete, func, select

from store.engine import Store
from store.readings.base import POINTS_MAX, Batch, Bucket, Channel, Latest, Series, Values
from store.readings.resolutions import Part, merged, merged_buckets, refuse_too_many_buckets
from store.readings.sql_numbers import Numbers
from store.schema import reading, reading_boot
from store.schema import series as series_table

_WRITE_SQLITE = "INSERT OR REPLACE INTO reading (series_id, t_ms, boot_ref, value) VALUES (?, ?, ?, ?)"

_WRITE_POSTGRESQL = (
    "INSERT INTO reading (series_id, t_ms, boot_ref, value)"
    " SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[])"
    " ON CONFLICT (series_id, t_ms, boot_ref) DO UPDATE SET value = excluded.value"
    " WHERE reading.value <> excluded.value"
)
_ROWS_AT_ONCE = 20_000

# Built once, and not for each question: building a statement took as long as reading a day of a series.
_SPAN = (
    reading.c.series_id == bindparam("series_id"),
    reading.c.t_ms >= bindparam("start_ms"),
    reading.c.t_ms < bindparam("end_ms"),
)
_POINTS = select(reading.c.t_ms, reading.c.value).where(*_SPAN).order_by(reading.c.t_ms).limit(bindparam("points_max"))
_SUMS = (
    select(
        ((reading.c.t_ms - bindparam("start_ms")) // bindparam("interval_ms", type_=BigInteger)).label("slot"),
        func.avg(reading.c.value),
        func.min(reading.c.value),
        func.max(reading.c.value),
        func.count(),
        func.max(reading.c.t_ms).label("newest_ms"),
    )
    .where(*_SPAN)
    .group_by("slot")
    .subquery("sums")
)
_NEWEST = reading.alias("newest")
_BUCKETS = (
    select(_SUMS, _NEWEST.c.value)
    .where(_NEWEST.c.series_id == bindparam("series_id"), _NEWEST.c.t_ms == _SUMS.c.newest_ms)
    .order_by(_NEWEST.c.boot_ref)
)

_SeriesRow = Row[int, str, str, str, int]
"""id, site, device, metric, decimals"""

_Reading = tuple[int, int, int, int]
"""series_id, t_ms, boot_ref, value"""


class SqlReadings:
    """ReadingsStore on the tables series, reading_boot and reading. Joins the transaction that the thread is in."""

    beside = False

    def __init__(self, store: Store) -> None:
        self._store = store
        self._numbers = Numbers(store)
        self._write = _WRITERS[store.dialect]

    def write(self, site: str, boot: str, columns: Sequence[Series]) -> None:
        """See ReadingsStore."""
        self.write_many([Batch(site, boot, columns)])

    def write_many(self, batches: Sequence[Values]) -> None:
        """See ReadingsStore. Boots come in one order, so that two workers never wait for each other in a ring."""
        filled = [Batch(batch.site, batch.boot, [each for each in batch.columns if each.values]) for batch in batches]
        with self._store.join() as connection:
            ordered = sorted((batch for batch in filled if batch.columns), key=lambda batch: batch[:2])
            self._write(connection, [row for batch in ordered for row in self._rows(connection, batch)])

    def has_boot(self, site: str, boot: str) -> bool:
        """See ReadingsStore."""
        named = (reading_boot.c.site == site, reading_boot.c.boot == boot)
        with self._store.join() as connection:
            return connection.execute(select(reading_boot.c.id).where(*named)).first() is not None

    def delete_boot(self, site: str, boot: str) -> None:
        """See ReadingsStore."""
        named = (reading_boot.c.site == site, reading_boot.c.boot == boot)
        with self._store.join() as connection:
            known = connection.execute(select(reading_boot).where(*named).with_for_update()).one_or_none()
            if known is None:
                return
            series_ids = select(series_table.c.id).where(series_table.c.site == site)
            span = and_(reading.c.t_ms.between(known.from_ms, known.to_ms), reading.c.boot_ref == known.id)
            connection.execute(delete(reading).where(reading.c.series_id.in_(series_ids), span))
            connection.execute(delete(reading_boot).where(reading_boot.c.id == known.id))

    def latest(self, site: str) -> dict[tuple[str, str], Latest]:
        """See ReadingsStore."""
        found: dict[tuple[str, str], Latest] = {}
        with self._store.read() as connection:
            for row in _channels(connection, site):
                newest = connection.execute(
                    select(reading.c.t_ms, reading.c.value)
                    .where(reading.c.series_id == row.id)
                    .order_by(reading.c.t_ms.desc(), reading.c.boot_ref.desc())
                    .limit(1)
                ).one_or_none()
                before = found.get((row.device, row.metric))
                if newest is not None and (before is None or newest.t_ms > before.utc_ms):
                    found[row.device, row.metric] = Latest(newest.t_ms, newest.value, row.decimals)
        return found

    def series(
        self, site: str, device: str, metric: str, start_ms: int, end_ms: int, *, limit: int = POINTS_MAX
    ) -> Series:
        """See ReadingsStore."""
        with self._store.read() as connection:
            rows = _channels(connection, site, device, metric)
            if not rows:
                return Series(device, metric, 0, [], [])
            return _series(connection, rows, start_ms, end_ms, limit=limit)

    def buckets(
        self, site: str, device: str, metric: str, start_ms: int, end_ms: int, *, interval_ms: int
    ) -> list[Bucket]:
        """See ReadingsStore."""
        refuse_too_many_buckets(start_ms, end_ms, interval_ms)
        with self._store.read() as connection:
            rows = _channels(connection, site, device, metric)
            parts = [(row.decimals, _buckets(connection, row.id, start_ms, end_ms, interval_ms)) for row in rows]
        return merged_buckets(parts, max((row.decimals for row in rows), default=0))

    def day(self, site: str, start_ms: int, end_ms: int) -> list[Series]:
        """See ReadingsStore."""
        with self._store.read() as connection:
            found = [
                _series(connection, list(rows), start_ms, end_ms, limit=POINTS_MAX)
                for _, rows in groupby(_channels(connection, site), lambda row: (row.device, row.metric))
            ]
        return [series for series in found if series.values]

    def devices(self, site: str) -> list[Channel]:
        """See ReadingsStore."""
        with self._store.read() as connection:
            rows = _channels(connection, site)
        best = {(row.device, row.metric): row.decimals for row in rows}
        return [Channel(device, metric, decimals) for (device, metric), decimals in best.items()]

    def _rows(self, connection: Connection, batch: Batch) -> Iterator[_Reading]:
        """Rows of `reading`, by the numbers that stand for names."""
        low_ms = min(column.times_ms[0] for column in batch.columns)
        high_ms = max(column.times_ms[-1] for column in batch.columns)
        boot_ref = self._numbers.of_boot(connection, batch.site, batch.boot, low_ms, high_ms)
        for column in batch.columns:
            number = self._numbers.of_series(connection, batch.site, column)
            for time_ms, value in zip(column.times_ms, column.values, strict=True):
                yield number, time_ms, boot_ref, value


def _write_sqlite(connection: Connection, rows: list[_Reading]) -> None:
    """Past SQLAlchemy, which would look at every row: 2 of 3 microseconds a value."""
    raw = connection.connection.driver_connection
    if raw is None:
        raise RuntimeError("the connection is closed")
    raw.executemany(_WRITE_SQLITE, rows)


def _write_postgresql(connection: Connection, rows: list[_Reading]) -> None:
    """By columns: a statement a row would be a journey a row. Of a place that is given twice the last value counts."""
    latest = iter({row[:3]: row for row in rows}.values())
    while some := list(islice(latest, _ROWS_AT_ONCE)):
        connection.exec_driver_sql(_WRITE_POSTGRESQL, tuple(list(column) for column in zip(*some, strict=True)))


_WRITERS: dict[str, Callable[[Connection, list[_Reading]], None]] = {
    "sqlite": _write_sqlite,
    "postgresql": _write_postgresql,
}


def _channels(
    connection: Connection, site: str, device: str | None = None, metric: str | None = None
) -> Sequence[_SeriesRow]:
    """Rows of `series` by device, metric and rising decimals."""
    table = series_table.c
    query = select(table.id, table.site, table.device, table.metric, table.decimals).where(table.site == site)
    if device is not None:
        query = query.where(table.device == device)
    if metric is not None:
        query = query.where(table.metric == metric)
    return connection.execute(query.order_by(table.device, table.metric, table.decimals)).all()


def _series(connection: Connection, rows: Sequence[_SeriesRow], start_ms: int, end_ms: int, *, limit: int) -> Series:
    """One series, at least one row of `series`, in the finest resolution it was ever sent in."""
    parts: list[Part] = []
    for row in rows:
        asked = {"series_id": row.id, "start_ms": start_ms, "end_ms": end_ms, "points_max": limit + 1}
        # From the driver's own cursor, in tuples: a Row of SQLAlchemy for each point costs as much again.
        points = connection.execute(_POINTS, asked).cursor.fetchall()
        parts.append(Part(row.decimals, [point[0] for point in points], [point[1] for point in points]))
    return merged(rows[-1].device, rows[-1].metric, rows[-1].decimals, parts, limit)


def _buckets(connection: Connection, series_id: int, start_ms: int, end_ms: int, interval_ms: int) -> list[Bucket]:
    """What each interval holds, joined with the value at its newest instant."""
    asked = {"series_id": series_id, "start_ms": start_ms, "end_ms": end_ms, "interval_ms": interval_ms}
    # Where two boots have a value at that instant, the later boot's row comes last.
    found = {row[0]: row for row in connection.execute(_BUCKETS, asked)}
    return [
        Bucket(start_ms + number * interval_ms, float(mean), low, high, last, count)
        for number, mean, low, high, count, _, last in found.values()
    ]
