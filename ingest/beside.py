"""Writes values into a readings store of its own while the transaction goes on; all is written before the commit.

Only for a store that has no part in the transaction. Several batches are on their way at once; whoever writes a value
again lets those before come to their end first, so that it ends as it was said last. Nothing is on its way any more
when the transaction ends, whichever way it ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from store.errors import RefusedValues
from store.readings.base import ReadingsStore, Refusal, Values

BEGUN_MAX = 8
"""Batches in memory: a backlog is decoded faster than any store takes it."""


class Beside:
    """One transaction's values on their way."""

    def __init__(self, readings: ReadingsStore, threads: ThreadPoolExecutor) -> None:
        """Not more batches than `threads` has workers are on their way at once."""
        self._readings = readings
        self._threads = threads
        self._begun: list[Future[None]] = []

    def begin(self, batches: Sequence[Values]) -> None:
        """Write these; the caller changes them no more. Waits while too much is on its way."""
        while len(under_way := [each for each in self._begun if not each.done()]) >= BEGUN_MAX:
            wait(under_way, return_when=FIRST_COMPLETED)
        self._begun.append(self._threads.submit(self._readings.write_many, batches))

    def settle(self) -> None:
        """Let what was begun come to its end; whether it could be written is told by `finish`."""
        wait(self._begun)

    def finish(self) -> list[Refusal]:
        """Wait until all is written; what will never be taken comes back. Raises RetryLater or RepairFirst."""
        begun, self._begun = self._begun, []
        wait(begun)
        refused: list[Refusal] = []
        for each in begun:
            try:
                each.result()
            except RefusedValues as error:
                refused += error.refused
        return refused

    def abandon(self) -> None:
        """Wait for what is on its way, whatever becomes of it: it must not arrive after a later deletion."""
        begun, self._begun = self._begun, []
        for each in begun:
            each.cancel()
        wait(begun)
