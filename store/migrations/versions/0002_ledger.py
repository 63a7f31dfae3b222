"""Money: logs, heads, records, and what is kept aside."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "ledger_disputed",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("site", sa.String(length=24), nullable=False),
        sa.Column("log", sa.String(length=32), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("key_id", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("security", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("copies", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("last_frame", sa.String(length=40), server_default=sa.text("''"), nullable=False),
        sa.Column("first_ms", sa.BigInteger(), nullable=False),
        sa.Column("last_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_ledger_disputed"),
        sa.UniqueConstraint("digest", name="uq_ledger_disputed_digest"),
    )
    op.create_index("ix_ledger_disputed_log_seq", "ledger_disputed", ["log", "seq"], unique=False)
    op.create_index("ix_ledger_disputed_site", "ledger_disputed", ["site"], unique=False)
    op.create_table(
        "ledger_log",
        sa.Column("log", sa.String(length=32), nullable=False),
        sa.Column("site", sa.String(length=24), nullable=False),
        sa.Column("dev", sa.String(length=16), nullable=False),
        sa.Column("cur", sa.String(length=3), server_default=sa.text("''"), nullable=False),
        sa.Column("old_log", sa.String(length=32), server_default=sa.text("''"), nullable=False),
        sa.Column("forked", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("opened_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("log", name="pk_ledger_log"),
    )
    op.create_index("ix_ledger_log_site", "ledger_log", ["site"], unique=False)
    op.create_table(
        "ledger_branch",
        sa.Column("log", sa.String(length=32), nullable=False),
        sa.Column("branch", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=64), server_default=sa.text("''"), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("sum_in", sa.BigInteger(), nullable=False),
        sa.Column("sum_out", sa.BigInteger(), nullable=False),
        sa.Column("box", sa.BigInteger(), nullable=False),
        sa.Column("boot", sa.String(length=16), server_default=sa.text("''"), nullable=False),
        sa.Column("boot_number", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("mono_ms", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.ForeignKeyConstraint(["log"], ["ledger_log.log"], name="fk_ledger_branch_log"),
        sa.PrimaryKeyConstraint("log", "branch", name="pk_ledger_branch"),
    )
    op.create_table(
        "ledger_gap",
        sa.Column("log", sa.String(length=32), nullable=False),
        sa.Column("from_seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("to_seq", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=8), nullable=False),
        sa.Column("lost_in", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("lost_out", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("lost_cash", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("opened_ms", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("reason IN ('loss', 'disputed')", name="ck_ledger_gap_reason"),
        sa.ForeignKeyConstraint(["log"], ["ledger_log.log"], name="fk_ledger_gap_log"),
        sa.PrimaryKeyConstraint("log", "from_seq", name="pk_ledger_gap"),
    )
    op.create_table(
        "ledger_parked",
        sa.Column("log", sa.String(length=32), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("key_id", sa.String(length=16), nullable=False),
        sa.Column("verified", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("amt", sa.BigInteger(), nullable=False),
        sa.Column("cash", sa.BigInteger(), nullable=False),
        sa.Column("sum_in", sa.BigInteger(), nullable=False),
        sa.Column("sum_out", sa.BigInteger(), nullable=False),
        sa.Column("box", sa.BigInteger(), nullable=False),
        sa.Column("arrived_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["log"], ["ledger_log.log"], name="fk_ledger_parked_log"),
        sa.PrimaryKeyConstraint("log", "seq", "hash", name="pk_ledger_parked"),
    )
    op.create_table(
        "ledger_record",
        sa.Column("log", sa.String(length=32), nullable=False),
        sa.Column("branch", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("key_id", sa.String(length=16), nullable=False),
        sa.Column("site", sa.String(length=24), nullable=False),
        sa.Column("t", sa.String(length=16), nullable=False),
        sa.Column("press_id", sa.String(length=32), nullable=False),
        sa.Column("boot", sa.String(length=16), nullable=False),
        sa.Column("boot_number", sa.BigInteger(), nullable=False),
        sa.Column("mono_ms", sa.BigInteger(), nullable=False),
        sa.Column("cur", sa.String(length=3), nullable=False),
        sa.Column("amt", sa.BigInteger(), nullable=False),
        sa.Column("pay", sa.String(length=8), nullable=False),
        sa.Column("cash", sa.BigInteger(), nullable=False),
        sa.Column("sum_in", sa.BigInteger(), nullable=False),
        sa.Column("sum_out", sa.BigInteger(), nullable=False),
        sa.Column("box", sa.BigInteger(), nullable=False),
        sa.Column("svc", sa.String(length=24), server_default=sa.text("''"), nullable=False),
        sa.Column("op", sa.String(length=40), server_default=sa.text("''"), nullable=False),
        sa.Column("ref_log", sa.String(length=32), server_default=sa.text("''"), nullable=False),
        sa.Column("ref", sa.BigInteger(), nullable=False),
        sa.Column("utc_ms", sa.BigInteger(), nullable=True),
        sa.Column("day", sa.String(length=10), nullable=True),
        sa.Column("counts", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("marks", sa.String(length=80), server_default=sa.text("''"), nullable=False),
        sa.Column("arrived_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["log"], ["ledger_log.log"], name="fk_ledger_record_log"),
        sa.PrimaryKeyConstraint("log", "branch", "seq", name="pk_ledger_record"),
    )
    op.create_index("ix_ledger_record_press_id", "ledger_record", ["press_id"], unique=False)
    op.create_index("ix_ledger_record_site_boot", "ledger_record", ["site", "boot"], unique=False)
    op.create_index("ix_ledger_record_site_day", "ledger_record", ["site", "day"], unique=False)
    op.create_index("ix_ledger_record_site_t", "ledger_record", ["site", "t"], unique=False)
    op.create_table(
        "log_key",
        sa.Column("log", sa.String(length=32), nullable=False),
        sa.Column("key_id", sa.String(length=16), nullable=False),
        sa.Column("from_seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("until_seq", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["log"], ["ledger_log.log"], name="fk_log_key_log"),
        sa.PrimaryKeyConstraint("log", "key_id", "from_seq", name="pk_log_key"),
    )


def downgrade() -> None:
    """Drop them, with all that is in them."""
    op.drop_table("log_key")
    op.drop_table("ledger_record")
    op.drop_table("ledger_parked")
    op.drop_table("ledger_gap")
    op.drop_table("ledger_branch")
    op.drop_table("ledger_log")
    op.drop_table("ledger_disputed")
