"""Readings in the relational store itself, for one server process and up to some twenty sites. Knows no block.

Same file as the ledger and not one of its own: a block is then marked as written in the transaction that writes its
values, so a power cut cannot part them, one commit waits for the disk instead of two, one connection writes, and one
file is the backup. The price is a larger file: 20 bytes a value. Only here stand statements that only SQLite reads.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain, groupby, repeat

from sqlalchemy import Connection, Row, and_, delete, func, select, update

from store.engine import Store
from store.errors import LimitError
from store.readings.base import (
    BUCKETS_MAX,
    POINTS_MAX,
    Batch,
    Bucket,
    Channel,
    Latest,
    Series,
    check_buckets,
)
from store.schema import reading, reading_boot
from store.schema import series as series_table
from store.upsert import insert_new

_WRITE = "INSERT OR REPLACE INTO reading (series_id, t_ms, boot_ref, value) VALUES (?, ?, ?, ?)"

_LAST = (
    "SELECT (t_ms - ?) / ? AS slot, series_id, value, max(t_ms) FROM reading"
    " WHERE series_id = ? AND t_ms >= ? AND t_ms < ? GROUP BY slot"
)
"""SQLite gives the bare columns of the row that holds the maximum."""

_SeriesRow = Row[int, str, str, str, int]
"""id, site, device, metric, decimals"""

_Key = tuple[str, str, str, int]
"""(site, device, metric, decimals)"""


class SqliteReadings:
    """ReadingsStore on the tables series, reading_boot and reading. Joins the transaction that the thread is in."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._series: dict[_Key, int] = {}
        self._boots: dict[tuple[str, str], tuple[int, int, int]] = {}
        self._known_rollbacks = store.rollbacks

    def write(self, site: str, boot: str, columns: Sequence[Series]) -> None:
        """See ReadingsStore."""
        self.write_many([Batch(site, boot, columns)])

    def write_many(self, batches: Sequence[Batch]) -> None:
        """See ReadingsStore."""
        with self._store.join() as connection:
            self._forget_rolled_back()
            _execute_many(connection, _WRITE, chain.from_iterable(self._rows(connection, each) for each in batches))

    def delete_boot(self, site: str, boot: str) -> None:
        """See ReadingsStore."""
        with self._store.join() as connection:
            self._boots.clear()
            known = connection.execute(
                select(reading_boot).where(reading_boot.c.site == site, reading_boot.c.boot == boot)
            ).one_or_none()
            if known is None:
                return
            span = and_(reading.c.t_ms.between(known.from_ms, known.to_ms), reading.c.boot_ref == known.id)
            for row in _channels(connection, site):
                connection.execute(delete(reading).where(reading.c.series_id == row.id, span))
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
            return _merged(connection, rows, start_ms, end_ms, limit=limit)

    def buckets(
        self, site: str, device: str, metric: str, start_ms: int, end_ms: int, *, interval_ms: int
    ) -> list[Bucket]:
        """See ReadingsStore."""
        if check_buckets(start_ms, end_ms, interval_ms) > BUCKETS_MAX:
            raise LimitError(f"more than {BUCKETS_MAX} intervals of {interval_ms} ms: ask for longer intervals")
        with self._store.read() as connection:
            rows = _channels(connection, site, device, metric)
            decimals = max((row.decimals for row in rows), default=0)
            parts = [
                _scaled(bucket, 10 ** (decimals - row.decimals))
                for row in rows
                for bucket in _buckets(connection, row.id, start_ms, end_ms, interval_ms)
            ]
        parts.sort(key=lambda bucket: bucket.start_ms)
        return [_joined(list(same)) for _, same in groupby(parts, key=lambda bucket: bucket.start_ms)]

    def day(self, site: str, start_ms: int, end_ms: int) -> list[Series]:
        """See ReadingsStore."""
        with self._store.read() as connection:
            found = [
                _merged(connection, list(rows), start_ms, end_ms, limit=POINTS_MAX)
                for _, rows in groupby(_channels(connection, site), lambda row: (row.device, row.metric))
            ]
        return [series for series in found if series.values]

    def devices(self, site: str) -> list[Channel]:
        """See ReadingsStore."""
        with self._store.read() as connection:
            rows = _channels(connection, site)
        best = {(row.device, row.metric): row.decimals for row in rows}
        return [Channel(device, metric, decimals) for (device, metric), decimals in best.items()]

    def _rows(self, connection: Connection, batch: Batch) -> Iterable[tuple[int, ...]]:
        """Rows of `reading`, with the numbers that stand for names looked up first."""
        filled = [column for column in batch.columns if column.values]
        if not filled:
            return ()
        low, high = min(column.times_ms[0] for column in filled), max(column.times_ms[-1] for column in filled)
        boot_ref = self._boot_ref(connection, batch.site, batch.boot, (low, high))
        return chain.from_iterable(
            [
                zip(
                    repeat(self._series_id(connection, batch.site, column)),
                    column.times_ms,
                    repeat(boot_ref),
                    column.values,
                )
                for column in filled
            ]
        )

    def _forget_rolled_back(self) -> None:
        """Ids that a transaction made and took back must not be used."""
        if self._known_rollbacks != self._store.rollbacks:
            self._series.clear()
            self._boots.clear()
            self._known_rollbacks = self._store.rollbacks

    def _series_id(self, connection: Connection, site: str, column: Series) -> int:
        key = (site, column.device, column.metric, column.decimals)
        known = self._series.get(key)
        if known is None:
            names = dict(zip(("site", "device", "metric", "decimals"), key, strict=True))
            insert_new(connection, series_table, [names])
            known = connection.execute(select(series_table.c.id).filter_by(**names)).scalar_one()
            self._series[key] = known
        return known

    def _boot_ref(self, connection: Connection, site: str, boot: str, span_ms: tuple[int, int]) -> int:
        """The boot's small number; its span is kept so that it can be deleted without a search through all time."""
        low, high = span_ms
        known = self._boots.get((site, boot))
        if known is None:
            row = {"site": site, "boot": boot, "from_ms": low, "to_ms": high}
            insert_new(connection, reading_boot, [row])
            found = connection.execute(select(reading_boot).filter_by(site=site, boot=boot)).one()
            known = (found.id, found.from_ms, found.to_ms)
        ref, from_ms, to_ms = known
        if low < from_ms or high > to_ms:
            from_ms, to_ms = min(low, from_ms), max(high, to_ms)
            changed = update(reading_boot).where(reading_boot.c.id == ref).values(from_ms=from_ms, to_ms=to_ms)
            connection.execute(changed)
        self._boots[site, boot] = (ref, from_ms, to_ms)
        return ref


