"""The simulator's own books: what really happened, per civil day; must never be read by what it is there to judge."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime

from firmware_sim.states import State

_MS_PER_DAY = 86_400_000
_MS_PER_MINUTE = 60_000


@dataclass(slots=True)
class TrueDay:
    """One UTC day (Burkina Faso's civil day). Energies in Wh, times in ms, amounts in the currency's minor unit."""

    panel_wh: float = 0.0
    """Out of the panel, as the charge controller counts its yield."""
    load_wh: float = 0.0
    """Through the load output: Pi, lamps, fridge, shelf with its losses."""
    shelf_wh: float = 0.0
    """At the shelf's ports."""
    sales: dict[str, int] = field(default_factory=dict)
    """Presses taken by the board, by service; the day is that of the press."""
    amounts_minor: dict[str, int] = field(default_factory=dict)
    """By service."""
    covered_ms: int = 0
    """How much of the day was simulated."""
    pi_powered_ms: int = 0
    load_on_ms: int = 0
    """The load output was on."""
    bus_above_cutoff_ms: int = 0
    """The battery's voltage was above the cut-off."""
    network_ms: int = 0
    """The network was reachable, whether or not the Pi had power."""
    link_ms: int = 0
    """The network was reachable and the Pi had power."""


class Truth:
    """Filled by the kiosk while it runs."""

    def __init__(self) -> None:
        self.days: dict[str, TrueDay] = {}
        """By ISO date."""
        self._day_number = -1
        self._today = TrueDay()

    def day_of(self, utc_ms: int) -> TrueDay:
        number = utc_ms // _MS_PER_DAY
        if number != self._day_number:
            date = datetime.fromtimestamp(number * 86_400, UTC).date().isoformat()
            self._today = self.days.setdefault(date, TrueDay())
            self._day_number = number
        return self._today

    def sale(self, at_utc_ms: int, service: str, price_minor: int) -> None:
        day = self.day_of(at_utc_ms)
        day.sales[service] = day.sales.get(service, 0) + 1
        day.amounts_minor[service] = day.amounts_minor.get(service, 0) + price_minor

    def to_json(self) -> str:
        """A JSON object by date: Wh with three decimals, whole minutes, francs."""
        return json.dumps({date: _public(self.days[date]) for date in sorted(self.days)}, indent=2)

    def to_state(self) -> State:
        return {date: asdict(day) for date, day in self.days.items()}

    def load_state(self, state: State) -> None:
        self.days = {date: TrueDay(**day) for date, day in state.items()}
        self._day_number = -1


def _public(day: TrueDay) -> State:
    return {
        "panel_wh": round(day.panel_wh, 3),
        "load_wh": round(day.load_wh, 3),
        "shelf_wh": round(day.shelf_wh, 3),
        "sales": dict(sorted(day.sales.items())),
        "sales_count": sum(day.sales.values()),
        "amounts_minor": dict(sorted(day.amounts_minor.items())),
        "amount_minor": sum(day.amounts_minor.values()),
        "covered_minutes": day.covered_ms // _MS_PER_MINUTE,
        "pi_powered_minutes": day.pi_powered_ms // _MS_PER_MINUTE,
        "load_on_minutes": day.load_on_ms // _MS_PER_MINUTE,
        "bus_above_cutoff_minutes": day.bus_above_cutoff_ms // _MS_PER_MINUTE,
        "network_minutes": day.network_ms // _MS_PER_MINUTE,
        "link_minutes": day.link_ms // _MS_PER_MINUTE,
    }
