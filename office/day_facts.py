"""Collects from the stores what figures/ wants to know of one site's day. Computes nothing that is shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from sqlalchemy import Connection

from figures.energy import LOAD, SHELF, SOLAR
from figures.facts import TOLD_BY, BootSpan, DayFacts, Flagged, IncomeRow, Parameters, PastDay, Points
from figures.spans import Span
from kiosk.ledger.format import parse
from kiosk.ledger.types import text_of
from kiosk.time import DAY_MS, day_of, day_start_ms
from office import controller_days
from store import blocks, boots, ledger_records, sites, status, streams
from store.readings.base import Bucket, ReadingsStore, Series

BEFORE_MS = 1_800_000
"""So much before the day is read: whether the battery was at rest, or falling, when it began."""
AFTER_MS = 900_000
SEARCH_DAYS = 62
"""A counter's last value before a gap, and its first after it, are looked for within so many days."""
_CADENCE_S = 900

_HOUR_MS = 3_600_000
_COUNTERS = frozenset(source.counter for source in (SOLAR, LOAD, SHELF))
_TRENDS = frozenset(("battery_voltage_v", "load_on"))
"""Metrics that tell why an agent went silent: needed from before a gap however long it is."""


def day_facts(
    connection: Connection, readings: ReadingsStore, site: str, day: str, now_ms: int, parameters: Parameters
) -> DayFacts:
    """Everything that is known of the day."""
    start_ms = day_start_ms(day)
    inside = readings.day(site, start_ms - BEFORE_MS, start_ms + DAY_MS + AFTER_MS)
    return _facts(connection, readings, site, day, now_ms, parameters, inside)


def edge_facts(
    connection: Connection, readings: ReadingsStore, site: str, day: str, now_ms: int, parameters: Parameters
) -> DayFacts:
    """The same without the day's own readings: as much as DayFacts.edges looks at, for a tenth of the cost."""
    start_ms = day_start_ms(day)
    outside = [
        *readings.day(site, start_ms - BEFORE_MS, start_ms),
        *readings.day(site, start_ms + DAY_MS, start_ms + DAY_MS + AFTER_MS),
    ]
    return _facts(connection, readings, site, day, now_ms, parameters, outside)


def _facts(
    connection: Connection,
    readings: ReadingsStore,
    site: str,
    day: str,
    now_ms: int,
    parameters: Parameters,
    found: Sequence[Series],
) -> DayFacts:
    start_ms = day_start_ms(day)
    end_ms = start_ms + DAY_MS
    standing = status.get(connection, site)
    known = sites.get(connection, site)
    known_boots = boots.of_site(connection, site)
    series, history = _with_edges(readings, site, start_ms, now_ms, found, _lives(known_boots))
    flagged = Counter((each.device, each.metric) for each in blocks.flagged(connection, site, start_ms, end_ms))
    return DayFacts(
        day=day,
        now_ms=now_ms,
        series=series,
        boots=_boots(known_boots, *_reach(series, start_ms, end_ms)),
        undated_boots=_undated_within(known_boots, start_ms, end_ms),
        arrivals_ms=tuple(status.arrivals(connection, site, start_ms, end_ms)),
        cadence_s=(standing.cadence_s if standing else None) or _CADENCE_S,
        currency=known.cur if known else "XOF",
        income=tuple(income_row(each) for each in ledger_records.of_day(connection, site, day) if each.counts),
        flagged=tuple(Flagged(device, metric, count) for (device, metric), count in sorted(flagged.items())),
        rows_waiting=(standing.rows_waiting if standing else None) or 0,
        dropped_rows=streams.gap_rows_of(connection, site),
        parameters=parameters,
        history=history,
    )


def income_row(record: ledger_records.Record) -> IncomeRow:
    """A stored record as figures see it: a line of the paper notebook is what it stands for."""
    kind = text_of(parse(record.payload), "as") if record.t == "FALLBACK" else record.t
    return IncomeRow(
        log=record.log,
        seq=record.seq,
        at_ms=record.utc_ms or 0,
        kind=kind,
        service=record.svc,
        pay=record.pay,
        amount_minor=record.amt,
        cash_minor=record.cash,
        box_minor=record.box,
    )


