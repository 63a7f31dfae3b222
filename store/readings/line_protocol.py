"""Values as lines of InfluxDB's line protocol, and names as its keys. Knows no server.

    reading,site=damane,device=mppt,boot=00c0ffee00c0ffee battery_voltage_v:2=1251i,pv_power_w:1=345i 1790000000000

One type for every field: a 64-bit integer. The resolution is part of the field's name, as in a schema: a metric that is
sent in another resolution one day is another field, so no number can ever be read in a wrong one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from store.readings.base import Channel, Series, Values
from store.readings.dated import DatedBlock

READING, CHANNEL = "reading", "channel"
FIELD = re.compile(r"([a-z0-9_]{1,40}):([0-9])")

_NAME = re.compile(r"[a-z0-9-]{1,32}")
_METRIC = re.compile(r"[a-z0-9_]{1,40}")
_ESCAPES = str.maketrans({",": r"\,", "=": r"\=", " ": r"\ "})


def lines_of(values: Values) -> bytes:
    """A line an instant and device, by one %-template for all rows: 7 times as fast as building points.

    Raises ValueError for names that no topic, header or schema can hold.
    """
    if isinstance(values, DatedBlock):
        try:
            return _lines_of_block(values)
        except TypeError:  # a value is absent, which has no number
            pass
    return b"".join([_rows(values.site, values.boot, columns) for columns in _same_times(values.columns)])


def channel_lines(site: str, channels: Iterable[Channel]) -> str:
    """A line a device that says which fields it has; its time says nothing."""
    by_device: dict[str, dict[str, None]] = {}
    for channel in channels:
        by_device.setdefault(channel.device, {})[field_key(channel.metric, channel.decimals)] = None
    return "".join(
        f"{CHANNEL},site={checked(site)},device={checked(device)} {'=1i,'.join(keys)}=1i 0\n"
        for device, keys in by_device.items()
    )


@lru_cache(maxsize=4096)
def field_key(metric: str, decimals: int) -> str:
    """The field that holds a metric in a resolution."""
    if not _METRIC.fullmatch(metric) or not 0 <= decimals <= 9:
        raise ValueError(f"{metric!r} with {decimals} decimals cannot be a field")
    return f"{metric}:{decimals}"


@lru_cache(maxsize=4096)
def checked(name: str) -> str:
    """A site, device or boot that needs no quoting in a line, a query or a predicate. Raises ValueError."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} cannot be the name of a site, a device or a boot")
    return name


def escaped(value: str) -> str:
    """What a person chose, such as a service's code, as the value of a tag in a line."""
    return value.translate(_ESCAPES)


@lru_cache(maxsize=4096)
def _series_key(site: str, device: str, boot: str) -> bytes:
    """How a line of one device begins."""
    return f"{READING},site={checked(site)},device={checked(device)},boot={checked(boot)} ".encode("ascii")


@lru_cache(maxsize=4096)
def _fields(metrics: tuple[str, ...], decimals: tuple[int, ...]) -> tuple[bytes, ...]:
    """Each field with room for its number."""
    return tuple([f"{field_key(*each)}=%di".encode("ascii") for each in zip(metrics, decimals, strict=True)])


def _lines_of_block(dated: DatedBlock) -> bytes:
    """Without a series: every device has all its values, else TypeError."""
    times_ms, position = dated.times_ms, 0
    lines: list[bytes] = []
    for device in dated.schema.devices:
        fields = _fields(device.metrics, device.decimals)
        columns = dated.block.values[position : position + len(fields)]
        position += len(fields)
        lines.append(_full_rows(_series_key(dated.site, device.name, dated.boot), fields, columns, times_ms))
    return b"".join(lines)


def _full_rows(
    series_key: bytes, fields: Sequence[bytes], columns: Sequence[Sequence[int | None]], times_ms: list[int]
) -> bytes:
    """The lines of one device. What does not change within the block, most of it, becomes text once."""
    rows = len(times_ms)
    written: list[bytes] = []
    changing: list[Sequence[int | None]] = []
    for field, column in zip(fields, columns, strict=True):
        if column.count(column[0]) == rows:
            written.append(field % column[0])
        else:
            written.append(field)
            changing.append(column)
    changing.append(times_ms)
    width = len(changing)
    numbers: list[int | None] = [None] * (rows * width)
    # Column by column into the places of its numbers: that takes half the time of going row by row.
    for place, column in enumerate(changing):
        numbers[place::width] = column
    return (series_key + b",".join(written) + b" %d\n") * rows % tuple(numbers)


def _same_times(columns: Sequence[Series]) -> list[list[Series]]:
    """Columns of one device and the same instants share lines; most often that is a whole device."""
    groups: list[list[Series]] = []
    for column in columns:
        if not column.values:
            continue
        for group in groups:
            first = group[0]
            if first.device == column.device and (
                first.times_ms is column.times_ms or first.times_ms == column.times_ms
            ):
                group.append(column)
                break
        else:
            groups.append([column])
    return groups


def _rows(site: str, boot: str, columns: list[Series]) -> bytes:
    """The lines of one device's columns at the same instants."""
    first = columns[0]
    fields = _fields(tuple([each.metric for each in columns]), tuple([each.decimals for each in columns]))
    values = [column.values for column in columns]
    return _full_rows(_series_key(site, first.device, boot), fields, values, first.times_ms)
