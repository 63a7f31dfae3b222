"""How often each outcome happened since the database was made: what every process can show, whoever counted."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, select

from store.schema import counter
from store.upsert import add_up


def add(connection: Connection, counts: Mapping[str, int]) -> None:
    """Add to the counters, in the transaction of what is counted; by name, so that workers never deadlock."""
    add_up(connection, counter, [{"name": name, "value": counts[name]} for name in sorted(counts)], ("value",))


def snapshot(connection: Connection) -> dict[str, int]:
    """Every counter by name."""
    rows = connection.execute(select(counter.c.name, counter.c.value).order_by(counter.c.name))
    return {name: value for name, value in rows}  # noqa: C416 - dict() of rows has no type