def _reach(series: Sequence[Points], start_ms: int, end_ms: int) -> tuple[int, int]:
    """The day, with the gaps over its midnights: each day that shares a gap must know the same boots in it."""
    spoken = [points.times_ms for points in series if points.times_ms]
    return min([start_ms, *(each[0] for each in spoken)]), max([end_ms, *(each[-1] for each in spoken)])


def _boots(known: Sequence[boots.Boot], start_ms: int, end_ms: int) -> tuple[BootSpan, ...]:
    """The dated boots of a span of time with their nearest neighbours."""
    dated = [
        BootSpan(each.boot, each.start_ms, each.end_ms)
        for each in known
        if each.start_ms is not None and each.end_ms is not None
    ]
    touching = [each for each in dated if each.start_ms < end_ms and each.end_ms > start_ms]
    before = max((each for each in dated if each.end_ms <= start_ms), key=lambda each: each.end_ms, default=None)
    after = min((each for each in dated if each.start_ms >= end_ms), key=lambda each: each.start_ms, default=None)
    return tuple(each for each in (before, *touching, after) if each is not None)


def _undated_within(known: Sequence[boots.Boot], start_ms: int, end_ms: int) -> int:
    """Boots without a clock lie between the dated ones of the numbers around them."""
    count = waiting = 0
    last_end_ms: int | None = None
    for each in known:
        if each.start_ms is None:
            waiting += 1
            continue
        if waiting and (last_end_ms is None or last_end_ms < end_ms) and each.start_ms > start_ms:
            count += waiting
        waiting, last_end_ms = 0, each.end_ms
    if waiting and (last_end_ms is None or last_end_ms < end_ms):
        count += waiting
    return count


def _with_edges(
    readings: ReadingsStore, site: str, start_ms: int, now_ms: int, found: Sequence[Series], lives: Sequence[Span]
) -> tuple[tuple[Points, ...], tuple[PastDay, ...]]:
    """The readings found, with one value after the day each, and with what a counter needs from beyond a gap; and what
    controllers remember of the days of its gaps."""
    end_ms = start_ms + DAY_MS
    merged: dict[tuple[str, str], Points] = {}
    for each in found:
        before = merged.get((each.device, each.metric))
        points = _cut(each, end_ms)
        merged[each.device, each.metric] = points if before is None else _joined(before, points)
    channels = readings.devices(site)
    for channel in channels:
        if channel.metric not in _COUNTERS | _TRENDS:
            continue
        key = (channel.device, channel.metric)
        points = merged.get(key, Points(channel.device, channel.metric, channel.decimals, (), ()))
        if not points.times_ms or points.times_ms[0] >= start_ms:
            points = _joined(_last_before(readings, site, points, start_ms - BEFORE_MS, lives), points)
        lacks_after = not points.times_ms or points.times_ms[-1] < end_ms
        if channel.metric in _COUNTERS and lacks_after and now_ms > end_ms + AFTER_MS:
            points = _joined(points, _first_after(readings, site, points, end_ms + AFTER_MS, lives))
        if points.times_ms:
            merged[key] = points
    remembering = sorted(channel.device for channel in channels if channel.metric == TOLD_BY)
    history = tuple(
        past
        for device in remembering
        for past in controller_days.of_gap(readings, site, device, start_ms, merged.get((device, SOLAR.counter)))
    )
    for device in remembering:
        key = (device, SOLAR.counter)
        if key in merged:
            told = {past.day for past in history if past.device == device}
            merged[key] = _with_edge_days(readings, site, start_ms, merged[key], told)
    return tuple(merged[key] for key in sorted(merged)), history


