"""A month of each of the demo's kiosks by the real path, held against the simulator's own books, day by day.

damane meets the network once a day; louda has neither clock nor network for thirty days and is dated by the server's
first answer; tangasgo's old battery gives up in the evenings, and its computer has a clock with a battery. All have
power cuts, resets, silent and disturbed lines (firmware_sim/scenarios).

What is compared, and how near:

- income: each service of each day, to the franc.
- solar and shelf energy: every day, within 1 % or one step of the counter (10 Wh, 1 Wh), because counters go on while
  nobody reads them.
- load energy: this controller counts none, so it is the integral of current and voltage. Within 1 %, 10 Wh or the
  stated uncertainty on days that were read from end to end; on the others what was not read is missing: not more than
  the truth, not less than the truth without what the unread hours can have taken, with a coverage and a reason.
- agent: within 15 minutes a power cut. power: the load output's true time lies within what the figure calls up, and up
  or unknown, give or take 15 minutes a cut. link: the slots of the site's own cadence in which it could be reached.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from figures.energy import Energy
from figures.reasons import Mark, Why
from kiosk.time import day_start_ms
from tests.end_to_end.broker_village import quick_folder
from tests.end_to_end.chronicle import HOUR_MS, MINUTE_MS, SLOT_MS, LivedDay, LivedSite, live

START_MS = day_start_ms("2026-10-20")
DAYS = 30
SITES = ("tangasgo", "damane", "louda")
COUNTER_STEP_WH, SHELF_STEP_WH = 10, 1
CUT_MS = 15 * MINUTE_MS
LOAD_MOST_W = 250
"""Everything at once: lamps, fridge, computer and a full shelf."""


@pytest.fixture(scope="module")
def month() -> Mapping[str, LivedSite]:
    """The three sites, each lived once by a process of its own."""
    with quick_folder("truth") as root, ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        lives = {code: pool.submit(live, code, root / code, START_MS, DAYS) for code in SITES}
        return {code: each.result() for code, each in lives.items()}


@pytest.fixture(params=SITES)
def site(request: pytest.FixtureRequest, month: Mapping[str, LivedSite]) -> LivedSite:
    return month[request.param]


def near(energy: Energy, true_wh: float, step_wh: float) -> bool:
    assert energy.energy_wh is not None
    # Figures are whole Wh, and so is the difference that a step can make.
    return abs(energy.energy_wh - round(true_wh)) <= max(step_wh, true_wh / 100)


def off_ms(day: LivedDay) -> int:
    """How far uptimes may be off: 15 minutes a cut, and the minute in which the simulation takes a step."""
    return day.cuts * CUT_MS + MINUTE_MS


def test_the_month_holds_what_it_is_to_prove(month: Mapping[str, LivedSite]) -> None:
    assert all(len(site.whole) == DAYS for site in month.values())
    assert sum(day.cuts for day in month["tangasgo"].whole) > 10
    assert sum(day.cuts for day in month["damane"].whole) == 3
    for site in month.values():
        marks = {mark for day in site.whole for mark in day.figures.solar.marks}
        assert Mark.COUNTER_RESET in marks
        codes = {reason.code for day in site.whole for reason in day.figures.reasons}
        assert Why.DEVICE_SILENT in codes


def test_each_site_was_dated_by_the_clock_that_it_met(month: Mapping[str, LivedSite]) -> None:
    """louda lived through the month in one life that knew no time at all."""
    assert month["louda"].sources == ("server",)
    assert set(month["damane"].sources) == set(month["tangasgo"].sources) == {"rtc"}
    assert all(day.figures.link.heard == 0 for day in month["louda"].whole)


def test_income_of_each_service_is_true_to_the_franc(site: LivedSite) -> None:
    for day in (*site.whole, site.last):
        income = day.figures.income
        said = {name: (line.count, line.amount_minor) for name, line in income.by_service.items()}
        true = {name: (count, day.truth["amounts_minor"][name]) for name, count in day.truth["sales"].items()}
        assert said == true, day.figures.day
        assert (income.sales, income.net_minor) == (day.truth["sales_count"], day.truth["amount_minor"])
    assert sum(day.figures.income.net_minor for day in site.whole) > 100_000


def test_solar_energy_of_every_day_is_true(site: LivedSite) -> None:
    for day in site.whole:
        assert near(day.figures.solar, day.truth["panel_wh"], COUNTER_STEP_WH), day.figures.day


def test_shelf_energy_of_every_day_is_true(site: LivedSite) -> None:
    for day in site.whole:
        assert near(day.figures.shelf, day.truth["shelf_wh"], SHELF_STEP_WH), day.figures.day


def test_load_energy_is_true_where_it_was_read_and_says_where_it_was_not(site: LivedSite) -> None:
    wholly_read = 0
    for day in site.whole:
        load, true_wh = day.figures.load, day.truth["load_wh"]
        assert load.energy_wh is not None
        assert load.coverage_permille is not None
        within_wh = max(COUNTER_STEP_WH, true_wh / 100, load.uncertainty_wh)
        assert load.energy_wh <= true_wh + within_wh, day.figures.day
        unread_h = (1000 - load.coverage_permille) / 1000 * 24
        assert load.energy_wh >= true_wh - within_wh - unread_h * LOAD_MOST_W, day.figures.day
        wholly_read += load.coverage_permille == 1000
        if load.coverage_permille < 1000:
            codes = {reason.code for reason in day.figures.reasons}
            assert codes & {Why.AGENT_OFF, Why.DEVICE_SILENT, Why.AT_KIOSK}, day.figures.day
    assert wholly_read > 5


def test_agent_uptime_is_true_within_a_quarter_of_an_hour_a_cut(site: LivedSite) -> None:
    for day in site.whole:
        agent, true_ms = day.figures.agent, day.truth["pi_powered_minutes"] * MINUTE_MS
        assert agent.unknown_ms <= MINUTE_MS, day.figures.day
        assert abs(agent.up_ms - true_ms) <= off_ms(day), day.figures.day


def test_power_on_the_bus_is_true_and_says_where_it_is_not_known(site: LivedSite) -> None:
    for day in site.whole:
        power, true_ms = day.figures.power, day.truth["load_on_minutes"] * MINUTE_MS
        assert power.up_ms - off_ms(day) <= true_ms <= power.up_ms + power.unknown_ms + off_ms(day), day.figures.day
        if day.truth["load_on_minutes"] == day.truth["pi_powered_minutes"]:
            # Only the battery cut anything, and that is known.
            assert power.unknown_ms <= MINUTE_MS, day.figures.day
            assert power.permille is not None
            assert abs(power.permille - day.truth["load_on_minutes"] / 1.44) <= off_ms(day) / HOUR_MS / 24 * 1000 + 1


def test_the_link_is_up_in_the_slots_in_which_the_site_could_be_reached(site: LivedSite) -> None:
    for day in (*site.whole, site.last):
        slot_ms = day.figures.link.slot_s * 1000
        slots: dict[int, int] = {}
        for at_ms, minutes in day.reachable.items():
            slot = at_ms - at_ms % slot_ms
            slots[slot] = slots.get(slot, 0) + minutes
        surely = sum(minutes >= SLOT_MS // MINUTE_MS for minutes in slots.values())
        perhaps = sum(minutes > 0 for minutes in slots.values())
        assert surely <= day.figures.link.heard <= perhaps, day.figures.day
