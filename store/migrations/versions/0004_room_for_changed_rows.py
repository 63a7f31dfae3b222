"""Blocks that wait are found by an index of their own; rows changed all day keep room beside them.

Of the index over all states only those that wait were ever asked for, and each block paid for it. A row of PostgreSQL
that changes without finding room on its page costs an entry in every index. What is there is not written anew: it gets
the room as its pages are filled again.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

FILLED_PERCENT = {"site_status": 30, "stream": 50, "boot": 50, "down_state": 50, "dirty_day": 50, "arrival": 80}


def upgrade() -> None:
    """Neither is known to a program: the one before goes on with both."""
    waiting = sa.text("state IN ('parked', 'undated')")
    columns = ["state", "site", "schema_hash"]
    op.create_index("ix_block_waiting", "block", columns, sqlite_where=waiting, postgresql_where=waiting)
    op.drop_index("ix_block_state_site_schema_hash", table_name="block")
    if op.get_context().dialect.name == "postgresql":
        for table, percent in FILLED_PERCENT.items():
            op.execute(f"ALTER TABLE {table} SET (fillfactor = {percent})")


def downgrade() -> None:
    """As they were."""
    if op.get_context().dialect.name == "postgresql":
        for table in FILLED_PERCENT:
            op.execute(f"ALTER TABLE {table} RESET (fillfactor)")
    op.create_index("ix_block_state_site_schema_hash", "block", ["state", "site", "schema_hash"], unique=False)
    op.drop_index("ix_block_waiting", table_name="block")
