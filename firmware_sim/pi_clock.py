"""What the Pi's clock shows, seen from the true time: with or without a battery behind it; knows no faults."""

from __future__ import annotations

from firmware_sim.scenarios.scenario import Clock
from firmware_sim.states import State, flag, integer

_SAVED_EVERY_MS = 3_600_000  # how often the system writes the time to the card


class PiClock:
    """Without a battery it wakes with the time saved last: each night puts it further behind until a network helps."""

    def __init__(self, clock: Clock, start_utc_ms: int) -> None:
        self._keeps_time = clock.runs_without_power
        self.offset_ms = 0 if self._keeps_time else clock.first_boot_utc_ms - start_utc_ms
        """Pi minus true time."""
        self._saved_ms = start_utc_ms + self.offset_ms
        self._saved_at_utc_ms = start_utc_ms
        self._running = True

    def follow(self, at_utc_ms: int, powered: bool, network: bool) -> None:
        """Told at each step."""
        if self._keeps_time:
            return
        if powered and not self._running:
            self.offset_ms = self._saved_ms - at_utc_ms
            self._saved_at_utc_ms = at_utc_ms
        self._running = powered
        if powered and network:
            self.offset_ms = 0
        if powered and at_utc_ms - self._saved_at_utc_ms >= _SAVED_EVERY_MS:
            self._saved_ms = at_utc_ms + self.offset_ms
            self._saved_at_utc_ms = at_utc_ms

    def to_state(self) -> State:
        return {
            "offset_ms": self.offset_ms,
            "saved_ms": self._saved_ms,
            "saved_at_utc_ms": self._saved_at_utc_ms,
            "running": self._running,
        }

    def load_state(self, state: State) -> None:
        self.offset_ms = integer(state, "offset_ms")
        self._saved_ms = integer(state, "saved_ms")
        self._saved_at_utc_ms = integer(state, "saved_at_utc_ms")
        self._running = flag(state, "running")
