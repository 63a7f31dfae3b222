"""Writes values into a readings store of its own while the transaction goes on; all is written before the commit.

Only for a store that has no part in the transaction. Each batch waits for the one before, so what is written twice ends
as it was said last. Nothing is on its way any more when the transaction ends, whichever way it ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait

from store.errors import RefusedValues
from store.readings.base import Batch, ReadingsStore, Refusal


class Beside:
    """One transaction's values on their way."""

    def __init__(self, readings: ReadingsStore, thread: ThreadPoolExecutor) -> None:
        """`thread` has one worker."""
        self._readings = readings
        self._thread = thread
        self._begun: list[Future[None]] = []

    def begin(self, batches: Sequence[Batch]) -> None:
        """Write these after those begun before; the caller changes them no more."""
        self._begun.append(self._thread.submit(self._readings.write_many, batches))

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
