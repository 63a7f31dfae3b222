"""Figures against the simulator's own books: what a Pi would have read, minute by minute, with outages and resets."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from figures.day import DayFigures, day_figures
from figures.facts import BootSpan, DayFacts, Parameters, Points
from firmware_sim.faults import CounterReset, Fault, PanelDisconnected, PowerCut, Silence
from firmware_sim.kiosk import SimulatedKiosk
from firmware_sim.lines import MemoryLine
from firmware_sim.truth import TrueDay
from kiosk.metric import CATALOGUE
from kiosk.time import DAY_MS, day_of, day_start_ms

START = day_start_ms("2026-03-09")
MINUTE, HOUR = 60_000, 3_600_000
CHUNK_MS = 15 * MINUTE
"""Rows that were not yet on disk are lost with the power."""
STEP_WH = 10

_FIELDS: dict[str, tuple[str, Callable[[str], int]]] = {
    "H19": ("pv_energy_total_wh", lambda text: int(text) * 10),
    "V": ("battery_voltage_v", lambda text: int(text) // 10),
    "I": ("battery_current_a", lambda text: int(text) // 10),
    "IL": ("load_current_a", lambda text: int(text) // 10),
    "PPV": ("pv_power_w", lambda text: int(text) * 10),
    "CS": ("charger_state", int),
    "LOAD": ("load_on", lambda text: int(text == "ON")),
}


@dataclass
class Pi:
    """Reads the controller once a minute while it has power, and knows its own lives."""

    readings: dict[str, dict[int, int]] = field(default_factory=dict)
    boots: list[BootSpan] = field(default_factory=list)
    _since: int | None = None

    def minute(self, kiosk: SimulatedKiosk) -> None:
        now = kiosk.now_utc_ms
        if not kiosk.powered:
            self.die(now)
            return
        self._since = now if self._since is None else self._since
        if kiosk.faults.silent("mppt", now):
            return
        for name, text in kiosk.mppt.fields():
            if name in _FIELDS:
                metric, read = _FIELDS[name]
                self.readings.setdefault(metric, {})[now] = read(text)

    def die(self, now: int) -> None:
        if self._since is None:
            return
        kept = now - now % CHUNK_MS
        for series in self.readings.values():
            for lost in [each for each in series if each > kept]:
                del series[lost]
        if kept > self._since:
            self.boots.append(BootSpan(f"{len(self.boots):016x}", self._since, kept))
        self._since = None


def days(scenario: str, count: int, cutoff_mv: int, faults: tuple[Fault, ...]) -> Iterator[tuple[DayFigures, TrueDay]]:
    # No line to the board: nobody has to acknowledge its frames, so the shelf works all day.
    kiosk = SimulatedKiosk(scenario, 11, START, device_ends={"mppt": MemoryLine()}, faults=faults)
    pi = Pi()
    for minute in range(1, count * 24 * 60 + 1):
        kiosk.advance(START + minute * MINUTE)
        pi.minute(kiosk)
    pi.die(kiosk.now_utc_ms)
    for number in range(count):
        start = START + number * DAY_MS
        series = tuple(cut(metric, readings, start) for metric, readings in pi.readings.items())
        told = Parameters(cutoff_mv=cutoff_mv)
        facts = DayFacts(day_of(start), kiosk.now_utc_ms, series, tuple(pi.boots), parameters=told)
        yield day_figures(facts), kiosk.truth.days[facts.day]


def cut(metric: str, readings: dict[int, int], start: int) -> Points:
    times = sorted(readings)
    first, last = max(0, bisect_left(times, start) - 30), bisect_left(times, start + DAY_MS) + 1
    kept = times[first:last]
    return Points("mppt", metric, CATALOGUE[metric].decimals, kept, [readings[each] for each in kept])


FAULTS: tuple[Fault, ...] = (
    CounterReset(START + 1 * DAY_MS + 10 * HOUR, START + 1 * DAY_MS + 10 * HOUR + MINUTE),
    PowerCut(START + 2 * DAY_MS + 11 * HOUR, START + 2 * DAY_MS + 13 * HOUR),
    PowerCut(START + 3 * DAY_MS + 19 * HOUR, START + 4 * DAY_MS + 9 * HOUR),
    PanelDisconnected(START + 6 * DAY_MS + 10 * HOUR, START + 9 * DAY_MS + 10 * HOUR),
    Silence(START + 5 * DAY_MS + 12 * HOUR, START + 5 * DAY_MS + 15 * HOUR, device="mppt"),
)


@pytest.fixture(scope="module")
def tired() -> list[tuple[DayFigures, TrueDay]]:
    """A week of the site whose old battery gives up in the evening."""
    return list(days("tangasgo", 12, 11_800, FAULTS))


def test_the_week_holds_what_it_is_to_prove(tired: list[tuple[DayFigures, TrueDay]]) -> None:
    assert any(truth.load_on_ms < 23 * HOUR for _, truth in tired)
    assert sum(truth.panel_wh for _, truth in tired) > 1000


def test_solar_energy_is_true_within_a_step_or_a_hundredth(tired: list[tuple[DayFigures, TrueDay]]) -> None:
    for figures, truth in tired:
        assert figures.solar.energy_wh is not None
        assert abs(figures.solar.energy_wh - truth.panel_wh) <= max(STEP_WH, truth.panel_wh / 100), figures.day


def test_load_energy_of_days_with_all_readings_is_true_within_what_it_states(
    tired: list[tuple[DayFigures, TrueDay]],
) -> None:
    complete = [(figures, truth) for figures, truth in tired if figures.load.coverage_permille == 1000]
    for figures, truth in complete:
        assert figures.load.energy_wh is not None
        assert abs(figures.load.energy_wh - truth.load_wh) <= figures.load.uncertainty_wh, figures.day


def test_agent_uptime_is_true_within_a_chunk_a_power_cut(tired: list[tuple[DayFigures, TrueDay]]) -> None:
    # On the last evening the agent dies and nothing comes after it, so the rest of that day is not known.
    for figures, truth in tired[:-1]:
        cuts = 1 + (truth.pi_powered_ms < 24 * HOUR) + (truth.load_on_ms < truth.pi_powered_ms)
        known_ms = figures.agent.up_ms + figures.agent.down_ms
        assert known_ms >= DAY_MS - CHUNK_MS
        assert abs(figures.agent.up_ms - truth.pi_powered_ms) <= cuts * CHUNK_MS, figures.day


def test_power_on_the_bus_is_true_where_it_is_known(tired: list[tuple[DayFigures, TrueDay]]) -> None:
    for figures, truth in tired:
        cuts = 2
        low_ms, high_ms = figures.power.up_ms, figures.power.up_ms + figures.power.unknown_ms
        assert low_ms - cuts * CHUNK_MS <= truth.load_on_ms <= high_ms + cuts * CHUNK_MS, figures.day
        if figures.power.unknown_ms < CHUNK_MS:
            assert abs(figures.power.up_ms - truth.load_on_ms) <= cuts * CHUNK_MS, figures.day
