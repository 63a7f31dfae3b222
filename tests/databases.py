"""Databases of the relational store for tests: a file of SQLite, or a database on a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from store.migrate import upgrade
from tests.postgresql import PostgresServer

ENGINES = ("sqlite", "postgresql")
_MIGRATED = "migrated"


@contextmanager
def empty_database(engine: str, folder: Path, postgres: Callable[[], PostgresServer]) -> Iterator[str]:
    """The URL of a database without tables; the server is asked for only where it is needed."""
    if engine == "sqlite":
        yield f"sqlite:///{folder / 'kayasol.db'}"
        return
    with _of_postgres(postgres(), "template0") as url:
        yield url


@contextmanager
def migrated_database(engine: str, folder: Path, postgres: Callable[[], PostgresServer]) -> Iterator[str]:
    """The URL of a database with this program's tables and nothing in them."""
    if engine == "sqlite":
        url = f"sqlite:///{folder / 'kayasol.db'}"
        upgrade(url)
        yield url
        return
    server = postgres()
    if not server.has_database(_MIGRATED):
        server.execute(f"CREATE DATABASE {_MIGRATED} TEMPLATE template0")
        upgrade(server.url(_MIGRATED))
    with _of_postgres(server, _MIGRATED) as url:
        yield url


@contextmanager
def _of_postgres(server: PostgresServer, template: str) -> Iterator[str]:
    url = server.new_database(template)
    try:
        yield url
    finally:
        if server.is_running:
            server.execute(f'DROP DATABASE "{url.rpartition("/")[2]}" WITH (FORCE)')
