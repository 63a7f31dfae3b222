"""Insert-or-update and insert-or-leave in the dialect at hand: the two statements that SQL never settled on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

_INSERTS = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


def insert(connection: Connection, table: Table) -> Any:
    """An INSERT that knows ON CONFLICT."""
    return _INSERTS[connection.dialect.name](table)


def insert_new(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert the rows whose key is not there yet; leave the others as they are."""
    if rows:
        connection.execute(insert(connection, table).on_conflict_do_nothing(), rows)


def upsert(connection: Connection, table: Table, row: Mapping[str, Any]) -> None:
    """Insert, or give the row of the same primary key these values."""
    key = [column.name for column in table.primary_key.columns]
    statement = insert(connection, table).values(**row)
    changes = {name: statement.excluded[name] for name in row if name not in key}
    connection.execute(statement.on_conflict_do_update(index_elements=key, set_=changes))


def add_up(connection: Connection, table: Table, row: Mapping[str, Any], sums: Sequence[str]) -> None:
    """Insert, or add the columns `sums` to those of the row of the same primary key and set the others."""
    key = [column.name for column in table.primary_key.columns]
    statement = insert(connection, table).values(**row)
    changes = {
        name: table.c[name] + statement.excluded[name] if name in sums else statement.excluded[name]
        for name in row
        if name not in key
    }
    connection.execute(statement.on_conflict_do_update(index_elements=key, set_=changes))