def _with_edge_days(readings: ReadingsStore, site: str, start_ms: int, points: Points, told: set[str]) -> Points:
    """With the counter's readings of the days on which a gap began and ended, where the controller remembers them:
    what was counted there is not the gap's."""
    end_ms = start_ms + DAY_MS
    before = [at_ms for at_ms in points.times_ms if at_ms < start_ms][-1:]
    after = [at_ms for at_ms in points.times_ms if at_ms >= end_ms][:1]
    for at_ms in (*before, *after):
        day_ms = day_start_ms(day_of(at_ms))
        if day_of(at_ms) not in told or start_ms - BEFORE_MS <= at_ms < end_ms + AFTER_MS:
            continue
        found = readings.series(site, points.device, points.metric, day_ms, day_ms + DAY_MS)
        read = _between(found, day_ms, at_ms - 1) if at_ms < start_ms else _between(found, at_ms + 1, day_ms + DAY_MS)
        points = _joined(read, points) if at_ms < start_ms else _joined(points, read)
    return points


def _cut(series: Series, end_ms: int) -> Points:
    """Up to the first value after the day."""
    count = len(series.times_ms)
    while count > 1 and series.times_ms[count - 2] >= end_ms:
        count -= 1
    times_ms, values = series.times_ms, series.values
    if count < len(times_ms):
        times_ms, values = times_ms[:count], values[:count]
    return Points(series.device, series.metric, series.decimals, times_ms, values)


def _joined(first: Points, second: Points) -> Points:
    """Two parts of one series, in the finer of their resolutions."""
    decimals = max(first.decimals, second.decimals)
    values = [value * int(10 ** (decimals - part.decimals)) for part in (first, second) for value in part.values]
    return Points(first.device, first.metric, decimals, [*first.times_ms, *second.times_ms], values)


def _last_before(readings: ReadingsStore, site: str, points: Points, before_ms: int, lives: Sequence[Span]) -> Points:
    """The last value of a counter before an instant; of what tells a trend, the half hour that ends with it."""
    end_ms = before_ms
    for days in (1, 7, SEARCH_DAYS):
        start_ms = before_ms - days * DAY_MS
        buckets = _hours(readings, site, points, (start_ms, end_ms), lives)
        if buckets:
            hour_ms = buckets[-1].start_ms
            found = readings.series(site, points.device, points.metric, hour_ms - BEFORE_MS, hour_ms + _HOUR_MS)
            last = [at_ms for at_ms in found.times_ms if at_ms < end_ms][-1]
            first = last - BEFORE_MS if points.metric in _TRENDS else last
            return _between(found, first, last)
        end_ms = start_ms
    return Points(points.device, points.metric, points.decimals, (), ())


def _first_after(readings: ReadingsStore, site: str, points: Points, after_ms: int, lives: Sequence[Span]) -> Points:
    """The first value of a counter at or after an instant."""
    start_ms = after_ms
    for days in (1, 7, SEARCH_DAYS):
        end_ms = after_ms + days * DAY_MS
        buckets = _hours(readings, site, points, (start_ms, end_ms), lives)
        if buckets:
            hour_ms = buckets[0].start_ms
            found = readings.series(site, points.device, points.metric, hour_ms, min(hour_ms + _HOUR_MS, end_ms))
            return _between(found, found.times_ms[0], found.times_ms[0])
        start_ms = end_ms
    return Points(points.device, points.metric, points.decimals, (), ())


def _lives(known: Sequence[boots.Boot]) -> list[Span]:
    """When agents lived, an hour wide on both sides: a boot may just be dated anew, its rows stand where it was."""
    return [
        (each.start_ms - _HOUR_MS, each.end_ms + _HOUR_MS)
        for each in known
        if each.start_ms is not None and each.end_ms is not None
    ]


def _hours(readings: ReadingsStore, site: str, points: Points, span: Span, lives: Sequence[Span]) -> Sequence[Bucket]:
    """The hours of a span in which the metric was read; the store is not asked of a time in which no agent lived."""
    if lives and not any(start_ms < span[1] and end_ms > span[0] for start_ms, end_ms in lives):
        return ()
    return readings.buckets(site, points.device, points.metric, *span, interval_ms=_HOUR_MS)


def _between(series: Series, first_ms: int, last_ms: int) -> Points:
    kept = [
        (at_ms, value)
        for at_ms, value in zip(series.times_ms, series.values, strict=True)
        if first_ms <= at_ms <= last_ms
    ]
    return Points(
        series.device, series.metric, series.decimals, [at_ms for at_ms, _ in kept], [value for _, value in kept]
    )
