"""The tables, in SQL that SQLite and PostgreSQL share. Says what is kept; who may write what is docs/server-storage.md.

Times are UTC milliseconds, `day` is the site's civil day YYYY-MM-DD, amounts are minor units, ids lowercase hex.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Table,
    Text,
    text,
)

from store.columns import BOOT, DAY, DEVICE, HASH, KEY, LOG, METADATA, ROW_ID, SITE, STREAM, flag, whole, words
from store.schema_ledger import (
    ledger_branch,
    ledger_disputed,
    ledger_gap,
    ledger_log,
    ledger_parked,
    ledger_record,
    log_key,
)
from store.schema_rows import block, boot, flagged_value, reading, reading_boot, schema, series, stream, stream_gap

__all__ = [
    "METADATA",
    "act",
    "arrival",
    "block",
    "boot",
    "counter",
    "dead_letter",
    "device_key",
    "dirty_day",
    "down_state",
    "flagged_value",
    "ledger_branch",
    "ledger_disputed",
    "ledger_gap",
    "ledger_log",
    "ledger_parked",
    "ledger_record",
    "log_key",
    "reading",
    "reading_boot",
    "schema",
    "series",
    "setting",
    "site",
    "site_day",
    "site_status",
    "stream",
    "stream_gap",
]

# --- who -----------------------------------------------------------------------------------------------------------

site = Table(
    "site",
    METADATA,
    Column("code", SITE, primary_key=True),
    words("name", 200, None),
    words("commune", 200),
    words("site_kind", 16),
    words("cur", 3, None),
    Column("act_hash", HASH, nullable=False),
    Column("latitude", Double),
    Column("longitude", Double),
    whole("created_ms"),
)

act = Table(
    "act",
    METADATA,
    Column("hash", HASH, primary_key=True),
    Column("site", SITE, ForeignKey("site.code"), nullable=False, index=True),
    Column("octets", LargeBinary, nullable=False),
    whole("issued_ms"),
)

device_key = Table(
    "device_key",
    METADATA,
    Column("key_id", KEY, primary_key=True),
    Column("site", SITE, ForeignKey("site.code"), nullable=False),
    Column("dev", DEVICE, nullable=False),
    Column("public_key", HASH, nullable=False),
    words("source", 8, "act"),
    whole("added_ms"),
    whole("retired_ms", null=True),
    Index(None, "site", "dev"),
)

setting = Table(
    "setting",
    METADATA,
    Column("name", String(64), primary_key=True),
    Column("value", Text, nullable=False),
)

counter = Table("counter", METADATA, Column("name", String(64), primary_key=True), whole("value"))

# --- what devices said of themselves -------------------------------------------------------------------------------

site_status = Table(
    "site_status",
    METADATA,
    Column("site", SITE, primary_key=True),
    Column("dev", DEVICE, nullable=False),
    Column("online", Boolean),
    whole("online_changed_ms", null=True),
    whole("arrival_ms", null=True),
    whole("header_ms", null=True),
    Column("stream", STREAM),
    Column("boot", BOOT),
    *(whole(name, null=True) for name in ("boot_number", "counter", "mono_ms")),
    Column("clock_source", String(8)),
    *(whole(name, null=True) for name in ("clock_utc_ms", "clock_uncertainty_ms", "lowest_kept", "head")),
    *(whole(name, null=True) for name in ("rows_waiting", "oldest_age_s", "rows_dropped", "cadence_s")),
    Column("log", LOG),
    whole("log_seq", null=True),
    Column("log_hash", HASH),
    Column("cur", String(3)),
    *(whole(name, null=True) for name in ("sum_in", "sum_out", "box")),
)

arrival = Table(
    "arrival",
    METADATA,
    Column("site", SITE, primary_key=True),
    Column("slot_ms", BigInteger, primary_key=True, autoincrement=False),
    whole("frames"),
    whole("octets"),
)

down_state = Table(
    "down_state",
    METADATA,
    Column("site", SITE, primary_key=True),
    Column("dev", DEVICE, primary_key=True),
    whole("epoch"),
    whole("counter"),
    whole("sent_ms"),
    Column("boot", BOOT, nullable=False, server_default=text("''")),
)

# --- what could not be read ----------------------------------------------------------------------------------------

dead_letter = Table(
    "dead_letter",
    METADATA,
    Column("id", ROW_ID, primary_key=True),
    Column("digest", HASH, nullable=False, unique=True),
    words("site", 24),
    words("topic", 80),
    words("kind", 16, None),
    words("reason", 200, None),
    flag("security"),
    Column("octets", LargeBinary, nullable=False),
    whole("size"),
    whole("copies", default=1),
    whole("first_ms"),
    whole("last_ms"),
    Index(None, "site", "last_ms"),
)

# --- figures -------------------------------------------------------------------------------------------------------

dirty_day = Table(
    "dirty_day",
    METADATA,
    Column("site", SITE, primary_key=True),
    Column("day", DAY, primary_key=True),
    whole("marks"),
    whole("marked_ms"),
)

site_day = Table(
    "site_day",
    METADATA,
    Column("site", SITE, primary_key=True),
    Column("day", DAY, primary_key=True),
    Column("figures", Text, nullable=False),
    words("cur", 3),
    *(whole(name, null=True) for name in ("income_minor", "cash_minor", "pv_energy_wh", "load_energy_wh")),
    *(whole(name, null=True) for name in ("coverage_permille", "uptime_permille", "link_permille")),
    whole("computed_ms"),
    Index(None, "day"),
)
