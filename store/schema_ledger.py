"""The tables of money: logs, heads, records, and what is kept beside them until it can be explained."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, Integer, LargeBinary, String, Table, text

from store.columns import BOOT, DAY, DEVICE, HASH, KEY, LOG, METADATA, ROW_ID, SITE, flag, whole, words

ledger_log = Table(
    "ledger_log",
    METADATA,
    Column("log", LOG, primary_key=True),
    Column("site", SITE, nullable=False, index=True),
    Column("dev", DEVICE, nullable=False),
    words("cur", 3),
    words("old_log", 32),
    flag("forked"),
    whole("opened_ms"),
)

ledger_branch = Table(
    "ledger_branch",
    METADATA,
    Column("log", LOG, ForeignKey("ledger_log.log"), primary_key=True),
    Column("branch", Integer, primary_key=True, autoincrement=False),
    Column("name", HASH, nullable=False, server_default=text("''")),
    whole("seq"),
    Column("hash", HASH, nullable=False),
    *(whole(name) for name in ("sum_in", "sum_out", "box")),
    Column("boot", BOOT, nullable=False, server_default=text("''")),
    *(whole(name, default=0) for name in ("boot_number", "mono_ms")),
)

log_key = Table(
    "log_key",
    METADATA,
    Column("log", LOG, ForeignKey("ledger_log.log"), primary_key=True),
    Column("key_id", KEY, primary_key=True),
    Column("from_seq", BigInteger, primary_key=True, autoincrement=False),
    whole("until_seq", null=True),
)

ledger_record = Table(
    "ledger_record",
    METADATA,
    Column("log", LOG, ForeignKey("ledger_log.log"), primary_key=True),
    Column("branch", Integer, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", HASH, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("signature", LargeBinary, nullable=False),
    Column("key_id", KEY, nullable=False),
    Column("site", SITE, nullable=False),
    words("t", 16, None),
    Column("press_id", String(32), nullable=False, index=True),
    Column("boot", BOOT, nullable=False),
    *(whole(name) for name in ("boot_number", "mono_ms")),
    words("cur", 3, None),
    whole("amt"),
    words("pay", 8, None),
    *(whole(name) for name in ("cash", "sum_in", "sum_out", "box")),
    words("svc", 24),
    words("op", 40),
    words("ref_log", 32),
    whole("ref"),
    whole("utc_ms", null=True),
    Column("day", DAY),
    flag("counts"),
    words("marks", 80),
    whole("arrived_ms"),
    Index(None, "site", "day"),
    Index(None, "site", "t"),
    Index(None, "site", "boot"),
)

ledger_parked = Table(
    "ledger_parked",
    METADATA,
    Column("log", LOG, ForeignKey("ledger_log.log"), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", HASH, primary_key=True),
    Column("payload", LargeBinary, nullable=False),
    Column("signature", LargeBinary, nullable=False),
    Column("key_id", KEY, nullable=False),
    flag("verified"),
    *(whole(name) for name in ("amt", "cash", "sum_in", "sum_out", "box")),
    whole("arrived_ms"),
)

ledger_disputed = Table(
    "ledger_disputed",
    METADATA,
    Column("id", ROW_ID, primary_key=True),
    Column("digest", HASH, nullable=False, unique=True),
    Column("site", SITE, nullable=False, index=True),
    Column("log", LOG, nullable=False),
    whole("seq"),
    Column("payload", LargeBinary, nullable=False),
    Column("signature", LargeBinary, nullable=False),
    Column("key_id", KEY, nullable=False),
    words("reason", 200, None),
    flag("security"),
    whole("copies", default=1),
    words("last_frame", 40),
    whole("first_ms"),
    whole("last_ms"),
    Index(None, "log", "seq"),
)

ledger_gap = Table(
    "ledger_gap",
    METADATA,
    Column("log", LOG, ForeignKey("ledger_log.log"), primary_key=True),
    Column("from_seq", BigInteger, primary_key=True, autoincrement=False),
    whole("to_seq"),
    words("reason", 8, None),
    *(whole(name, default=0) for name in ("lost_in", "lost_out", "lost_cash")),
    whole("opened_ms"),
    CheckConstraint("reason IN ('loss', 'disputed')", name="reason"),
)