def _execute_many(connection: Connection, statement: str, rows: Iterable[tuple[int, ...]]) -> None:
    """Past SQLAlchemy, which would look at every row: 2 of 3 microseconds a value."""
    raw = connection.connection.driver_connection
    if raw is None:
        raise RuntimeError("the connection is closed")
    raw.executemany(statement, rows)


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


def _merged(connection: Connection, rows: Sequence[_SeriesRow], start_ms: int, end_ms: int, *, limit: int) -> Series:
    """One series, at least one row of `series`, in the finest resolution it was ever sent in."""
    device, metric = rows[-1].device, rows[-1].metric
    decimals = rows[-1].decimals
    points: list[tuple[int, int]] = []
    for row in rows:
        scale = 10 ** (decimals - row.decimals)
        found = connection.exec_driver_sql(
            "SELECT t_ms, value FROM reading WHERE series_id = ? AND t_ms >= ? AND t_ms < ? ORDER BY t_ms LIMIT ?",
            (row.id, start_ms, end_ms, limit + 1),
        ).fetchall()
        points += [(found_ms, value * scale) for found_ms, value in found] if scale > 1 else map(tuple, found)
    if len(points) > limit:
        raise LimitError(f"more than {limit} values of {device} {metric}: ask for a shorter span, or for intervals")
    if len(rows) > 1:
        points.sort()
    return Series(device, metric, decimals, [point[0] for point in points], [point[1] for point in points])


def _buckets(connection: Connection, series_id: int, start_ms: int, end_ms: int, interval_ms: int) -> list[Bucket]:
    slot = ((reading.c.t_ms - start_ms) // interval_ms).label("slot")
    sums = connection.execute(
        select(slot, func.avg(reading.c.value), func.min(reading.c.value), func.max(reading.c.value), func.count())
        .where(reading.c.series_id == series_id, reading.c.t_ms >= start_ms, reading.c.t_ms < end_ms)
        .group_by(slot)
    ).all()
    last = connection.exec_driver_sql(_LAST, (start_ms, interval_ms, series_id, start_ms, end_ms))
    newest = {number: value for number, _, value, _ in last}
    return [
        Bucket(start_ms + number * interval_ms, float(mean), low, high, newest[number], count)
        for number, mean, low, high, count in sums
    ]


def _scaled(bucket: Bucket, scale: int) -> Bucket:
    if scale == 1:
        return bucket
    return Bucket(
        bucket.start_ms, bucket.mean * scale, bucket.low * scale, bucket.high * scale, bucket.last * scale, bucket.count
    )


def _joined(parts: list[Bucket]) -> Bucket:
    """Buckets of one interval in several resolutions as one; the finest, which comes last, is taken as the newest."""
    if len(parts) == 1:
        return parts[0]
    count = sum(part.count for part in parts)
    mean = sum(part.mean * part.count for part in parts) / count
    low, high = min(part.low for part in parts), max(part.high for part in parts)
    return Bucket(parts[0].start_ms, mean, low, high, parts[-1].last, count)
