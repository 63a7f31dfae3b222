"""The office's turns: what is done between two looks at the clock, in the order in which it matters."""

from __future__ import annotations

from collections.abc import Callable

from office.health import Health
from office.projection import Projection
from office.redating import Redating
from office.summariser import Summariser
from store.engine import Store
from store.readings.base import ReadingsStore


class Office:
    """Called over and over by the composition: at once after a turn that did work, after a pause otherwise."""

    def __init__(
        self, store: Store, readings: ReadingsStore, clock: Callable[[], int], projection: Projection | None = None
    ) -> None:
        """`clock` gives UTC milliseconds; `projection` is where there is a copy of the ledger to be kept."""
        self.redating = Redating(store, readings, clock)
        self.summariser = Summariser(store, readings, clock, projection)
        told = None if projection is None else projection.health
        self.health = None if told is None else Health(store, told, clock)

    def turn(self, limit: int = 20) -> bool:
        """A step of dating anew, else at most `limit` dirty days; tells whether there was anything to do."""
        if self.health is not None:
            self.health.run_once()
        # Days are computed when the readings have their final place, not once more for each step on the way.
        return self.redating.run_once() or self.summariser.run_once(limit) > 0
