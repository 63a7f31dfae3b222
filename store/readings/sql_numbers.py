"""The numbers that stand for series and boots in the table `reading`. Knows no value.

Numbers are remembered only once they are committed: another thread must not use one that may yet be taken back.
"""

from __future__ import annotations

import threading

from sqlalchemy import BindParameter, Connection, bindparam, case, select, update

from store.engine import Store
from store.readings.base import Series
from store.schema import reading_boot
from store.schema import series as series_table
from store.upsert import insert_new

SeriesKey = tuple[str, str, str, int]
"""(site, device, metric, decimals)"""
BootKey = tuple[str, str]

_low: BindParameter[int] = bindparam("low_ms")
_high: BindParameter[int] = bindparam("high_ms")
_WIDEN = (
    update(reading_boot)
    .where(reading_boot.c.id == bindparam("ref"))
    .values(
        from_ms=case((reading_boot.c.from_ms < _low, reading_boot.c.from_ms), else_=_low),
        to_ms=case((reading_boot.c.to_ms > _high, reading_boot.c.to_ms), else_=_high),
    )
)


class Numbers:
    """Looks them up, and makes those that are missing, in the transaction at hand."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._series: dict[SeriesKey, int] = {}
        self._boots: dict[BootKey, int] = {}
        self._thread = threading.local()

    def of_series(self, connection: Connection, site: str, column: Series) -> int:
        """The number of a series in one resolution."""
        key = (site, column.device, column.metric, column.decimals)
        known = self._series.get(key)
        return self._fresh(connection).series(connection, key) if known is None else known

    def of_boot(self, connection: Connection, site: str, boot: str, low_ms: int, high_ms: int) -> int:
        """The number of a boot, whose span is kept so that it is deleted without a search through all time.

        The row is changed each time: that it is still there is then certain, and on PostgreSQL it stays locked, so
        that no other worker deletes the boot while values of it are written.
        """
        known = self._boots.get((site, boot)) or self._fresh(connection).boots.get((site, boot))
        span = {"low_ms": low_ms, "high_ms": high_ms}
        if known is not None and connection.execute(_WIDEN, {"ref": known, **span}).rowcount == 1:
            return known
        insert_new(connection, reading_boot, [{"site": site, "boot": boot, "from_ms": low_ms, "to_ms": high_ms}])
        found: int = connection.execute(select(reading_boot.c.id).filter_by(site=site, boot=boot)).scalar_one()
        connection.execute(_WIDEN, {"ref": found, **span})
        self._fresh(connection).boots[site, boot] = found
        return found

    def _fresh(self, connection: Connection) -> _Fresh:
        """What this transaction has looked up; for everybody once it is committed."""
        fresh: _Fresh | None = getattr(self._thread, "fresh", None)
        if fresh is None or fresh.connection is not connection:
            fresh = self._thread.fresh = _Fresh(connection)
            self._store.when_committed(self._share)
        return fresh

    def _share(self) -> None:
        fresh: _Fresh = self._thread.fresh
        self._series.update(fresh.numbers)
        self._boots.update(fresh.boots)
        self._thread.fresh = None


class _Fresh:
    """Numbers that one transaction looked up."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.numbers: dict[SeriesKey, int] = {}
        self.boots: dict[BootKey, int] = {}

    def series(self, connection: Connection, key: SeriesKey) -> int:
        known = self.numbers.get(key)
        if known is None:
            names = dict(zip(("site", "device", "metric", "decimals"), key, strict=True))
            insert_new(connection, series_table, [names])
            known = connection.execute(select(series_table.c.id).filter_by(**names)).scalar_one()
            self.numbers[key] = known
        return known
