"""Which rows of which stream are done, which were given up by the edge, which were refused. Knows no row's content."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from kiosk.wire.ranges import Range, RangeSet
from store.lookup import Named
from store.schema import stream, stream_gap
from store.upsert import insert_new, update_many

REFUSED_MAX = 16
"""So many refused ranges are remembered for acknowledgements; all of them are dead letters."""

_KEY = (stream.c.site, stream.c.stream)
_NAMED = Named(select(stream).order_by(*_KEY).with_for_update(of=stream), *_KEY)


@dataclass(slots=True)
class Stream:
    """One life of an edge's outbox as the server stands to it; changed in memory, then saved."""

    id: int
    """Grows with each stream that the server meets."""
    site: str
    stream: str
    dev: str
    done: RangeSet
    """Rows that are in the database, refused, or given up by the edge."""
    refused: list[Range]
    """The newest ranges that cannot be decoded."""
    gap_rows: int
    """Rows that the edge gave up before they came."""


def load(connection: Connection, site: str, stream_id: str) -> Stream | None:
    """A stream; its row stays locked where the database locks rows."""
    query = select(stream).where(stream.c.site == site, stream.c.stream == stream_id).with_for_update()
    row = connection.execute(query).one_or_none()
    return None if row is None else _stream(row)


def load_many(connection: Connection, named: Sequence[tuple[str, str]]) -> list[Stream]:
    """Those streams, by (site, stream), that are known; locked in one order, so that workers never wait in a ring."""
    return [_stream(row) for row in _NAMED.rows(connection, named)]


def create(connection: Connection, site: str, stream_id: str, dev: str, now_ms: int) -> Stream:
    """Begin a stream that the server has not met, or give what another worker has just begun."""
    insert_new(connection, stream, [{"site": site, "stream": stream_id, "dev": dev, "opened_ms": now_ms}])
    begun = load(connection, site, stream_id)
    if begun is None:
        raise RuntimeError(f"stream {stream_id} was just inserted and is not there")
    return begun


def save(connection: Connection, *states: Stream) -> None:
    """Keep streams as they are in memory."""
    rows = [
        {
            "id": state.id,
            "upto": state.done.upto,
            "ranges": _text(state.done.ranges),
            "refused": _text(state.refused[-REFUSED_MAX:]),
            "gap_rows": state.gap_rows,
        }
        for state in states
    ]
    update_many(connection, stream, "id", rows)


def order_of(connection: Connection, site: str, stream_id: str) -> int:
    """A number that is greater for a stream met later; 0 if it was never met."""
    found = connection.scalar(select(stream.c.id).where(stream.c.site == site, stream.c.stream == stream_id))
    return 0 if found is None else found


def gaps(connection: Connection, state: Stream) -> list[Range]:
    """Rows that the edge gave up, rising."""
    query = select(stream_gap.c.first, stream_gap.c.count).where(stream_gap.c.stream_id == state.id)
    return [(row.first, row[1]) for row in connection.execute(query.order_by(stream_gap.c.first))]


def gap_rows_of(connection: Connection, site: str) -> int:
    """How many rows of a site, in all its streams, were given up before they came."""
    return sum(connection.scalars(select(stream.c.gap_rows).where(stream.c.site == site)))


def replace_gaps(connection: Connection, state: Stream, ranges: Iterable[Range], now_ms: int) -> None:
    """Keep these ranges as the gaps of the stream, and their sum in its row when that is saved."""
    connection.execute(delete(stream_gap).where(stream_gap.c.stream_id == state.id))
    rows = [{"stream_id": state.id, "first": first, "count": count, "noted_ms": now_ms} for first, count in ranges]
    if rows:
        connection.execute(insert(stream_gap), rows)
    state.gap_rows = sum(row["count"] for row in rows)


def _stream(row: Any) -> Stream:
    done = RangeSet(row.upto, _ranges(row.ranges))
    return Stream(row.id, row.site, row.stream, row.dev, done, _ranges(row.refused), row.gap_rows)


def _text(ranges: Iterable[Range]) -> str:
    return " ".join(f"{first}:{count}" for first, count in ranges)


def _ranges(text: str) -> list[Range]:
    pairs = (item.split(":") for item in text.split())
    return [(int(first), int(count)) for first, count in pairs]
