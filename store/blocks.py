"""The archive: blocks of rows as they came, and the schemas to read them by. Readings can be rebuilt from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, delete, func, select, update

from kiosk.wire.schema import Schema, parse_schema
from store.lookup import Named
from store.schema import block, flagged_value, schema
from store.schema_rows import WAITING
from store.upsert import insert_new, insert_new_tuples

PARKED, UNDATED, WRITTEN, REFUSED = "parked", "undated", "written", "refused"
"""Waits for its schema; waits for a fix of its boot; its values are in the readings store; cannot be decoded."""


def _is(state: str) -> ColumnElement[bool]:
    found = block.c.state == state
    return and_(found, WAITING) if state in {PARKED, UNDATED} else found


_NAMED_SCHEMAS = Named(select(schema.c.site, schema.c.hash, schema.c.canonical), schema.c.site, schema.c.hash)
_WANTED = select(block.c.site, block.c.schema_hash).where(_is(PARKED)).distinct()
_NAMED_WANTED = Named(_WANTED.order_by(block.c.site, block.c.schema_hash), block.c.site)


class Block(NamedTuple):
    """A section of rows as it came."""

    id: int
    site: str
    stream: str
    first: int
    count: int  # type: ignore[assignment]  # of the rows; nobody asks a tuple to count
    boot: str
    """"" while the block is parked."""
    schema_hash: str
    body: bytes
    state: str
    arrived_ms: int


@dataclass(frozen=True, slots=True)
class FlaggedValue:
    """A value that was measured but is not believed; it is not among the readings."""

    site: str
    boot: str
    device: str
    metric: str
    mono_ms: int
    utc_ms: int
    code: int
    raw: int


def add(connection: Connection, added: Sequence[Block]) -> None:
    """Archive blocks (their `id` is given here); the same rows in the same cut are kept once."""
    insert_new_tuples(connection, block, Block._fields[1:], [each[1:] for each in added])


def of_boot(
    connection: Connection, site: str, boot: str, states: Sequence[str], *, after_id: int = 0, limit: int = 200
) -> list[Block]:
    """The next blocks of a boot, as they came; pass the last one's id to go on."""
    table = block.c
    query = select(block).where(table.site == site, table.boot == boot, table.state.in_(states), table.id > after_id)
    return [Block(*row) for row in connection.execute(query.order_by(table.id).limit(limit))]


def waiting_for_schema(connection: Connection, site: str, schema_hash: str) -> list[Block]:
    """The blocks that are parked until a schema comes, as they came."""
    table = block.c
    query = select(block).where(_is(PARKED), table.site == site, table.schema_hash == schema_hash)
    return [Block(*row) for row in connection.execute(query.order_by(table.id))]


def wanted_schemas(connection: Connection, sites: Sequence[str], limit: int) -> dict[str, list[str]]:
    """Hashes that parked blocks of these sites name, at most `limit` of each."""
    wanted: dict[str, list[str]] = {}
    for site, digest in _NAMED_WANTED.rows(connection, [(site,) for site in sites]):
        wanted.setdefault(site, []).append(digest)
    return {site: hashes[:limit] for site, hashes in wanted.items()}


def count(connection: Connection, site: str, state: str, boot: str | None = None) -> int:
    """How many blocks of a site, or of one boot, are in a state."""
    query = select(func.count()).select_from(block).where(_is(state), block.c.site == site)
    if boot is not None:
        query = query.where(block.c.boot == boot)
    return connection.execute(query).scalar_one()


def older_than(connection: Connection, state: str, before_ms: int, limit: int) -> list[Block]:
    """Blocks that have been in a state since before an instant, oldest first."""
    table = block.c
    query = select(block).where(_is(state), table.arrived_ms < before_ms).order_by(table.id).limit(limit)
    return [Block(*row) for row in connection.execute(query)]


def set_state(connection: Connection, ids: Sequence[int], state: str) -> None:
    """Move blocks to another state."""
    if ids:
        connection.execute(update(block).where(block.c.id.in_(ids)).values(state=state))


def explain(connection: Connection, block_id: int, boot: str, state: str) -> None:
    """A parked block can be read now: its boot is known."""
    connection.execute(update(block).where(block.c.id == block_id).values(boot=boot, state=state))


def set_boot_undated(connection: Connection, site: str, boot: str) -> None:
    """Let the written blocks of a boot wait to be written again under another date."""
    table = block.c
    named = (table.site == site, table.boot == boot, table.state == WRITTEN)
    connection.execute(update(block).where(*named).values(state=UNDATED))


def add_schema(connection: Connection, site: str, announced: Schema, now_ms: int) -> None:
    """Keep a schema that a site announced."""
    row = {"site": site, "hash": announced.hash, "canonical": announced.canonical, "arrived_ms": now_ms}
    insert_new(connection, schema, [row])


def get_schema(connection: Connection, site: str, schema_hash: str) -> Schema | None:
    """A schema by its hash, None if the site never announced it."""
    named = (schema.c.site == site, schema.c.hash == schema_hash)
    canonical = connection.scalar(select(schema.c.canonical).where(*named))
    return None if canonical is None else _parsed(canonical)


def schemas_of(connection: Connection, named: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Schema]:
    """Those schemas, by (site, hash), that their sites announced."""
    return {(site, digest): _parsed(canonical) for site, digest, canonical in _NAMED_SCHEMAS.rows(connection, named)}


@lru_cache(maxsize=1024)
def _parsed(canonical: bytes) -> Schema:
    """Sites with the same devices share one."""
    return parse_schema(canonical)


def add_flagged(connection: Connection, values: Sequence[FlaggedValue]) -> None:
    """Keep values that are not believed; those known already stay as they are."""
    rows = [{name: getattr(value, name) for name in FlaggedValue.__slots__} for value in values]
    insert_new(connection, flagged_value, rows)


def delete_flagged(connection: Connection, site: str, boot: str) -> None:
    """Remove the flagged values of a boot, before they are written again under another date."""
    connection.execute(delete(flagged_value).where(flagged_value.c.site == site, flagged_value.c.boot == boot))


def flagged(connection: Connection, site: str, start_ms: int, end_ms: int, limit: int = 1000) -> list[FlaggedValue]:
    """Values of a site in [start, end) that are not believed."""
    table = flagged_value.c
    query = select(flagged_value).where(table.site == site, table.utc_ms >= start_ms, table.utc_ms < end_ms)
    return [FlaggedValue(*row) for row in connection.execute(query.order_by(table.utc_ms).limit(limit))]
