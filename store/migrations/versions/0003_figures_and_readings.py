"""Days to compute, computed days, and readings in SQL."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "dirty_day",
        sa.Column("site", sa.String(length=24), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("marks", sa.BigInteger(), nullable=False),
        sa.Column("marked_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("site", "day", name="pk_dirty_day"),
    )
    op.create_table(
        "reading",
        sa.Column("series_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("t_ms", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("boot_ref", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("series_id", "t_ms", "boot_ref", name="pk_reading"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "reading_boot",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("site", sa.String(length=24), nullable=False),
        sa.Column("boot", sa.String(length=16), nullable=False),
        sa.Column("from_ms", sa.BigInteger(), nullable=False),
        sa.Column("to_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_reading_boot"),
        sa.UniqueConstraint("site", "boot", name="uq_reading_boot_site_boot"),
    )
    op.create_table(
        "series",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("site", sa.String(length=24), nullable=False),
        sa.Column("device", sa.String(length=24), nullable=False),
        sa.Column("metric", sa.String(length=40), nullable=False),
        sa.Column("decimals", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_series"),
        sa.UniqueConstraint("site", "device", "metric", "decimals", name="uq_series_site_device_metric_decimals"),
    )
    op.create_table(
        "site_day",
        sa.Column("site", sa.String(length=24), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("figures", sa.Text(), nullable=False),
        sa.Column("cur", sa.String(length=3), server_default=sa.text("''"), nullable=False),
        sa.Column("income_minor", sa.BigInteger(), nullable=True),
        sa.Column("cash_minor", sa.BigInteger(), nullable=True),
        sa.Column("pv_energy_wh", sa.BigInteger(), nullable=True),
        sa.Column("load_energy_wh", sa.BigInteger(), nullable=True),
        sa.Column("coverage_permille", sa.BigInteger(), nullable=True),
        sa.Column("uptime_permille", sa.BigInteger(), nullable=True),
        sa.Column("link_permille", sa.BigInteger(), nullable=True),
        sa.Column("computed_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("site", "day", name="pk_site_day"),
    )
    op.create_index("ix_site_day_day", "site_day", ["day"], unique=False)


def downgrade() -> None:
    """Drop them, with all that is in them."""
    op.drop_table("site_day")
    op.drop_table("series")
    op.drop_table("reading_boot")
    op.drop_table("reading")
    op.drop_table("dirty_day")
