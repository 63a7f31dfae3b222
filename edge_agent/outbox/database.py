"""The agent's one file, edge.db: opening, numbered versions, transactions, and what to do when the disk is full.

Knows no row's meaning. One thread writes and reads it; a second agent on the same folder is kept out by main.py's lock.

    StorageFull      no room even after the ballast: the caller gives something up and tries again, or says so
    StorageBroken    the file is no database any more: the caller moves it aside and starts a new one
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib import resources
from pathlib import Path
from typing import Any, Protocol, TypeVar

from kiosk.errors import KioskError

_Result = TypeVar("_Result")

VERSION = 1
BALLAST_BYTES = 4 * 1024 * 1024
_JOURNAL_LIMIT_BYTES = 2 * 1024 * 1024
_CACHE_KIB = 512
"""Of pages in memory. SQLite would keep 2,000 after the first backlog; rows are read in order, so few are met twice."""
_CHECKPOINT_PAGES = 64
"""So long grows the WAL before it is written over from its start. While it grows, each commit costs the file system
its size and its map too: with SQLite's 1,000 pages a commit of 15 rows wrote 39 % more to the card (docs/bench.md)."""

_SQLITE_CORRUPT, _SQLITE_FULL, _SQLITE_NOTADB = 11, 13, 26
_FULL_CODES = frozenset((_SQLITE_FULL, 10 | 19 << 8, 10 | 20 << 8))
"""Besides SQLITE_FULL: the shared-memory index could not grow."""


class StorageFull(KioskError):
    """The disk has no room left; free some (old logs, other programs' files) in the agent's state folder's disk."""


class StorageBroken(KioskError):
    """The file cannot be read as a database; it is kept for a person to look at."""


class Ballast(Protocol):
    """Space held in reserve, so that money can still be written when the disk is full."""

    def release(self) -> bool:
        """Give the space free; False if there was none to give."""

    def restore(self) -> bool:
        """Take the space again; False where the disk has no room for it yet."""


class BallastFile:
    """A preallocated file beside the database. Its bytes mean nothing."""

    def __init__(self, path: Path, size: int = BALLAST_BYTES) -> None:
        self._path = path
        self._size = size

    def release(self) -> bool:
        """Delete the file."""
        try:
            self._path.unlink()
        except FileNotFoundError:
            return False
        return True

    def restore(self) -> bool:
        """Write the file in full, or leave no part of it."""
        if self._path.exists() and self._path.stat().st_size == self._size:
            return True
        try:
            with self._path.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, self._size)
        except OSError:
            self._path.unlink(missing_ok=True)
            return False
        return True


class Database:
    """One connection to edge.db, WAL, every commit on the disk before it returns."""

    def __init__(self, path: Path, ballast: Ballast, page_limit: int = 0) -> None:
        """`page_limit` > 0 bounds the file in pages of 4 KiB. Raises StorageBroken, StorageFull."""
        self._ballast = ballast
        self.short_of_space = False
        """The ballast is given out: readings must make room until `recover` takes it back."""
        try:
            self._connection = sqlite3.connect(path, isolation_level=None)
            self._prepare(page_limit)
        except sqlite3.DatabaseError as error:
            raise _translated(error) from error
        self.short_of_space = not ballast.restore()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside is committed together, or nothing is. Raises StorageFull, StorageBroken."""
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    self._connection.execute("ROLLBACK")
                raise
        except sqlite3.DatabaseError as error:
            raise _translated(error) from error

    def write(self, sql: str, values: Sequence[Any] = ()) -> int:
        """One statement inside a transaction; tells how many rows it touched."""
        return self._connection.execute(sql, values).rowcount

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        """All rows of a query."""
        try:
            return self._connection.execute(sql, values).fetchall()
        except sqlite3.DatabaseError as error:
            raise _translated(error) from error

    def row(self, sql: str, values: Sequence[Any] = ()) -> Any:
        """The first row of a query, or None."""
        try:
            return self._connection.execute(sql, values).fetchone()
        except sqlite3.DatabaseError as error:
            raise _translated(error) from error

    def check(self) -> None:
        """Raise StorageBroken where the file's structure is damaged; close it then."""
        try:
            found = self.row("PRAGMA quick_check(1)")
        except StorageBroken:
            self.close()
            raise
        if found[0] != "ok":
            self.close()
            raise StorageBroken(f"edge.db: {found[0]}")

    def release_ballast(self) -> bool:
        """Free the reserve for something that must be written; False if it is out already."""
        self.short_of_space = True
        return self._ballast.release()

    def with_room(self, action: Callable[[], _Result], make_room: Callable[[], int]) -> _Result:
        """Do what must be written even on a full disk: first the reserve is given out, then readings make room.

        `make_room` gives up readings and tells how many rows went. Raises StorageFull where nothing is left to give.
        """
        while True:
            try:
                return action()
            except StorageFull:
                if not self.release_ballast() and make_room() == 0:
                    raise

    def recover(self) -> bool:
        """Give freed pages back to the disk and take the reserve again; False where there is no room for it yet."""
        try:
            self._connection.execute("PRAGMA incremental_vacuum").fetchall()
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        except sqlite3.DatabaseError as error:
            translated = _translated(error)
            if not isinstance(translated, StorageFull):
                raise translated from error
        self.short_of_space = not self._ballast.restore()
        return not self.short_of_space

    def close(self) -> None:
        """Checkpoint and close."""
        self._connection.close()

    def _prepare(self, page_limit: int) -> None:
        run = self._connection.execute
        run("PRAGMA auto_vacuum = INCREMENTAL")
        run("PRAGMA journal_mode = WAL").fetchall()
        run("PRAGMA synchronous = FULL")
        run("PRAGMA busy_timeout = 5000").fetchall()
        run(f"PRAGMA journal_size_limit = {_JOURNAL_LIMIT_BYTES}").fetchall()
        run(f"PRAGMA cache_size = -{_CACHE_KIB}")
        run(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}").fetchall()
        if page_limit:
            run(f"PRAGMA max_page_count = {page_limit}").fetchall()
        (version,) = run("PRAGMA user_version").fetchone()
        if version > VERSION:
            raise StorageBroken(f"edge.db is of version {version}, this agent knows {VERSION}: install a newer agent")
        for number in range(version + 1, VERSION + 1):
            script = resources.files("edge_agent.outbox").joinpath(f"schema_v{number}.sql").read_text("utf-8")
            self._connection.executescript(f"BEGIN IMMEDIATE;\n{script}\nPRAGMA user_version = {number};\nCOMMIT;")


def _translated(error: sqlite3.DatabaseError) -> Exception:
    """The error as the caller must act on it; anything else is a broken invariant and stays as it is."""
    code = getattr(error, "sqlite_errorcode", None)
    if code in _FULL_CODES:
        return StorageFull(f"edge.db: {error}; free some space on the disk of the state folder")
    if code is not None and code & 0xFF in (_SQLITE_CORRUPT, _SQLITE_NOTADB):
        return StorageBroken(f"edge.db: {error}")
    return error
