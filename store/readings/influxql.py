"""InfluxQL statements about readings, and their answers as parts of series. Knows no connection."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from store.errors import RepairFirst, RetryLater
from store.readings.base import Bucket
from store.readings.line_protocol import CHANNEL, FIELD, checked, field_key
from store.readings.resolutions import Part

AGGREGATES = ("mean", "min", "max", "last", "count")
"""What a bucket is asked for."""
NOTHING = ([None, None, None, None, None], [None, None, None, None, 0])
"""Where a metric has values in another resolution only."""

Table = dict[str, Any]
"""One series of an answer: `tags` (if grouped), `columns`, `values`."""

Key = tuple[str, str]
"""(device, metric)"""

ANY_FIELD = "/:[0-9]$/"
_TIME_LIMIT_MS = 9_223_372_036_854
"""InfluxDB counts nanoseconds in 64 bits."""
_METRIC = re.compile(r"[a-z0-9_]{1,40}")


class WrittenMeanwhile(RetryLater):
    """InfluxDB looks for each column at an instant of its own, so one has values that another did not see yet."""

    def __init__(self) -> None:
        super().__init__("InfluxDB was written to while it answered: ask again")


def select(fields: str, measurement: str, where: Sequence[str], rest: str = "") -> str:
    """A statement from parts that the functions below have checked."""
    return " ".join(("SELECT", fields, "FROM", measurement, "WHERE", " AND ".join(where), rest))


def of_site(site: str) -> str:
    """A condition."""
    return f"site='{checked(site)}'"


def of_device(device: str) -> str:
    """A condition."""
    return f"device='{checked(device)}'"


def within(start_ms: int, end_ms: int) -> str:
    """A condition: [start, end), as far as InfluxDB can count."""
    low, high = (max(-_TIME_LIMIT_MS, min(_TIME_LIMIT_MS, each)) for each in (start_ms, end_ms))
    return f"time>={low}ms AND time<{high}ms"


def one_field(metric: str, decimals: int) -> str:
    """The field of one resolution."""
    return f'"{field_key(metric, decimals)}"'


def all_resolutions(metric: str) -> str:
    """The fields of a metric, whatever their resolution."""
    if not _METRIC.fullmatch(metric):
        raise ValueError(f"{metric!r} cannot be a metric")
    return f"/^{metric}:[0-9]$/"


def channels_of(site: str) -> str:
    """What a site has ever sent."""
    return select(ANY_FIELD, CHANNEL, [of_site(site)], "GROUP BY device")


def known_channels(tables: Sequence[Table]) -> dict[Key, list[int]]:
    """(device, metric) -> its decimals, rising."""
    found: dict[Key, list[int]] = {}
    for table in tables:
        for position, name in enumerate(table["columns"][1:], start=1):
            field = FIELD.fullmatch(name)
            if field and any(row[position] is not None for row in table["values"]):
                found.setdefault((table["tags"]["device"], field.group(1)), []).append(int(field.group(2)))
    return {key: sorted(each) for key, each in found.items()}


def parts_of(table: Table) -> Iterable[tuple[str, Part]]:
    """(metric, values in one resolution) of each column that has values."""
    columns = list(zip(*table["values"], strict=True))
    times_ms = columns[0]
    for name, column in zip(table["columns"][1:], columns[1:], strict=True):
        field = FIELD.fullmatch(name)
        present = [(time_ms, value) for time_ms, value in zip(times_ms, column, strict=True) if value is not None]
        if field and present:
            values = [whole(value) for _, value in present]
            yield field.group(1), Part(int(field.group(2)), [time_ms for time_ms, _ in present], values)


def buckets_of(table: Table, decimals: int) -> tuple[int, list[Bucket]]:
    """The buckets of one resolution; none if the answer has no column of it. Raises WrittenMeanwhile."""
    place = {name: position for position, name in enumerate(table["columns"])}
    columns = [name for name in place if name.startswith("count_") and name.endswith(f":{decimals}")]
    if not columns:
        return decimals, []
    field = columns[0].removeprefix("count_")
    places = [place[f"{each}_{field}"] for each in AGGREGATES]
    answers = ((row[0], [row[each] for each in places]) for row in table["values"])
    return decimals, [_bucket(start_ms, *answer) for start_ms, answer in answers if answer not in NOTHING]


def _bucket(start_ms: int, mean: Any, low: Any, high: Any, last: Any, count: Any) -> Bucket:
    if mean is None or not count:
        raise WrittenMeanwhile
    return Bucket(start_ms, float(mean), whole(low), whole(high), whole(last), count)


def whole(value: object) -> int:
    """An integer, which is all that was ever written. Raises RepairFirst, WrittenMeanwhile."""
    if value is None:
        raise WrittenMeanwhile
    if not isinstance(value, int):
        raise RepairFirst(
            f"InfluxDB gives {value!r} where only integers were written: give the readings a bucket alone"
        )
    return value
