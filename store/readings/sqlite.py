"""The name under which the composition first met SqlReadings, which runs on PostgreSQL too; use store.readings.sql."""

from store.readings.sql import SqlReadings as SqliteReadings

__all__ = ["SqliteReadings"]
