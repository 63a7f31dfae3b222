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


def datable(columns: Columns, offset_ms: int) -> bool:
    """Whether every row of a block gets a plausible date by this offset; if not, it has to wait for a better one."""
    return plausible_utc(columns.mono_ms[0] + offset_ms) and plausible_utc(columns.mono_ms[-1] + offset_ms)


def series_of(columns: Columns, schema: Schema, offset_ms: int) -> list[Series]:
    """One series a position; absent values are left out, and so are series without any. Full ones share their times."""
    times_ms = [mono_ms + offset_ms for mono_ms in columns.mono_ms]
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
