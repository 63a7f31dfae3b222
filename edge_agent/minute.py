"""Readings to the columns of one row. Knows the catalogue's plausible ranges, no device and no clock."""

from __future__ import annotations

from collections.abc import Iterable

from kiosk.metric import CATALOGUE
from kiosk.reading import IMPLAUSIBLE, Flag, Reading
from kiosk.wire.schema import Schema


def row_values(schema: Schema, readings: Iterable[Reading]) -> tuple[tuple[int | None, ...], tuple[Flag, ...]]:
    """One value per position of the schema, None where nothing was said; implausible ones stand in the flags instead.

    Raises ValueError for a device or metric that the schema does not have: take the schema after the sample.
    """
    said = {(reading.device, metric): value for reading in readings for metric, value in reading.values.items()}
    values: list[int | None] = []
    flags: list[Flag] = []
    for position, (device, metric, _decimals) in enumerate(schema.columns):
        value = said.pop((device, metric), None)
        if value is not None and not CATALOGUE[metric].plausible(value):
            flags.append(Flag(position, IMPLAUSIBLE, value))
            value = None
        values.append(value)
    if said:
        raise ValueError(f"not in the schema {schema.hash}: {sorted(said)}")
    return tuple(values), tuple(flags)
