"""What an error of a database means for who called: try again, or have something repaired first. Knows no table."""

from __future__ import annotations

import sqlite3
from typing import Any

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from store.errors import RepairFirst, RetryLater, StoreError

_RETRY = ("08", "40001", "40P01", "53300", "55P03", "57P", "57014")
"""PostgreSQL: no connection, serialization, deadlock, too many clients, a lock that waited, shutting down."""
_REPAIR = {
    "53100": "the disk of PostgreSQL is full: make room, nothing is lost meanwhile",
    "28": "PostgreSQL refuses the user or password: correct the database's URL",
    "3D": "PostgreSQL has no such database: create it and run `kayasol migrate`",
    "25006": "PostgreSQL takes no writes (a standby?): correct the database's URL",
    "42501": "PostgreSQL does not permit this user to do that: make it the owner of the database",
}
_SQLITE_BUSY, _SQLITE_LOCKED = 5, 6
_SQLITE_REPAIR = {
    8: "the SQLite file cannot be written: give this user the file and its folder",
    10: "the disk that holds the SQLite file fails: look at it, and at the backup",
    11: "the SQLite file is damaged: stop, keep a copy, restore the backup",
    13: "the disk that holds the SQLite file is full: make room, nothing is lost meanwhile",
    14: "the SQLite file cannot be opened: give this user the file and its folder",
    26: "the file is no SQLite database: correct the store's URL",
}


def explain(error: DBAPIError | sqlite3.Error) -> StoreError | None:
    """What to do about an error; None if it is a mistake of ours, which must be seen as it is.

    Readings go past SQLAlchemy into SQLite, so its own errors come too.
    """
    origin: Any = error.orig if isinstance(error, DBAPIError) else error
    code = getattr(origin, "sqlite_errorcode", None)
    if code is not None:
        return _of_sqlite(code & 0xFF, origin)
    state = getattr(origin, "sqlstate", None) or ""
    for start, remedy in _REPAIR.items():
        if state.startswith(start):
            return RepairFirst(f"{remedy} ({_first_line(origin)})")
    lost = not state and isinstance(error, OperationalError | InterfaceError)
    if lost or (isinstance(error, DBAPIError) and error.connection_invalidated) or state.startswith(_RETRY):
        return RetryLater(f"PostgreSQL is away or busy, it is tried again: {_first_line(origin)}")
    return None


def _of_sqlite(code: int, origin: object) -> StoreError | None:
    if code in {_SQLITE_BUSY, _SQLITE_LOCKED}:
        return RetryLater(f"another program holds the SQLite file, it is tried again: {origin}")
    remedy = _SQLITE_REPAIR.get(code)
    return None if remedy is None else RepairFirst(f"{remedy} ({origin})")


def _first_line(origin: object) -> str:
    return str(origin).strip().partition("\n")[0]
