"""Opens edge.db in the state folder; one that is damaged is moved aside, never deleted, and a new one is begun."""

from __future__ import annotations

import logging
from pathlib import Path

from edge_agent.outbox.database import BallastFile, Database, StorageBroken
from edge_agent.till.opening import STORE

FILE = "edge.db"
_PARTS = ("", "-wal", "-shm")
_ASIDE_MAX = 100


def open_or_renew(state: Path, log: logging.Logger, page_limit: int = 0) -> tuple[Database, str]:
    """The database, and why a new ledger log must say that it has no predecessor here ("" if the file was whole)."""
    ballast = BallastFile(state / "ballast")
    try:
        database = Database(state / FILE, ballast, page_limit)
        database.check()
    except StorageBroken as error:
        aside = _move_aside(state)
        log.critical(
            "%s: kept as %s, a new one is begun; send the old file to whoever looks after the site", error, aside
        )
        return Database(state / FILE, ballast, page_limit), STORE
    return database, ""


def _move_aside(state: Path) -> str:
    number = next(n for n in range(1, _ASIDE_MAX) if not (state / f"{FILE}.broken-{n}").exists())
    for part in _PARTS:
        source = state / f"{FILE}{part}"
        if source.exists():
            source.rename(state / f"{FILE}.broken-{number}{part}")
    return f"{FILE}.broken-{number}"
