"""Errors of the store, grouped by what the caller does next.

StoreError
├── LimitError        the question asks for more than is given at once: ask for less
├── VersionError      the database is older or newer than this program: run the migration, or update the program
├── RetryLater        nothing is wrong with the values: keep them, try the same again after `after_s`
├── RepairFirst       trying again cannot help before a person acts: keep the values, say so, try slowly
└── RefusedValues     some values will never be taken: set aside those in `refused`; all the others are written
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kiosk.errors import KioskError

if TYPE_CHECKING:
    from store.readings.base import Refusal

RETRY_AFTER_S = 5


class StoreError(KioskError):
    """Anything the store refuses on purpose; errors of the database that it cannot explain pass as SQLAlchemy's."""


class LimitError(StoreError):
    """More points were asked for than are given at once; ask for a shorter span or for buckets."""


class VersionError(StoreError):
    """The database's schema is not the one this program was written for."""


class RetryLater(StoreError):
    """Busy, restarting or out of reach. What was sent may have been written: sending it again changes nothing."""

    def __init__(self, message: str, after_s: int = RETRY_AFTER_S) -> None:
        super().__init__(message)
        self.after_s = after_s


class RepairFirst(StoreError):
    """A disk is full, a token or a bucket has gone: the message says what a person has to do."""


class RefusedValues(StoreError):
    """The server takes everything but these values, and gives its reason for each."""

    def __init__(self, refused: tuple[Refusal, ...]) -> None:
        first = refused[0]
        super().__init__(
            f"{sum(len(each.series.values) for each in refused)} values refused, first of them "
            f"{first.series.metric} of {first.site} {first.series.device}: {first.reason}"
        )
        self.refused = refused
