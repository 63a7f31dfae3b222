"""Connections: one writer at a time, readers apart. Knows how each database is opened, and no table.

SQLite runs in WAL with synchronous=FULL: a commit that was answered survives a power cut. SQLite 3.40 can lose
frames when two connections write and checkpoint at once, so exactly one connection of the process does both, behind
a lock; readers have connections of their own that cannot write. Transactions are opened by BEGIN IMMEDIATE, never by
the driver.

PostgreSQL has as many writers as there are workers; rows are locked where a rule needs it. Errors of either that a
caller can do something about come as RetryLater or RepairFirst; whatever was being written is then as if never begun.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import QueuePool, StaticPool

from store.errors import StoreError
from store.faults import explain

READERS_MAX = 8
BUSY_MS = 10_000
"""How long a statement waits for another process before the database says that it is busy."""

_SQLITE_WRITER = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA cache_size=-32768",
)
_SQLITE_READER = ("PRAGMA query_only=ON", "PRAGMA wal_autocheckpoint=0", "PRAGMA cache_size=-8192")


class Store:
    """An open database. `write()` and `read()` give a Connection inside a transaction."""

    def __init__(self, writer: Engine, readers: Engine) -> None:
        self._writer = writer
        self._readers = readers
        self._lock = threading.Lock() if writer.dialect.name == "sqlite" else None
        self._open = threading.local()

    @classmethod
    def open(cls, url: str) -> Store:
        """Open what `url` names, sqlite:///path or postgresql+psycopg://..., with the tables of `migrate.upgrade`."""
        parsed = make_url(url)
        if parsed.get_backend_name() != "sqlite":
            from store.driver import teach  # noqa: PLC0415 -- the driver is not loaded where SQLite is the store

            arguments = {"connect_timeout": BUSY_MS // 1000, "client_encoding": "utf8"}
            engine = create_engine(parsed, pool_pre_ping=True, pool_size=READERS_MAX, connect_args=arguments)
            event.listen(engine, "connect", teach)
            # By itself each statement would see what was committed by then.
            return cls(engine, engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True))
        if not parsed.database or parsed.database == ":memory:":
            raise StoreError("a SQLite store needs a file: write sqlite:////var/lib/kayasol/kayasol.db")
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        arguments = {"check_same_thread": False, "timeout": BUSY_MS // 1000}
        writer = create_engine(parsed, poolclass=StaticPool, connect_args=arguments)
        readers = create_engine(parsed, poolclass=QueuePool, pool_size=READERS_MAX, connect_args=arguments)
        _prepare(writer, _SQLITE_WRITER, "BEGIN IMMEDIATE")
        _prepare(readers, _SQLITE_READER, "BEGIN")
        return cls(writer, readers)

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self._writer.dialect.name

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that may write: committed at the end, rolled back by any exception. Waits for its turn."""
        if self._current() is not None:
            raise RuntimeError("write() inside write(): this thread holds the transaction; pass the Connection on")
        if self._lock is None:
            with self._transaction() as connection:
                yield connection
        else:
            with self._lock, self._transaction() as connection:
                yield connection

    @contextmanager
    def join(self) -> Iterator[Connection]:
        """The transaction that this thread is in, so that both are committed together; else one of its own."""
        current = self._current()
        if current is not None:
            yield current
        else:
            with self.write() as connection:
                yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A snapshot: what is committed now, unchanged until the end. Cannot write."""
        with _explained(), self._readers.connect() as connection, connection.begin():
            yield connection

    def when_committed(self, do: Callable[[], None]) -> None:
        """Call `do` once the transaction that this thread is in is committed; never, if it is given up."""
        self._open.afterwards.append(do)

    def close(self) -> None:
        """Readers first, so that the writer is the one that checkpoints."""
        self._readers.dispose()
        self._writer.dispose()

    def _current(self) -> Connection | None:
        connection: Connection | None = getattr(self._open, "connection", None)
        return connection

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        afterwards: list[Callable[[], None]] = []
        try:
            with _explained(), self._writer.begin() as connection:
                self._open.connection, self._open.afterwards = connection, afterwards
                yield connection
        finally:
            self._open.connection = None
        for do in afterwards:
            do()


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except (DBAPIError, sqlite3.Error) as error:
        meaning = explain(error)
        if meaning is None:
            raise
        raise meaning from error


def _prepare(engine: Engine, pragmas: tuple[str, ...], begin: str) -> None:
    """Take transactions out of the driver's hands: it would open them late and without the write lock."""

    @event.listens_for(engine, "connect")
    def _connected(raw: Any, _record: Any) -> None:
        raw.isolation_level = None
        cursor = raw.cursor()
        for pragma in pragmas:
            cursor.execute(pragma)
        cursor.close()

    @event.listens_for(engine, "begin")
    def _began(connection: Connection) -> None:
        connection.exec_driver_sql(begin)
