"""An agent that is off for days: its charger remembers them, and the office tells each day so, by the real path.

Simulated kiosk, real drivers and agent, real ingest, store and office; held against the simulator's own books. The
charger's records count in steps of 10 Wh, rounded down: a day that is told may be one step short, and what is left over
for the day of the return is more by as much.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from edge_agent.config import load as load_config
from figures.day import DayFigures
from firmware_sim.faults import Fault, PowerCut
from firmware_sim.kiosk import SimulatedKiosk
from firmware_sim.scenarios import load_scenario
from kayasol.demo.history import Life
from kayasol.demo.setup import write_agent_toml
from kiosk.time import DAY_MS, day_of, day_start_ms
from store import days
from tests.end_to_end.broker_village import quick_folder
from tests.end_to_end.village import Bridge, Server, found_village

CODE = "damane"
START_MS = day_start_ms("2026-10-20")
MINUTE_MS, HOUR_MS = 60_000, 3_600_000
OFF_MS, BACK_MS = START_MS + 2 * DAY_MS + 13 * HOUR_MS, START_MS + 6 * DAY_MS + 9 * HOUR_MS
END_MS = START_MS + 8 * DAY_MS + HOUR_MS
STEP_WH = 10
FIRST, INNER, LAST = "2026-10-22", ("2026-10-23", "2026-10-24", "2026-10-25"), "2026-10-26"
FAULTS: tuple[Fault, ...] = (PowerCut(OFF_MS, BACK_MS),)


@dataclass(frozen=True)
class Lived:
    figures: Mapping[str, DayFigures]
    truth: Mapping[str, Any]
    settled: bool
    """The office had nothing to do when it was asked again."""


def lived(root: Path, history_days: int) -> Lived:
    places = found_village(root, START_MS)
    now = [START_MS]
    server = Server(places, lambda: now[0])
    write_agent_toml(places, load_scenario(CODE), 900, 1)
    file = places.agent_toml(CODE)
    driver = 'driver = "victron-vedirect"\n'
    option = f"history_days = {history_days}\n" if history_days else ""
    file.write_text(file.read_text(encoding="utf-8").replace(driver, driver + option), encoding="utf-8")
    kiosk, bridge = SimulatedKiosk(CODE, 5, START_MS, faults=FAULTS), Bridge(server)
    life = Life(kiosk, load_config(file), places.state(CODE), bridge, logging.getLogger("life"))
    while now[0] < END_MS:
        now[0] += MINUTE_MS
        life.run(now[0], lambda _: None)
        if now[0] % (3 * HOUR_MS) == 0:
            server.finish_days()  # as the office does: days are computed, told of, and computed again
    assert life.agent is not None
    bridge.settle(life.agent, up=True)
    server.finish_days()
    settled = not server.office.turn()
    life.stop()
    with server.store.read() as connection:
        stored = days.between(connection, CODE, day_of(START_MS), day_of(now[0]))
    server.store.close()
    found = {each.day: DayFigures.from_json(each.figures) for each in stored}
    return Lived(found, json.loads(kiosk.truth.to_json()), settled)


@pytest.fixture(scope="module")
def told() -> Iterator[Lived]:
    with quick_folder("told") as root:
        logging.disable(logging.WARNING)
        yield lived(root, 14)


@pytest.fixture(scope="module")
def untold() -> Iterator[Lived]:
    with quick_folder("untold") as root:
        logging.disable(logging.WARNING)
        yield lived(root, 0)


def off_by_wh(days: Lived, day: str) -> float:
    energy_wh = days.figures[day].solar.energy_wh
    assert energy_wh is not None
    return energy_wh - float(days.truth[day]["panel_wh"])


def test_days_without_agent_are_told_by_the_charger_within_one_of_its_steps(told: Lived) -> None:
    for day in INNER:
        solar = told.figures[day].solar
        assert abs(off_by_wh(told, day)) <= STEP_WH, day
        assert (solar.method, solar.marks, solar.coverage_permille) == ("history", ("controller_history",), 0)
        reasons = {(reason.code, reason.subject) for reason in told.figures[day].reasons}
        assert {("controller_history", "solar"), ("agent_off", "")} <= reasons


def test_the_day_on_which_the_agent_went_is_its_record_less_what_was_counted(told: Lived) -> None:
    assert abs(off_by_wh(told, FIRST)) <= 2 * STEP_WH
    solar = told.figures[FIRST].solar
    assert (solar.method, solar.marks) == ("counter", ("controller_history",))


def test_the_day_of_the_return_gets_what_is_left_and_states_how_sure_that_is(told: Lived) -> None:
    solar = told.figures[LAST].solar
    assert abs(off_by_wh(told, LAST)) <= solar.uncertainty_wh <= 7 * STEP_WH
    assert (solar.method, solar.marks) == ("counter", ("controller_history",))


def test_the_days_of_the_gap_add_up_to_the_counter_and_not_to_more(told: Lived, untold: Lived) -> None:
    def total_wh(found: Lived) -> int:
        return sum(found.figures[day].solar.energy_wh or 0 for day in (FIRST, *INNER, LAST))

    assert total_wh(told) == total_wh(untold)
    assert abs(total_wh(told) - sum(told.truth[day]["panel_wh"] for day in (FIRST, *INNER, LAST))) <= STEP_WH


def test_without_the_records_the_same_days_are_estimates(told: Lived, untold: Lived) -> None:
    for day in INNER:
        assert untold.figures[day].solar.marks == ("estimated",)
        assert untold.figures[day].history == ()
    worst_told, worst_untold = (max(abs(off_by_wh(each, day)) for day in (FIRST, *INNER)) for each in (told, untold))
    assert worst_told < worst_untold


def test_load_energy_of_a_day_without_agent_is_the_chargers_record(told: Lived, untold: Lived) -> None:
    for day in INNER:
        load = told.figures[day].load
        assert load.energy_wh is not None
        assert untold.figures[day].load.energy_wh is None
        assert (load.method, load.marks) == ("history", ("controller_history",))
        # The charger's night may be cut at another hour than midnight.
        assert abs(load.energy_wh - told.truth[day]["load_wh"]) <= max(STEP_WH, told.truth[day]["load_wh"] / 10), day


def test_what_the_charger_tells_stands_beside_what_was_measured(told: Lived) -> None:
    for day in INNER:
        figures = told.figures[day]
        (past,) = figures.history
        assert (past.device, past.day) == ("mppt", day)
        assert past.told_ms >= BACK_MS
        assert past.pv_power_max_w is not None
        assert past.battery_min_mv is not None
        assert past.battery_max_mv is not None
        assert 10 < past.pv_power_max_w < 500
        assert 10_000 < past.battery_min_mv < past.battery_max_mv < 16_000
        assert figures.battery.min_mv is None
    assert {FIRST, *INNER} <= set(told.figures[LAST].told_days)


def test_days_that_were_read_from_end_to_end_are_what_they_are_without_the_records(told: Lived, untold: Lived) -> None:
    for day in ("2026-10-21", "2026-10-27"):
        assert told.figures[day].solar == untold.figures[day].solar
        assert abs(off_by_wh(told, day)) <= STEP_WH


def test_the_office_comes_to_rest(told: Lived) -> None:
    assert told.settled
