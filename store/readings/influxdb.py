"""Readings in InfluxDB 2, for a city's or an NGO's server: one line an instant and device. Knows no SQL.

Measurement `reading`, tags site, device and boot, one integer field a metric and resolution (line_protocol). The boot
is a tag because deletion goes by tags, and a boot that is dated anew must leave nothing behind. Measurement `channel`
holds one point a site and device that names its fields: what a site has ever sent is then read in a millisecond
instead of searched for through all years.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress

from store.errors import LimitError, RefusedValues, RepairFirst
from store.readings.base import POINTS_MAX, Batch, Bucket, Channel, Latest, Refusal, Series, Values
from store.readings.dated import DatedBlock
from store.readings.influxdb_http import InfluxConnection, RefusedLines
from store.readings.influxql import (
    AGGREGATES,
    ANY_FIELD,
    Key,
    Table,
    WrittenMeanwhile,
    all_resolutions,
    buckets_of,
    channels_of,
    known_channels,
    of_device,
    of_site,
    one_field,
    parts_of,
    select,
    whole,
    within,
)
from store.readings.line_protocol import FIELD, READING, channel_lines, checked, lines_of
from store.readings.resolutions import Part, merged, merged_buckets, refuse_too_many_buckets

LINES_MAX = 20_000
"""So many lines go in one request: some 5 MB."""
RECENT: tuple[list[str], ...] = (["time>now()-8d"], ["time>now()-90d"], [])
"""Where the newest value is looked for, by the server's clock: most sites spoke this week, and years take long."""
KNOWN_MAX = 200_000
"""So many channels are remembered as told: 2,000 sites with three devices."""

ASKED_AT_MOST = 5
"""So often for buckets while somebody writes: one answer in eight is torn where that never pauses."""


