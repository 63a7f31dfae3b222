"""The table of schemas: what the positions of kept rows mean, and whether the server was told. Knows no row."""

from __future__ import annotations

from edge_agent.outbox.database import Database
from kiosk.wire.schema import Schema, parse_schema


class Schemas:
    """Schemas by hash. Marking and forgetting are for inside the caller's transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.current: Schema | None = None
        """Of the rows that come now."""

    def keep(self, schema: Schema) -> None:
        """Store one, in a transaction of its own."""
        with self._database.transaction():
            self._database.write("INSERT OR IGNORE INTO schema VALUES (?, ?, 0)", (schema.hash, schema.canonical))

    def positions(self, schema_hash: str) -> int:
        """How many positions its rows have. KeyError for an unknown one."""
        if self.current is not None and self.current.hash == schema_hash:
            return len(self.current.columns)
        canonical = self.canonical(schema_hash)
        if canonical is None:
            raise KeyError(schema_hash)
        return len(parse_schema(canonical).columns)

    def canonical(self, schema_hash: str) -> bytes | None:
        """Its canonical bytes, if it is kept."""
        row = self._database.row("SELECT canonical FROM schema WHERE hash = ?", (schema_hash,))
        return None if row is None else bytes(row[0])

    def told(self, schema_hash: str) -> bool:
        """Whether the server is known to have it."""
        return self._database.row("SELECT 1 FROM schema WHERE hash = ? AND told = 1", (schema_hash,)) is not None

    def mark(self, schema_hash: str, told: bool) -> None:
        """Note that the server has it, or asked for it."""
        self._database.write("UPDATE schema SET told = ? WHERE hash = ?", (int(told), schema_hash))

    def tell_all_again(self) -> None:
        """A new stream: the server is told each one anew."""
        self._database.write("UPDATE schema SET told = 0")

    def forget_unused(self) -> None:
        """Drop those that no kept chunk uses, but never the current one."""
        current = "" if self.current is None else self.current.hash
        self._database.write(
            "DELETE FROM schema WHERE hash <> ? AND hash NOT IN (SELECT schema FROM chunk)", (current,)
        )
