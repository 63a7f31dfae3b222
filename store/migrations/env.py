"""What Alembic runs: the steps, inside the transaction that store.migrate has opened."""

from __future__ import annotations

from alembic import context

from store.schema import METADATA

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=METADATA, transactional_ddl=True)
context.run_migrations()
