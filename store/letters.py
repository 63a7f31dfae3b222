"""Dead letters: what arrived whole but could not be read, kept raw for a person. Bounded; what is dropped is told."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, select

from store.schema import dead_letter
from store.upsert import insert


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is kept; the oldest go first."""

    letters: int = 10_000
    octets: int = 64 * 2**20
    age_ms: int = 180 * 86_400_000


@dataclass(frozen=True, slots=True)
class Letter:
    """One dead letter without its bytes."""

    id: int
    site: str
    """"" where not even the site could be read."""
    topic: str
    kind: str
    """`frame`, `status`, or the kind of section."""
    reason: str
    security: bool
    """Somebody spoke where he may not."""
    size: int
    copies: int
    """How often these same bytes came."""
    first_ms: int
    last_ms: int


def add(
    connection: Connection, octets: bytes, *, site: str, topic: str, kind: str, reason: str, security: bool, now_ms: int
) -> None:
    """Keep bytes; the same bytes of the same site and kind again are counted, not kept twice."""
    named = f"{site}\n{kind}\n".encode()
    row = {
        "digest": hashlib.sha256(named + octets).hexdigest(),
        "site": site,
        "topic": topic[:80],
        "kind": kind,
        "reason": reason[:200],
        "security": security,
        "octets": octets,
        "size": len(octets),
        "copies": 1,
        "first_ms": now_ms,
        "last_ms": now_ms,
    }
    statement = insert(connection, dead_letter).values(**row)
    again = {"copies": dead_letter.c.copies + 1, "last_ms": now_ms}
    connection.execute(statement.on_conflict_do_update(index_elements=["digest"], set_=again))


def trim(connection: Connection, limits: Limits, now_ms: int) -> int:
    """Drop what is too old or too much, oldest first; tells how many letters went."""
    table = dead_letter.c
    dropped = connection.execute(delete(dead_letter).where(table.last_ms < now_ms - limits.age_ms)).rowcount
    kept, octets = connection.execute(select(func.count(), func.coalesce(func.sum(table.size), 0))).one()
    excess, heavy = kept - limits.letters, octets - limits.octets
    if excess <= 0 and heavy <= 0:
        return dropped
    doomed: list[int] = []
    for letter, size in connection.execute(select(table.id, table.size).order_by(table.last_ms, table.id)):
        if excess <= 0 and heavy <= 0:
            break
        doomed.append(letter)
        excess, heavy = excess - 1, heavy - size
    for start in range(0, len(doomed), 500):
        connection.execute(delete(dead_letter).where(table.id.in_(doomed[start : start + 500])))
    return dropped + len(doomed)


def newest(connection: Connection, limit: int, site: str | None = None) -> list[Letter]:
    """The letters that came last, without their bytes."""
    columns = [dead_letter.c[name] for name in Letter.__slots__]
    query = select(*columns).order_by(dead_letter.c.last_ms.desc(), dead_letter.c.id.desc()).limit(limit)
    if site is not None:
        query = query.where(dead_letter.c.site == site)
    return [Letter(*row) for row in connection.execute(query)]


def octets_of(connection: Connection, letter: int) -> bytes | None:
    """The bytes of one letter."""
    return connection.scalar(select(dead_letter.c.octets).where(dead_letter.c.id == letter))


def count(connection: Connection) -> int:
    """How many letters wait for a person."""
    return connection.execute(select(func.count()).select_from(dead_letter)).scalar_one()
