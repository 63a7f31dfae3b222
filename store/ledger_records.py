"""Records of all logs as they were signed, and the questions that are asked of them. Amounts are minor units.

Whether a record is right was judged by ingest. What is parked, disputed or missing is in ledger_aside.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields

from sqlalchemy import Connection, func, insert, select, update

from store.ledger_logs import MAIN
from store.schema import ledger_record


@dataclass(frozen=True, slots=True)
class Record:
    """A stored record: its exact bytes, and columns derived from them."""

    log: str
    branch: int
    seq: int
    hash: str
    payload: bytes
    signature: bytes
    key_id: str
    site: str
    t: str
    press_id: str
    boot: str
    boot_number: int
    mono_ms: int
    cur: str
    amt: int
    """Effect on income."""
    pay: str
    cash: int
    """Effect on the cash box."""
    sum_in: int
    sum_out: int
    box: int
    svc: str
    op: str
    ref_log: str
    ref: int
    utc_ms: int | None
    """By the boot's best fix; None while the boot has none."""
    day: str | None
    counts: bool
    """Whether `amt` and `cash` are part of sums: not a trial, not a press that another branch has already counted."""
    marks: str
    """What is odd about it, words joined by spaces; "" is nothing."""
    arrived_ms: int

    @property
    def place(self) -> Place:
        """Where it stands."""
        return Place(self.log, self.branch, self.seq, self.press_id, self.t, self.counts, self.marks)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a stored record stands, and what was said about it."""

    log: str
    branch: int
    seq: int
    press_id: str
    t: str
    counts: bool
    marks: str


@dataclass(frozen=True, slots=True)
class Sums:
    """Records of one kind taken together."""

    day: str | None
    t: str
    svc: str
    pay: str
    cur: str
    records: int
    amt: int
    cash: int


_RECORD_FIELDS = tuple(field.name for field in fields(Record))


def add_records(connection: Connection, records: Sequence[Record]) -> None:
    """Store records; the place of each must be free."""
    if records:
        connection.execute(
            insert(ledger_record), [{name: getattr(each, name) for name in _RECORD_FIELDS} for each in records]
        )


def hashes(connection: Connection, log: str, first: int, last: int) -> dict[int, dict[int, str]]:
    """seq -> branch -> hash of the stored records from `first` to `last`."""
    table = ledger_record.c
    query = select(table.seq, table.branch, table.hash).where(table.log == log, table.seq.between(first, last))
    found: dict[int, dict[int, str]] = {}
    for seq, branch, digest in connection.execute(query):
        found.setdefault(seq, {})[branch] = digest
    return found


def presses(connection: Connection, site: str, press_ids: Iterable[str]) -> list[Place]:
    """Where the site's stored records with these press ids stand."""
    table = ledger_record.c
    columns = select(*(table[name] for name in Place.__slots__))
    rows = connection.execute(columns.where(table.press_id.in_(list(press_ids)), table.site == site))
    return [Place(*row) for row in rows]


def mark(connection: Connection, place: Place, marks: str, *, counts: bool) -> None:
    """Say anew what is odd about a stored record, and whether it is part of sums."""
    table = ledger_record.c
    named = (table.log == place.log, table.branch == place.branch, table.seq == place.seq)
    connection.execute(update(ledger_record).where(*named).values(counts=counts, marks=marks))


def record(connection: Connection, log: str, seq: int, branch: int = MAIN) -> Record | None:
    """One record."""
    table = ledger_record.c
    query = select(ledger_record).where(table.log == log, table.branch == branch, table.seq == seq)
    row = connection.execute(query).one_or_none()
    return None if row is None else Record(*row)


def of_log(connection: Connection, log: str, *, after_seq: int = 0, limit: int = 500) -> list[Record]:
    """The next records of a log, all branches, by seq."""
    table = ledger_record.c
    query = select(ledger_record).where(table.log == log, table.seq > after_seq)
    return [Record(*row) for row in connection.execute(query.order_by(table.seq, table.branch).limit(limit))]


def of_type(connection: Connection, site: str, t: str) -> list[Record]:
    """Every record of one type of a site."""
    table = ledger_record.c
    query = select(ledger_record).where(table.site == site, table.t == t)
    return [Record(*row) for row in connection.execute(query.order_by(table.arrived_ms, table.log, table.seq))]


def of_day(connection: Connection, site: str, day: str) -> list[Record]:
    """The records that happened on a civil day, in time."""
    table = ledger_record.c
    query = select(ledger_record).where(table.site == site, table.day == day)
    return [Record(*row) for row in connection.execute(query.order_by(table.utc_ms, table.log, table.seq))]


def recorded_days(connection: Connection, site: str) -> list[str]:
    """The civil days on which something happened, in order."""
    day = ledger_record.c.day
    query = select(day).where(ledger_record.c.site == site, day.is_not(None)).distinct().order_by(day)
    return list(connection.scalars(query))


def newest(connection: Connection, site: str, limit: int) -> list[Record]:
    """The records that came last, newest first."""
    table = ledger_record.c
    query = select(ledger_record).where(table.site == site)
    return [
        Record(*row)
        for row in connection.execute(query.order_by(table.arrived_ms.desc(), table.seq.desc()).limit(limit))
    ]


def undated(connection: Connection, site: str) -> list[Record]:
    """The records of boots that have met no clock yet."""
    table = ledger_record.c
    query = select(ledger_record).where(table.site == site, table.day.is_(None))
    return [Record(*row) for row in connection.execute(query.order_by(table.log, table.seq))]


def sums(connection: Connection, site: str, first: str, last: str) -> list[Sums]:
    """What counts, from day `first` to day `last`, by day, type, service, means and currency."""
    table = ledger_record.c
    by = (table.day, table.t, table.svc, table.pay, table.cur)
    query = select(*by, func.count(), func.sum(table.amt), func.sum(table.cash)).where(
        table.site == site, table.day.between(first, last), table.counts
    )
    rows = connection.execute(query.group_by(*by).order_by(*by))
    return [
        Sums(day, t, svc, pay, cur, records, int(amt), int(cash)) for day, t, svc, pay, cur, records, amt, cash in rows
    ]
