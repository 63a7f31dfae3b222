"""Insert-or-update and insert-or-leave in the dialect at hand: the two statements that SQL never settled on.

Statements are built once a table and set of columns: building one costs more than running it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

_INSERTS: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


def insert(connection: Connection, table: Table) -> Any:
    """An INSERT that knows ON CONFLICT."""
    return _INSERTS[connection.dialect.name](table)


def insert_new(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert the rows whose key is not there yet; leave the others as they are."""
    if rows:
        connection.execute(_insert_new(connection.dialect.name, table), rows)


def upsert(connection: Connection, table: Table, *rows: Mapping[str, Any]) -> None:
    """Insert each row, or give the row of the same primary key its values; all rows have the same columns."""
    if rows:
        connection.execute(_upsert(connection.dialect.name, table, tuple(rows[0]), ()), rows)


def add_up(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]], sums: tuple[str, ...]) -> None:
    """Insert each row, or add its columns `sums` to those of the row of the same primary key and set the others."""
    if rows:
        connection.execute(_upsert(connection.dialect.name, table, tuple(rows[0]), sums), rows)


@lru_cache(maxsize=256)
def _insert_new(dialect: str, table: Table) -> Any:
    return _INSERTS[dialect](table).on_conflict_do_nothing()


@lru_cache(maxsize=256)
def _upsert(dialect: str, table: Table, names: tuple[str, ...], sums: tuple[str, ...]) -> Any:
    key = [column.name for column in table.primary_key.columns]
    statement = _INSERTS[dialect](table)
    changes = {
        name: table.c[name] + statement.excluded[name] if name in sums else statement.excluded[name]
        for name in names
        if name not in key
    }
    return statement.on_conflict_do_update(index_elements=key, set_=changes)
