"""Insert-or-update and insert-or-leave in the dialect at hand: the two statements that SQL never settled on.

Statements are built once a table and set of columns: building one costs more than running it. Many rows go to
PostgreSQL as one array a column, because a statement a row is a journey a row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Table, bindparam, update
from sqlalchemy.dialects import postgresql, sqlite

from store.arrays import kind_of, pack

ROWS_APART = 3
"""Up to so many rows a statement each is as quick."""

_INSERTS: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


def insert(connection: Connection, table: Table) -> Any:
    """An INSERT that knows ON CONFLICT."""
    return _INSERTS[connection.dialect.name](table)


def insert_new(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert the rows whose key is not there yet; leave the others as they are."""
    if _as_arrays(connection, rows):
        _run_arrays(connection, table, _array_insert(table, tuple(rows[0]), None), rows)
    elif rows:
        connection.execute(_insert_new(connection.dialect.name, table), rows)


def insert_new_tuples(
    connection: Connection, table: Table, names: tuple[str, ...], rows: Sequence[tuple[Any, ...]]
) -> None:
    """The same of rows that are tuples of these columns: one dictionary less a row."""
    if _as_arrays(connection, rows):
        _run_columns(
            connection, table, _array_insert(table, names, None), zip(names, zip(*rows, strict=True), strict=True)
        )
    else:
        insert_new(connection, table, [dict(zip(names, row, strict=True)) for row in rows])


def upsert(connection: Connection, table: Table, *rows: Mapping[str, Any]) -> None:
    """Insert each row, or give the row of the same primary key its values; all rows have the same columns."""
    add_up(connection, table, rows, ())


def add_up(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]], sums: tuple[str, ...]) -> None:
    """Insert each row, or add its columns `sums` to those of the row of the same primary key and set the others.

    Many rows at once must be of different keys.
    """
    if _as_arrays(connection, rows):
        _run_arrays(connection, table, _array_insert(table, tuple(rows[0]), sums), rows)
    elif rows:
        connection.execute(_upsert(connection.dialect.name, table, tuple(rows[0]), sums), rows)


def update_many(connection: Connection, table: Table, key: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Give the rows named by their column `key` the other values; rows that are not there are passed over."""
    if _as_arrays(connection, rows):
        _run_arrays(connection, table, _array_update(table, key, tuple(rows[0])), rows)
    elif rows:
        changed = [name for name in rows[0] if name != key]
        statement = update(table).where(table.c[key] == bindparam("key_"))
        statement = statement.values({name: bindparam(f"{name}_") for name in changed})
        connection.execute(
            statement, [{f"{name}_": row[name] for name in changed} | {"key_": row[key]} for row in rows]
        )


def _as_arrays(connection: Connection, rows: Sequence[Any]) -> bool:
    return len(rows) > ROWS_APART and connection.dialect.name == "postgresql"


def _run_arrays(connection: Connection, table: Table, statement: str, rows: Sequence[Mapping[str, Any]]) -> None:
    _run_columns(connection, table, statement, [(name, [row[name] for row in rows]) for name in rows[0]])


def _run_columns(
    connection: Connection, table: Table, statement: str, columns: Iterable[tuple[str, Sequence[Any]]]
) -> None:
    connection.exec_driver_sql(statement, tuple(pack(kind_of(table.c[name]), values) for name, values in columns))


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


@lru_cache(maxsize=256)
def _array_insert(table: Table, names: tuple[str, ...], sums: tuple[str, ...] | None) -> str:
    """`sums` None leaves rows that are there as they are."""
    columns = ", ".join(f'"{name}"' for name in names)
    into = f'INSERT INTO "{table.name}" ({columns}) SELECT * FROM {_arrays(table, names)} ON CONFLICT'  # noqa: S608
    if sums is None:
        return f"{into} DO NOTHING"
    key = [column.name for column in table.primary_key.columns]
    changes = ", ".join(
        f'"{name}" = ' + (f'"{table.name}"."{name}" + ' if name in sums else "") + f'excluded."{name}"'
        for name in names
        if name not in key
    )
    told = ", ".join(f'"{name}"' for name in key)
    return f"{into} ({told}) DO UPDATE SET {changes}"


@lru_cache(maxsize=256)
def _array_update(table: Table, key: str, names: tuple[str, ...]) -> str:
    columns = ", ".join(f'"{name}"' for name in names)
    changes = ", ".join(f'"{name}" = told."{name}"' for name in names if name != key)
    return (
        f'UPDATE "{table.name}" SET {changes} FROM {_arrays(table, names)} AS told({columns})'  # noqa: S608
        f' WHERE "{table.name}"."{key}" = told."{key}"'
    )


def _arrays(table: Table, names: tuple[str, ...]) -> str:
    return f"unnest({', '.join(f'%s::{kind_of(table.c[name])}[]' for name in names)})"
