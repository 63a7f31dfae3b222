"""What the books of a site say at the kiosk and at the server, record by record and row by row. Compares nothing."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import ColumnElement, Select, Table, func, select

from store import counters
from store.engine import Store
from store.schema import (
    block,
    dead_letter,
    ledger_disputed,
    ledger_gap,
    ledger_log,
    ledger_parked,
    ledger_record,
    reading,
    series,
    stream,
)

EVERY_ROW = ("link", "link_sent_bytes")
"""Device and metric that each row has."""

Records = dict[tuple[str, int], tuple[bytes, bytes]]
"""(log, seq) -> exact bytes and signature"""


@contextmanager
def edge_book(state: Path) -> Iterator[sqlite3.Connection]:
    """The agent's own file, to look at only."""
    with closing(sqlite3.connect(f"file:{state / 'edge.db'}?mode=ro", uri=True, timeout=10)) as book:
        yield book


def is_drained(state: Path) -> bool:
    """Whether the server has answered for everything that is on the kiosk's disk."""
    return not any(kept(state).values())


def kept(state: Path) -> dict[str, int]:
    """What is on the kiosk's disk that the server has not answered for: chunks of rows, logs of the ledger."""
    with edge_book(state) as book:
        (waiting,) = book.execute("SELECT COUNT(*) FROM chunk").fetchone()
        (unanswered,) = book.execute(
            "SELECT COUNT(*) FROM ledger_log l WHERE acked < (SELECT MAX(seq) FROM ledger_record WHERE log = l.number)"
        ).fetchone()
    return {"chunks": waiting, "logs": unanswered}


def records_at_edge(state: Path) -> Records:
    with edge_book(state) as book:
        rows = book.execute(
            "SELECT l.log, r.seq, r.payload, r.signature FROM ledger_record r JOIN ledger_log l ON l.number = r.log"
        )
        return {(log, seq): (payload, signature) for log, seq, payload, signature in rows}


def records_at_server(store: Store, code: str) -> Records:
    table = ledger_record.c
    with store.read() as connection:
        rows = connection.execute(
            select(table.log, table.seq, table.payload, table.signature).where(table.site == code, table.branch == 0)
        )
        return {(log, seq): (bytes(payload), bytes(signature)) for log, seq, payload, signature in rows}


def oddities(store: Store, code: str) -> dict[str, int]:
    """Everything that a person would have to look into; all zero where nothing happened but loss on the way."""
    record, logs = ledger_record.c, select(ledger_log.c.log).where(ledger_log.c.site == code)
    questions = {
        "marked": _how_many(ledger_record, record.site == code, record.marks != ""),
        "on a branch": _how_many(ledger_record, record.site == code, record.branch != 0),
        "undated": _how_many(ledger_record, record.site == code, record.day.is_(None)),
        "forked": _how_many(ledger_log, ledger_log.c.site == code, ledger_log.c.forked),
        "disputed": _how_many(ledger_disputed, ledger_disputed.c.site == code),
        "parked": _how_many(ledger_parked, ledger_parked.c.log.in_(logs)),
        "ledger gaps": _how_many(ledger_gap, ledger_gap.c.log.in_(logs)),
        "rows given up": select(func.coalesce(func.sum(stream.c.gap_rows), 0)).where(stream.c.site == code),
        "blocks not written": _how_many(block, block.c.site == code, block.c.state != "written"),
        "dead letters": _how_many(dead_letter, dead_letter.c.site.in_([code, ""])),
    }
    with store.read() as connection:
        return {what: int(connection.execute(question).scalar_one()) for what, question in questions.items()}


def _how_many(table: Table, *which: ColumnElement[bool]) -> Select[int]:
    return select(func.count()).select_from(table).where(*which)


def rows_at_edge(state: Path) -> tuple[str, int]:
    """The stream, and how many rows were ever committed in it."""
    with edge_book(state) as book:
        name, head = book.execute("SELECT stream, head FROM state").fetchone()
    return name, head


def streams_at_server(store: Store, code: str) -> list[tuple[str, int, str]]:
    """(stream, upto, ranges above it)"""
    with store.read() as connection:
        rows = connection.execute(select(stream.c.stream, stream.c.upto, stream.c.ranges).where(stream.c.site == code))
        return [(name, upto, ranges) for name, upto, ranges in rows]


def rows_at_server(store: Store, code: str) -> int:
    """Rows in the readings store, by a metric that each has."""
    device, metric = EVERY_ROW
    named = (series.c.site == code, series.c.device == device, series.c.metric == metric)
    question = select(func.count()).select_from(reading).join(series, series.c.id == reading.c.series_id).where(*named)
    with store.read() as connection:
        return int(connection.execute(question).scalar_one())


def counted(store: Store) -> Counter[str]:
    """Ingest's counters."""
    with store.read() as connection:
        return Counter(counters.snapshot(connection))