class InfluxReadings:
    """ReadingsStore on an InfluxDB 2 bucket made by influxdb_setup.set_up. Usable from any thread."""

    beside = True

    def __init__(self, connection: InfluxConnection) -> None:
        self._connection = connection
        self._told: set[tuple[str, str, str, int]] = set()
        """(site, device, metric, decimals)"""
        self._told_schemas: set[tuple[str, str]] = set()
        """(site, hash) of schemas of which each channel is told."""

    def check(self) -> None:
        """Raise RepairFirst unless the server answers and the bucket holds nothing but our integers."""
        for table in self._connection.query([f"SHOW FIELD KEYS FROM {READING}"])[0]:
            for name, kind in table["values"]:
                if kind != "integer" or not FIELD.fullmatch(name):
                    raise RepairFirst(
                        f"bucket {self._connection.settings.bucket} has a field {name} of type {kind} in {READING},"
                        " which somebody else wrote: give the readings a bucket of their own"
                    )

    def write(self, site: str, boot: str, columns: Sequence[Series]) -> None:
        """See ReadingsStore."""
        self.write_many([Batch(site, boot, columns)])

    def write_many(self, batches: Sequence[Values]) -> None:
        """See ReadingsStore. Of a request that is refused, everything that the server takes is written."""
        self._tell_channels(batches)
        refused: list[Refusal] = []
        for request in _requests(batches):
            refused += self._write_what_is_taken(request)
        if refused:
            raise RefusedValues(tuple(refused))

    def has_boot(self, site: str, boot: str) -> bool:
        """See ReadingsStore. A fifth of what a deletion costs that finds nothing."""
        where = f"{of_site(site)} AND boot='{checked(boot)}'"
        return bool(self._connection.query([f"SHOW SERIES FROM {READING} WHERE {where} LIMIT 1"])[0])

    def delete_boot(self, site: str, boot: str) -> None:
        """See ReadingsStore."""
        self._connection.delete(f'_measurement="{READING}" AND site="{checked(site)}" AND boot="{checked(boot)}"')

    def latest(self, site: str) -> dict[tuple[str, str], Latest]:
        """See ReadingsStore."""
        known = known_channels(self._connection.query([channels_of(site)])[0])
        missing = [(key, decimals) for key, each in sorted(known.items()) for decimals in each]
        found: dict[tuple[str, str], Latest] = {}
        for window in RECENT:
            missing = self._add_latest(site, missing, window, found)
        return found

    def series(
        self, site: str, device: str, metric: str, start_ms: int, end_ms: int, *, limit: int = POINTS_MAX
    ) -> Series:
        """See ReadingsStore."""
        where = [of_site(site), of_device(device), within(start_ms, end_ms)]
        known, tables = self._ask(site, select(all_resolutions(metric), READING, where, f"LIMIT {limit + 1}"))
        decimals = known.get((device, metric), [0])[-1]
        return merged(device, metric, decimals, [part for table in tables for _, part in parts_of(table)], limit)

    def buckets(
        self, site: str, device: str, metric: str, start_ms: int, end_ms: int, *, interval_ms: int
    ) -> list[Bucket]:
        """See ReadingsStore."""
        refuse_too_many_buckets(start_ms, end_ms, interval_ms)
        for _ in range(ASKED_AT_MOST - 1):
            with suppress(WrittenMeanwhile):
                return self._buckets(site, device, metric, start_ms, end_ms, interval_ms)
        return self._buckets(site, device, metric, start_ms, end_ms, interval_ms)

    def _buckets(
        self, site: str, device: str, metric: str, start_ms: int, end_ms: int, interval_ms: int
    ) -> list[Bucket]:
        fields = ",".join(f"{each}({all_resolutions(metric)})" for each in AGGREGATES)
        where = [of_site(site), of_device(device), within(start_ms, end_ms)]
        by = f"GROUP BY time({interval_ms}ms,{start_ms % interval_ms}ms) fill(none)"
        known, tables = self._ask(site, select(fields, READING, where, by))
        resolutions = known.get((device, metric), [0])
        return merged_buckets((buckets_of(table, each) for table in tables for each in resolutions), resolutions[-1])

    def day(self, site: str, start_ms: int, end_ms: int) -> list[Series]:
        """See ReadingsStore."""
        rest = f"GROUP BY device LIMIT {POINTS_MAX + 1}"
        known, tables = self._ask(site, select(ANY_FIELD, READING, [of_site(site), within(start_ms, end_ms)], rest))
        parts: dict[Key, list[Part]] = {}
        for table in tables:
            if len(table["values"]) > POINTS_MAX:
                raise LimitError(f"more than {POINTS_MAX} instants of {site}: ask for a shorter span")
            for metric, part in parts_of(table):
                parts.setdefault((table["tags"]["device"], metric), []).append(part)
        return [merged(*key, known[key][-1], parts[key], POINTS_MAX) for key in sorted(parts)]

    def devices(self, site: str) -> list[Channel]:
        """See ReadingsStore."""
        known = known_channels(self._connection.query([channels_of(site)])[0])
        return [Channel(device, metric, each[-1]) for (device, metric), each in sorted(known.items())]

    def _add_latest(
        self, site: str, asked: Sequence[tuple[Key, int]], window: Sequence[str], found: dict[Key, Latest]
    ) -> list[tuple[Key, int]]:
        """Add the newest values that lie in a window without an end; gives the fields still to be looked for."""
        if not asked:
            return []
        statements = [
            select(f"last({one_field(metric, decimals)})", READING, [of_site(site), of_device(device), *window])
            for (device, metric), decimals in asked
        ]
        answers = self._connection.query(statements)
        for (key, decimals), tables in zip(asked, answers, strict=True):
            for utc_ms, value in (row for table in tables for row in table["values"]):
                before = found.get(key)
                if before is None or utc_ms > before.utc_ms:
                    found[key] = Latest(utc_ms, whole(value), decimals)
        return [each for each in asked if each[0] not in found]

    def _tell_channels(self, batches: Iterable[Values]) -> None:
        """Before the first values of a channel: a channel without values harms nobody, the reverse would hide them."""
        fresh: dict[str, dict[Channel, None]] = {}
        for batch in batches:
            for channel in self._untold(batch):
                fresh.setdefault(batch.site, {})[channel] = None
        if not fresh:
            return
        lines = "".join(channel_lines(site, channels) for site, channels in fresh.items())
        try:
            self._connection.write(lines)
        except RefusedLines as error:
            raise RepairFirst(f"this bucket cannot hold the readings ({error}): give them one of their own") from error
        if len(self._told) > KNOWN_MAX:
            self._told, self._told_schemas = set(), set()
        self._told.update(
            (site, each.device, each.metric, each.decimals) for site, channels in fresh.items() for each in channels
        )

    def _untold(self, values: Values) -> list[Channel]:
        """The channels that these values are the first of."""
        schema = (values.site, values.schema.hash) if isinstance(values, DatedBlock) else None
        if schema in self._told_schemas:
            return []
        named = [(each.device, each.metric, each.decimals) for each in values.columns if each.values]
        untold = [Channel(*each) for each in named if (values.site, *each) not in self._told]
        if isinstance(values, DatedBlock) and not untold and len(named) == len(values.schema.columns):
            self._told_schemas.add((values.site, values.schema.hash))
        return untold

    def _write_what_is_taken(self, batches: Sequence[Values]) -> list[Refusal]:
        """Write the batches; where the server refuses some of it, by ever smaller pieces, so that the rest is kept."""
        lines = b"".join([lines_of(batch) for batch in batches])
        if not lines:
            return []
        try:
            self._connection.write(lines)
        except RefusedLines as error:
            all_left_out = error.dropped is not None and error.dropped == _points_of_one_column(batches)
            pieces = [] if all_left_out else _pieces(batches)
            if pieces:
                return [refusal for piece in pieces for refusal in self._write_what_is_taken(piece)]
            return [Refusal(each.site, each.boot, column, error.reason) for each in batches for column in each.columns]
        return []

    def _ask(self, site: str, statement: str) -> tuple[dict[Key, list[int]], list[Table]]:
        """What the site has, and the answer to a question about it, in one request."""
        channels, tables = self._connection.query([channels_of(site), statement])
        return known_channels(channels), tables


def _requests(batches: Sequence[Values]) -> Iterable[list[Values]]:
    request: list[Values] = []
    lines = 0
    for batch in batches:
        if request and lines + batch.rows > LINES_MAX:
            yield request
            request, lines = [], 0
        request.append(batch)
        lines += batch.rows
    if request:
        yield request


def _pieces(batches: Sequence[Values]) -> Sequence[list[Values]]:
    """The same values in smaller requests: halves of many boots, columns of one, halves of a column; else none."""
    if len(batches) > 1:
        half = len(batches) // 2
        return [list(batches[:half]), list(batches[half:])]
    site, boot, columns = batches[0].site, batches[0].boot, batches[0].columns
    if len(columns) > 1:
        return [[Batch(site, boot, [column])] for column in columns]
    column = columns[0]
    half = len(column.values) // 2
    if not half:
        return []
    ends = (slice(None, half), slice(half, None))
    halves = [Series(*_name(column), column.times_ms[end], column.values[end]) for end in ends]
    return [[Batch(site, boot, [each])] for each in halves]


def _name(column: Series) -> tuple[str, str, int]:
    return column.device, column.metric, column.decimals


def _points_of_one_column(batches: Sequence[Values]) -> int | None:
    """How many points a request is, if no two values share one: the server counts what it leaves out by points."""
    if len(batches) == 1 and len(batches[0].columns) == 1:
        return len(set(batches[0].columns[0].times_ms))
    return None
