"""The tables of rows: streams, blocks as they came, boots, and the readings where SQL keeps those too."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from store.columns import BOOT, DEVICE, METADATA, ROW_ID, SITE, STREAM, flag, whole, words

# --- blocks --------------------------------------------------------------------------------------------------------

stream = Table(
    "stream",
    METADATA,
    Column("id", ROW_ID, primary_key=True),
    Column("site", SITE, nullable=False),
    Column("stream", STREAM, nullable=False),
    Column("dev", DEVICE, nullable=False),
    whole("upto", default=0),
    Column("ranges", Text, nullable=False, server_default=text("''")),
    Column("refused", Text, nullable=False, server_default=text("''")),
    whole("gap_rows", default=0),
    whole("opened_ms"),
    UniqueConstraint("site", "stream"),
)

stream_gap = Table(
    "stream_gap",
    METADATA,
    Column("stream_id", BigInteger, ForeignKey("stream.id"), primary_key=True, autoincrement=False),
    Column("first", BigInteger, primary_key=True, autoincrement=False),
    whole("count"),
    whole("noted_ms"),
)

schema = Table(
    "schema",
    METADATA,
    Column("site", SITE, primary_key=True),
    Column("hash", String(16), primary_key=True),
    Column("canonical", LargeBinary, nullable=False),
    whole("arrived_ms"),
)

WAITING = text("state IN ('parked', 'undated')")
"""Blocks with an index of their own. A question about them has to hold these very words, or it is not used."""

block = Table(
    "block",
    METADATA,
    Column("id", ROW_ID, primary_key=True),
    Column("site", SITE, nullable=False),
    Column("stream", STREAM, nullable=False),
    whole("first"),
    whole("count"),
    Column("boot", BOOT, nullable=False),
    Column("schema_hash", String(16), nullable=False),
    Column("body", LargeBinary, nullable=False),
    words("state", 8, None),
    whole("arrived_ms"),
    CheckConstraint("state IN ('parked', 'undated', 'written', 'refused')", name="state"),
    UniqueConstraint("site", "stream", "first", "count"),
    Index(None, "site", "boot", "state"),
    Index("ix_block_waiting", "state", "site", "schema_hash", sqlite_where=WAITING, postgresql_where=WAITING),
)

boot = Table(
    "boot",
    METADATA,
    Column("site", SITE, primary_key=True),
    Column("boot", BOOT, primary_key=True),
    whole("boot_number"),
    whole("first_mono_ms"),
    whole("last_mono_ms"),
    Column("fix_source", String(8), nullable=False, server_default=text("'none'")),
    *(whole(name, null=True) for name in ("fix_mono_ms", "fix_utc_ms", "fix_uncertainty_ms", "offset_ms")),
    flag("needs_redating"),
    Index(None, "site", "boot_number"),
)

flagged_value = Table(
    "flagged_value",
    METADATA,
    Column("site", SITE, primary_key=True),
    Column("boot", BOOT, primary_key=True),
    Column("device", String(24), primary_key=True),
    Column("metric", String(40), primary_key=True),
    Column("mono_ms", BigInteger, primary_key=True, autoincrement=False),
    whole("utc_ms"),
    Column("code", Integer, nullable=False),
    whole("raw"),
    Index(None, "site", "utc_ms"),
)

# --- readings (store/readings/sql.py) ------------------------------------------------------------------------------

series = Table(
    "series",
    METADATA,
    Column("id", ROW_ID, primary_key=True),
    Column("site", SITE, nullable=False),
    Column("device", String(24), nullable=False),
    Column("metric", String(40), nullable=False),
    Column("decimals", Integer, nullable=False),
    UniqueConstraint("site", "device", "metric", "decimals"),
)

reading_boot = Table(
    "reading_boot",
    METADATA,
    Column("id", ROW_ID, primary_key=True),
    Column("site", SITE, nullable=False),
    Column("boot", BOOT, nullable=False),
    whole("from_ms"),
    whole("to_ms"),
    UniqueConstraint("site", "boot"),
)

reading = Table(
    "reading",
    METADATA,
    Column("series_id", BigInteger, primary_key=True, autoincrement=False),
    Column("t_ms", BigInteger, primary_key=True, autoincrement=False),
    Column("boot_ref", BigInteger, primary_key=True, autoincrement=False),
    whole("value"),
    sqlite_with_rowid=False,
)
