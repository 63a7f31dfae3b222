"""What a scenario says, as frozen facts; must not know the file format."""

from __future__ import annotations

from dataclasses import dataclass, replace

from firmware_sim.faults import Fault
from firmware_sim.plant.customers import Service
from firmware_sim.plant.plant import PlantSpec

_MS_PER_DAY = 86_400_000


class ScenarioError(ValueError):
    """A scenario file cannot be used; the message says which line to change."""


@dataclass(frozen=True, slots=True)
class Network:
    """When the site can reach the world."""

    from_day: float
    """Days after the start before there is any network."""
    daily_hours: tuple[tuple[float, float], ...]
    """Windows of each day, in hours UTC."""

    def is_up(self, first_day_utc_ms: int, at_utc_ms: int) -> bool:
        if at_utc_ms - first_day_utc_ms < self.from_day * _MS_PER_DAY:
            return False
        hour = at_utc_ms % _MS_PER_DAY / 3_600_000.0
        return any(first <= hour < last for first, last in self.daily_hours)


@dataclass(frozen=True, slots=True)
class Clock:
    """What the Pi believes about the time."""

    runs_without_power: bool
    """A battery-backed clock; without one the Pi goes on from the time it saved last."""
    first_boot_utc_ms: int
    """What a Pi without a clock believes at its very first start."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """One kiosk."""

    code: str
    name: str
    kind: str
    """`school` or `health-centre`."""
    commune: str
    plant: PlantSpec
    board_id: str
    mppt_serial: str
    network: Network
    clock: Clock
    faults: tuple[Fault, ...]
    """Instants relative to midnight (UTC) of the day on which the run starts."""

    @property
    def services(self) -> tuple[Service, ...]:
        """The tariff; the first has button A."""
        return self.plant.customers.services

    def faults_from(self, start_utc_ms: int) -> tuple[Fault, ...]:
        """The faults in UTC for a run that starts at this instant."""
        return shift_faults(self.faults, start_utc_ms)


def shift_faults(faults: tuple[Fault, ...], start_utc_ms: int) -> tuple[Fault, ...]:
    """Relative faults to UTC: day 0 is the UTC day of the start."""
    midnight = start_utc_ms - start_utc_ms % _MS_PER_DAY
    return tuple(
        replace(fault, start_utc_ms=fault.start_utc_ms + midnight, end_utc_ms=fault.end_utc_ms + midnight)
        for fault in faults
    )
