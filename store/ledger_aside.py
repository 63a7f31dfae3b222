"""What is kept beside a log until it can be explained: records that came early, disputed bytes, passed holes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, select, update

from store.lookup import Named
from store.schema import ledger_disputed, ledger_gap, ledger_parked
from store.upsert import insert, insert_new, upsert

_PARKED = select(ledger_parked.c.log, ledger_parked.c.seq).order_by(ledger_parked.c.seq)
_NAMED_PARKED = Named(_PARKED, ledger_parked.c.log)
_NAMED_GAPS = Named(select(ledger_gap).order_by(ledger_gap.c.from_seq), ledger_gap.c.log)


@dataclass(frozen=True, slots=True)
class Parked:
    """A record that came before one that it follows."""

    log: str
    seq: int
    hash: str
    payload: bytes
    signature: bytes
    key_id: str
    verified: bool
    """Whether the signature was found right; not, if its key was not known yet."""
    amt: int
    cash: int
    sum_in: int
    sum_out: int
    box: int
    arrived_ms: int


@dataclass(frozen=True, slots=True)
class Disputed:
    """Bytes that claim to be a record and are none."""

    id: int
    site: str
    log: str
    seq: int
    """As the section says; the bytes may say something else or nothing."""
    payload: bytes
    signature: bytes
    key_id: str
    reason: str
    security: bool
    copies: int
    """In how many frames these same bytes came."""
    first_ms: int
    last_ms: int


@dataclass(frozen=True, slots=True)
class Gap:
    """A hole in a log that its head has passed, or will pass."""

    log: str
    from_seq: int
    to_seq: int
    reason: str
    """`loss`: a LOSS record declares it; `disputed`: intact copies of bytes that are no record came again and again."""
    lost_in: int
    lost_out: int
    lost_cash: int
    """As declared, minor units."""
    opened_ms: int


def park(connection: Connection, records: Sequence[Parked]) -> None:
    """Keep records until those before them come."""
    insert_new(
        connection, ledger_parked, [{name: getattr(each, name) for name in Parked.__slots__} for each in records]
    )


def parked(connection: Connection, log: str, first: int, last: int) -> list[Parked]:
    """The parked records from seq `first` to `last`, by seq."""
    table = ledger_parked.c
    query = select(ledger_parked).where(table.log == log, table.seq.between(first, last))
    return [Parked(*row) for row in connection.execute(query.order_by(table.seq, table.hash))]


def parked_seqs(connection: Connection, log: str) -> list[int]:
    """The numbers of the parked records, rising."""
    return list(
        connection.scalars(select(ledger_parked.c.seq).where(ledger_parked.c.log == log).order_by(ledger_parked.c.seq))
    )


def parked_seqs_of(connection: Connection, logs: Iterable[str]) -> dict[str, list[int]]:
    """The same of several logs; a log without parked records is absent."""
    waiting: dict[str, list[int]] = {}
    for log, seq in _NAMED_PARKED.rows(connection, [(log,) for log in logs]):
        waiting.setdefault(log, []).append(seq)
    return waiting


def unpark(connection: Connection, log: str, seq: int, digest: str) -> None:
    """A parked record has found its place, or has to make room for one that is asked for earlier."""
    table = ledger_parked.c
    connection.execute(delete(ledger_parked).where(table.log == log, table.seq == seq, table.hash == digest))


def dispute(connection: Connection, row: Disputed, digest: str, frame: str) -> int:
    """Keep bytes that are no record; the same bytes in another frame are counted. Gives the number of copies so far.

    `frame` names the frame: one that the broker delivers twice is one copy.
    """
    values = {name: getattr(row, name) for name in Disputed.__slots__ if name != "id"}
    statement = insert(connection, ledger_disputed).values(**values, digest=digest, last_frame=frame)
    connection.execute(statement.on_conflict_do_nothing(index_elements=["digest"]))
    table = ledger_disputed.c
    again = update(ledger_disputed).where(table.digest == digest, table.last_frame != frame)
    connection.execute(again.values(copies=table.copies + 1, last_ms=row.last_ms, last_frame=frame))
    return int(connection.execute(select(table.copies).where(table.digest == digest)).scalar_one())


def disputed_size(connection: Connection, site: str) -> tuple[int, int]:
    """How many disputed records of a site are kept, and how many bytes they have."""
    size = func.coalesce(func.sum(func.length(ledger_disputed.c.payload)), 0)
    row = connection.execute(select(func.count(), size).where(ledger_disputed.c.site == site)).one()
    return row[0], row[1]


def is_disputed(connection: Connection, digest: str) -> bool:
    """Whether these bytes are kept already."""
    return connection.scalar(select(ledger_disputed.c.id).where(ledger_disputed.c.digest == digest)) is not None


def disputed(connection: Connection, site: str, limit: int = 200) -> list[Disputed]:
    """A site's disputed bytes, newest first."""
    table = ledger_disputed.c
    query = select(*(table[name] for name in Disputed.__slots__)).where(table.site == site)
    return [Disputed(*row) for row in connection.execute(query.order_by(table.last_ms.desc()).limit(limit))]


def gaps(connection: Connection, log: str) -> list[Gap]:
    """The holes of a log, rising; they do not overlap."""
    query = select(ledger_gap).where(ledger_gap.c.log == log).order_by(ledger_gap.c.from_seq)
    return [Gap(*row) for row in connection.execute(query)]


def gaps_of(connection: Connection, logs: Iterable[str]) -> dict[str, list[Gap]]:
    """The same of several logs; a log without holes is absent."""
    found: dict[str, list[Gap]] = {}
    for row in _NAMED_GAPS.rows(connection, [(log,) for log in logs]):
        found.setdefault(row[0], []).append(Gap(*row))
    return found


def add_gap(connection: Connection, gap: Gap) -> None:
    """Note a hole."""
    upsert(connection, ledger_gap, {name: getattr(gap, name) for name in Gap.__slots__})


def delete_gap(connection: Connection, gap: Gap) -> None:
    """A hole is closed, or shrinks and is noted anew."""
    named = (ledger_gap.c.log == gap.log, ledger_gap.c.from_seq == gap.from_seq)
    connection.execute(delete(ledger_gap).where(*named))
