"""What InfluxDB says of a site, record by record and value by value, and what the server's archive says it should say.

Asks in InfluxQL as a board does, and decodes the archived blocks itself: none of the product's readers is asked.
"""

from __future__ import annotations

from collections import defaultdict

from sqlalchemy import select

from kiosk.wire.block import decode_columns
from kiosk.wire.schema import parse_schema
from store.engine import Store
from store.readings.influxdb_http import InfluxConnection
from store.schema import block, boot, ledger_record, schema
from tests.end_to_end.kill_books import EVERY_ROW

Column = tuple[str, str, str]
"""boot, device, field"""
Values = dict[Column, list[tuple[int, int]]]
"""UTC ms and value, by time"""
Points = list[tuple[tuple[str, int], tuple[int, int, int]]]
"""(log, seq) and UTC ms, amount, cash; a list, so that what is there twice is seen"""


def records_in_influx(connection: InfluxConnection, code: str) -> Points:
    """Every point of the ledger's copy."""
    question = f"SELECT seq, amt, cash FROM ledger_record WHERE site = '{code}' GROUP BY log, branch, boot, t"
    (tables,) = connection.query([question])
    return sorted(
        ((table["tags"]["log"], int(seq)), (utc_ms, int(amt), int(cash)))
        for table in tables
        for utc_ms, seq, amt, cash in table["values"]
    )


def records_in_sql(store: Store, code: str) -> Points:
    table = ledger_record.c
    query = select(table.log, table.seq, table.utc_ms, table.amt, table.cash).where(table.site == code, table.counts)
    with store.read() as connection:
        return sorted(((log, seq), (utc_ms, amt, cash)) for log, seq, utc_ms, amt, cash in connection.execute(query))


def values_in_influx(connection: InfluxConnection, code: str) -> Values:
    """Everything there is, boot by boot, and of boots too that SQL has never heard of."""
    (tables,) = connection.query([f"SHOW TAG VALUES FROM reading WITH KEY = boot WHERE site = '{code}'"])
    found: defaultdict[Column, list[tuple[int, int]]] = defaultdict(list)
    for boot_id in (row[1] for table in tables for row in table["values"]):
        question = f"SELECT * FROM reading WHERE site = '{code}' AND boot = '{boot_id}' GROUP BY device"
        (parts,) = connection.query([question])
        for part in parts:
            names = part["columns"]
            for row in part["values"]:
                for name, value in zip(names[1:], row[1:], strict=True):
                    if value is not None and name not in ("site", "boot"):
                        found[boot_id, part["tags"]["device"], name].append((row[0], int(value)))
    return dict(found)


def values_in_archive(store: Store, code: str) -> Values:
    """What the archived blocks hold, dated by their boots."""
    found: defaultdict[Column, dict[int, int]] = defaultdict(dict)
    with store.read() as connection:
        offsets = dict(connection.execute(select(boot.c.boot, boot.c.offset_ms).where(boot.c.site == code)).all())
        query = select(schema.c.hash, schema.c.canonical).where(schema.c.site == code)
        schemas = {each: parse_schema(canonical) for each, canonical in connection.execute(query)}
        for name, body in connection.execute(select(block.c.schema_hash, block.c.body).where(block.c.site == code)):
            columns = decode_columns(body, len(schemas[name].columns))
            for (device, metric, decimals), column in zip(schemas[name].columns, columns.values, strict=True):
                values = found[columns.boot, device, f"{metric}:{decimals}"]
                for mono_ms, value in zip(columns.mono_ms, column, strict=True):
                    if value is not None:
                        values[mono_ms + offsets[columns.boot]] = value
    return {column: sorted(values.items()) for column, values in found.items() if values}


def rows_of(values: Values) -> int:
    """Rows, by a metric that each has."""
    return sum(
        len(points) for (_, device, field), points in values.items() if (device, field.partition(":")[0]) == EVERY_ROW
    )


def unlike(found: Values, archived: Values) -> list[str]:
    """The columns in which a value is missing, too many or another, in words; none is the proof."""
    told = []
    for column in sorted(found.keys() | archived.keys()):
        here, there = found.get(column, []), archived.get(column, [])
        if here != there:
            missing, added = sorted(set(there) - set(here)), sorted(set(here) - set(there))
            counts = f"{len(there)} in the archive, {len(here)} in InfluxDB"
            told.append(f"{column}: {counts}, missing {missing[:3]}, more {added[:3]}")
    return told
