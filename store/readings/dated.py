"""A decoded block as dated series: the one translation from rows on the wire to what a readings store keeps.

Used by ingest when a block comes and by office when a boot is dated anew. Knows no SQL.
"""

from __future__ import annotations

from kiosk.time import DAY_MS, day_of
from kiosk.wire.block import Columns
from kiosk.wire.schema import Schema
from store.blocks import FlaggedValue
from store.boots import plausible_utc
from store.readings.base import Series


class DatedBlock:
    """A decoded block with its date, as values for a readings store: series are made only where somebody asks."""

    __slots__ = ("_columns", "block", "boot", "offset_ms", "schema", "site")

    def __init__(self, site: str, block: Columns, schema: Schema, offset_ms: int) -> None:
        """UTC is monotonic time + `offset_ms`."""
        self.site = site
        self.boot = block.boot
        self.block = block
        self.schema = schema
        self.offset_ms = offset_ms
        self._columns: list[Series] | None = None

    @property
    def rows(self) -> int:
        """Instants."""
        return len(self.block.mono_ms)

    @property
    def times_ms(self) -> list[int]:
        """UTC of each row."""
        offset_ms = self.offset_ms
        return [mono_ms + offset_ms for mono_ms in self.block.mono_ms]

    @property
    def columns(self) -> list[Series]:
        """One a position; absent values are left out, and so are series without any. Full ones share their times."""
        if self._columns is None:
            self._columns = _series_of(self.block, self.schema, self.times_ms)
        return self._columns


def datable(columns: Columns, offset_ms: int) -> bool:
    """Whether every row of a block gets a plausible date by this offset; if not, it has to wait for a better one."""
    return plausible_utc(columns.mono_ms[0] + offset_ms) and plausible_utc(columns.mono_ms[-1] + offset_ms)


def _series_of(columns: Columns, schema: Schema, times_ms: list[int]) -> list[Series]:
    rows = len(times_ms)
    dated: list[Series] = []
    for position, (device, metric, decimals) in enumerate(schema.columns):
        column = columns.values[position]
        values = [value for value in column if value is not None]
        if len(values) == rows:
            dated.append(Series(device, metric, decimals, times_ms, values))
        elif values:
            present = [times_ms[row] for row in range(rows) if column[row] is not None]
            dated.append(Series(device, metric, decimals, present, values))
    return dated


def flagged_of(columns: Columns, schema: Schema, site: str, offset_ms: int) -> list[FlaggedValue]:
    """The values that the edge does not believe."""
    found: list[FlaggedValue] = []
    for row, flag in columns.flags:
        device, metric, _ = schema.columns[flag.position]
        mono_ms = columns.mono_ms[row]
        where = (site, columns.boot, device, metric, mono_ms, mono_ms + offset_ms)
        found.append(FlaggedValue(*where, flag.code, flag.raw))
    return found


def days_of(columns: Columns, offset_ms: int) -> set[str]:
    """The civil days in which rows of the block lie."""
    first_ms, last_ms = columns.mono_ms[0] + offset_ms, columns.mono_ms[-1] + offset_ms
    if first_ms // DAY_MS == last_ms // DAY_MS:
        return {day_of(first_ms)}
    return {day_of(day * DAY_MS) for day in {(mono_ms + offset_ms) // DAY_MS for mono_ms in columns.mono_ms}}
