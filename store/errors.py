"""Errors of the store, grouped by what the caller does next.

StoreError
├── LimitError        the question asks for more than is given at once: ask for less
└── VersionError      the database is older or newer than this program: run the migration, or update the program
"""

from __future__ import annotations

from kiosk.errors import KioskError


class StoreError(KioskError):
    """Anything the store refuses on purpose; errors of the database itself pass through as SQLAlchemy raises them."""


class LimitError(StoreError):
    """More points were asked for than are given at once; ask for a shorter span or for buckets."""


class VersionError(StoreError):
    """The database's schema is not the one this program was written for."""
