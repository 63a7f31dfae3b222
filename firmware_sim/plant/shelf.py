"""The charging shelf: which port charges what until when; knows customers, but no board protocol and no battery."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from firmware_sim.plant.customers import Service, Visit
from firmware_sim.states import State, items

SUPPLY_EFFICIENCY = 0.88
"""Of the 12 V to 5 V converters between bus and ports."""
IDLE_W = 0.6


class Counter(Protocol):
    """Who stands at the shelf: told of presses and plugs in the order in which they happen."""

    def press(self, at_utc_ms: int, service: int) -> bool:
        """Whether the press was taken."""

    def plug_in(self, at_utc_ms: int, port: int, power_mw: int) -> None:
        """Port numbers start at 1."""

    def plug_out(self, at_utc_ms: int, port: int) -> None:
        """The charge is over, or power is lost."""


class Charge(NamedTuple):
    """What one port is doing."""

    power_mw: int
    since_ms: int
    until_ms: int


class Shelf:
    """Serves visits while there is power and a free port."""

    def __init__(self, ports: int, services: tuple[Service, ...], counter: Counter) -> None:
        self._services = services
        self._counter = counter
        self._charges: list[Charge | None] = [None] * ports
        self.turned_away = 0
        """Visits without a sale since the start: no power, no free port, or a press that was not taken."""

    def run(self, start_utc_ms: int, end_utc_ms: int, visits: list[Visit], serving: bool) -> float:
        """Plays one step's events in order of time; returns the mean power at the ports in W."""
        energy_mw_ms = 0
        for visit in visits:
            energy_mw_ms += self._finish_until(visit.at_utc_ms, start_utc_ms)
            if not serving or not self.serve(visit):
                self.turned_away += 1
        energy_mw_ms += self._finish_until(end_utc_ms, start_utc_ms)
        for charge in self._charges:
            if charge is not None:
                energy_mw_ms += charge.power_mw * (end_utc_ms - max(start_utc_ms, charge.since_ms))
        return energy_mw_ms / (end_utc_ms - start_utc_ms) / 1000.0

    def power_lost(self, at_utc_ms: int) -> None:
        """Everything stops; the owners take their things home."""
        for index, charge in enumerate(self._charges):
            if charge is not None:
                self._charges[index] = None
                self._counter.plug_out(at_utc_ms, index + 1)

    def serve(self, visit: Visit) -> bool:
        """Whether it became a sale."""
        if None not in self._charges or not self._counter.press(visit.at_utc_ms, visit.service):
            return False
        index = self._charges.index(None)
        power_mw = round(self._services[visit.service].power_w * 1000)
        self._charges[index] = Charge(power_mw, visit.at_utc_ms, visit.at_utc_ms + visit.duration_ms)
        self._counter.plug_in(visit.at_utc_ms, index + 1, power_mw)
        return True

    def _finish_until(self, at_utc_ms: int, start_utc_ms: int) -> int:
        """Ends what is full by now, earliest first; returns its energy since the step's start in mW x ms."""
        full = [(c.until_ms, i, c) for i, c in enumerate(self._charges) if c is not None and c.until_ms <= at_utc_ms]
        energy_mw_ms = 0
        for until_ms, index, charge in sorted(full):
            energy_mw_ms += charge.power_mw * (until_ms - max(start_utc_ms, charge.since_ms))
            self._charges[index] = None
            self._counter.plug_out(until_ms, index + 1)
        return energy_mw_ms

    def to_state(self) -> State:
        return {"charges": [charge and list(charge) for charge in self._charges], "turned_away": self.turned_away}

    def load_state(self, state: State) -> None:
        self._charges = [None if charge is None else Charge(*charge) for charge in items(state, "charges")]
        self.turned_away = int(state["turned_away"])
