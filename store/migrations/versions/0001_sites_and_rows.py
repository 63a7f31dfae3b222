"""Sites, their devices and keys, what devices said, rows as received."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "arrival",
        sa.Column("site", sa.String(length=24), nullable=False),
        sa.Column("slot_ms", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("frames", sa.BigInteger(), nullable=False),
        sa.Column("octets", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("site", "slot_ms", name="pk_arrival"),
    )
    op.create_table(
        "block",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("site", sa.String(length=24), nullable=False),
        sa.Column("stream", sa.String(length=32), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("boot", sa.String(length=16), nullable=False),
        sa.Column("schema_hash", sa.String(length=16), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("arrived_ms", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("state IN ('parked', 'undated', 'written', 'refused')", name="ck_block_state"),
        sa.PrimaryKeyConstraint("id", name="pk_block"),
        sa.UniqueConstraint("site", "stream", "first", "count", name="uq_block_site_stream_first_count"),
    )
    op.create_index("ix_block_site_boot_state", "block", ["site", "boot", "state"], unique=False)
    op.create_index("ix_block_state_site_schema_hash", "block", ["state", "site", "schema_hash"], unique=False)
    op.create_table(
        "boot",
        sa.Column("site", sa.String(length=24), nullable=False),
        sa.Column("boot", sa.String(length=16), nullable=False),
        sa.Column("boot_number", sa.BigInteger(), nullable=False),
        sa.Column("first_mono_ms", sa.BigInteger(), nullable=False),
        sa.Column("last_mono_ms", sa.BigInteger(), nullable=False),
        sa.Column("fix_source", sa.String(length=8), server_default=sa.text("'none'"), nullable=False),
        sa.Column("fix_mono_ms", sa.BigInteger(), nullable=True),
        sa.Column("fix_utc_ms", sa.BigInteger(), nullable=True),
        sa.Column("fix_uncertainty_ms", sa.BigInteger(), nullable=True),
        sa.Column("offset_ms", sa.BigInteger(), nullable=True),
        sa.Column("needs_redating", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.PrimaryKeyConstraint("site", "boot", name="pk_boot"),
    )
    op.create_index("ix_boot_site_boot_number", "boot", ["site", "boot_number"], unique=False)
    op.create_table(
        "counter",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_counter"),
    )
    op.create_table(
        "dead_letter",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("site", sa.String(length=24), server_default=sa.text("''"), nullable=False),
        sa.Column("topic", sa.String(length=80), server_default=sa.text("''"), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("security", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("octets", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("copies", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("first_ms", sa.BigInteger(), nullable=False),
        sa.Column("last_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_dead_letter"),
        sa.UniqueConstraint("digest", name="uq_dead_letter_digest"),
    )
    op.create_index("ix_dead_letter_site_last_ms", "dead_letter", ["site", "last_ms"], unique=False)
    op.create_table(
        "down_state",
        sa.Column("site", sa.String(length=24), nullable=False),
        sa.Column("dev", sa.String(length=16), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("counter", sa.BigInteger(), nullable=False),
        sa.Column("sent_ms", sa.BigInteger(), nullable=False),
        sa.Column("boot", sa.String(length=16), server_default=sa.text("''"), nullable=False),
        sa.PrimaryKeyConstraint("site", "dev", name="pk_down_state"),
    )
    op.create_table(
        "flagged_value",
        sa.Column("site", sa.String(length=24), nullable=False),
        sa.Column("boot", sa.String(length=16), nullable=False),
        sa.Column("device", sa.String(length=24), nullable=False),
        sa.Column("metric", sa.String(length=40), nullable=False),
        sa.Column("mono_ms", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("utc_ms", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Integer(), nullable=False),
        sa.Column("raw", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("site", "boot", "device", "metric", "mono_ms", name="pk_flagged_value"),
    )
    op.create_index("ix_flagged_value_site_utc_ms", "flagged_value", ["site", "utc_ms"], unique=False)
    op.create_table(
        "schema",
        sa.Column("site", sa.String(length=24), nullable=False),
        sa.Column("hash", sa.String(length=16), nullable=False),
        sa.Column("canonical", sa.LargeBinary(), nullable=False),
        sa.Column("arrived_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("site", "hash", name="pk_schema"),
    )
    op.create_table(
        "setting",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_setting"),
    )
    op.create_table(
        "site",
        sa.Column("code", sa.String(length=24), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("commune", sa.String(length=200), server_default=sa.text("''"), nullable=False),
        sa.Column("site_kind", sa.String(length=16), server_default=sa.text("''"), nullable=False),
        sa.Column("cur", sa.String(length=3), nullable=False),
        sa.Column("act_hash", sa.String(length=64), nullable=False),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("code", name="pk_site"),
    )
    op.create_table(
        "site_status",
        sa.Column("site", sa.String(length=24), nullable=False),
        sa.Column("dev", sa.String(length=16), nullable=False),
        sa.Column("online", sa.Boolean(), nullable=True),
        sa.Column("online_changed_ms", sa.BigInteger(), nullable=True),
        sa.Column("arrival_ms", sa.BigInteger(), nullable=True),
        sa.Column("header_ms", sa.BigInteger(), nullable=True),
        sa.Column("stream", sa.String(length=32), nullable=True),
        sa.Column("boot", sa.String(length=16), nullable=True),
        sa.Column("boot_number", sa.BigInteger(), nullable=True),
        sa.Column("counter", sa.BigInteger(), nullable=True),
        sa.Column("mono_ms", sa.BigInteger(), nullable=True),
        sa.Column("clock_source", sa.String(length=8), nullable=True),
        sa.Column("clock_utc_ms", sa.BigInteger(), nullable=True),
        sa.Column("clock_uncertainty_ms", sa.BigInteger(), nullable=True),
        sa.Column("lowest_kept", sa.BigInteger(), nullable=True),
        sa.Column("head", sa.BigInteger(), nullable=True),
        sa.Column("rows_waiting", sa.BigInteger(), nullable=True),
        sa.Column("oldest_age_s", sa.BigInteger(), nullable=True),
        sa.Column("rows_dropped", sa.BigInteger(), nullable=True),
        sa.Column("cadence_s", sa.BigInteger(), nullable=True),
        sa.Column("log", sa.String(length=32), nullable=True),
        sa.Column("log_seq", sa.BigInteger(), nullable=True),
        sa.Column("log_hash", sa.String(length=64), nullable=True),
        sa.Column("cur", sa.String(length=3), nullable=True),
        sa.Column("sum_in", sa.BigInteger(), nullable=True),
        sa.Column("sum_out", sa.BigInteger(), nullable=True),
        sa.Column("box", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("site", name="pk_site_status"),
    )
    op.create_table(
        "stream",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("site", sa.String(length=24), nullable=False),
        sa.Column("stream", sa.String(length=32), nullable=False),
        sa.Column("dev", sa.String(length=16), nullable=False),
        sa.Column("upto", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("ranges", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("refused", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("gap_rows", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("opened_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_stream"),
        sa.UniqueConstraint("site", "stream", name="uq_stream_site_stream"),
    )
    op.create_table(
        "act",
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("site", sa.String(length=24), nullable=False),
        sa.Column("octets", sa.LargeBinary(), nullable=False),
        sa.Column("issued_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["site"], ["site.code"], name="fk_act_site"),
        sa.PrimaryKeyConstraint("hash", name="pk_act"),
    )
    op.create_index("ix_act_site", "act", ["site"], unique=False)
    op.create_table(
        "device_key",
        sa.Column("key_id", sa.String(length=16), nullable=False),
        sa.Column("site", sa.String(length=24), nullable=False),
        sa.Column("dev", sa.String(length=16), nullable=False),
        sa.Column("public_key", sa.String(length=64), nullable=False),
        sa.Column("source", sa.String(length=8), server_default=sa.text("'act'"), nullable=False),
        sa.Column("added_ms", sa.BigInteger(), nullable=False),
        sa.Column("retired_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["site"], ["site.code"], name="fk_device_key_site"),
        sa.PrimaryKeyConstraint("key_id", name="pk_device_key"),
    )
    op.create_index("ix_device_key_site_dev", "device_key", ["site", "dev"], unique=False)
    op.create_table(
        "stream_gap",
        sa.Column("stream_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("first", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("noted_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["stream_id"], ["stream.id"], name="fk_stream_gap_stream_id"),
        sa.PrimaryKeyConstraint("stream_id", "first", name="pk_stream_gap"),
    )


def downgrade() -> None:
    """Drop them, with all that is in them."""
    op.drop_table("stream_gap")
    op.drop_table("device_key")
    op.drop_table("act")
    op.drop_table("stream")
    op.drop_table("site_status")
    op.drop_table("site")
    op.drop_table("setting")
    op.drop_table("schema")
    op.drop_table("flagged_value")
    op.drop_table("down_state")
    op.drop_table("dead_letter")
    op.drop_table("counter")
    op.drop_table("boot")
    op.drop_table("block")
    op.drop_table("arrival")
