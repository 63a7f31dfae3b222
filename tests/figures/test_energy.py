"""Solar, load and shelf energy: which source is taken, what it covers, how sure it is."""

from __future__ import annotations

from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from figures.energy import LOAD, SHELF, SOLAR, Energy, energy
from kiosk.time import DAY_MS
from tests.figures.by_hand import END, MINUTE, START, at, boot, facts, minutely, points

DAY_LONG = (at("23:59", -1), at("00:00", 1))


def test_solar_energy_comes_from_the_lifetime_counter() -> None:
    counter = minutely(*DAY_LONG, lambda each: 7000 + (300 if each >= at("12:00") else 0))
    found = energy(facts(points("pv_energy_total_wh", counter)), SOLAR)
    assert (found.energy_wh, found.method, found.coverage_permille) == (300, "counter", 1000)


def test_the_controllers_own_day_counter_is_never_looked_at() -> None:
    found = energy(facts(points("pv_energy_day_wh", minutely(*DAY_LONG, 300))), SOLAR)
    assert found.energy_wh is None


def test_without_counter_the_power_is_integrated_and_marked() -> None:
    found = energy(facts(points("load_power_w", minutely(*DAY_LONG, 125))), LOAD)
    assert found.energy_wh == 300  # 12.5 W for 24 h
    assert (found.method, found.marks, found.coverage_permille) == ("integral", ("integrated",), 1000)


def test_current_times_voltage_stands_in_for_power() -> None:
    current, voltage = minutely(*DAY_LONG, 40), minutely(*DAY_LONG, 1250)
    found = energy(facts(points("load_current_a", current), points("battery_voltage_v", voltage)), LOAD)
    assert found.energy_wh == 120  # 0.4 A x 12.5 V x 24 h


def test_the_rounding_of_a_coarse_current_is_stated() -> None:
    current = minutely(*DAY_LONG, lambda each: 40 if each < at("12:00") else 50)
    voltage = minutely(*DAY_LONG, 1250)
    found = energy(facts(points("load_current_a", current), points("battery_voltage_v", voltage)), LOAD)
    assert found.uncertainty_wh == 15  # half of 0.1 A at 12.5 V for 24 h


def test_a_gap_is_not_bridged_but_missing_from_the_coverage() -> None:
    power = minutely(at("00:00"), at("06:00"), 100) | minutely(at("18:00"), at("00:00", 1), 100)
    found = energy(facts(points("load_power_w", power)), LOAD)
    assert found.energy_wh == 120
    assert found.coverage_permille == 500


def test_a_counter_bridges_a_gap_within_the_day() -> None:
    counter = minutely(at("23:59", -1), at("08:00"), 100) | minutely(at("16:00"), at("00:00", 1), 400)
    found = energy(facts(points("pv_energy_total_wh", counter)), SOLAR)
    assert found.energy_wh == 300
    assert found.coverage_permille == pytest.approx(667, abs=1)
    assert found.marks == ()


def test_two_chargers_add_up() -> None:
    first = points("pv_energy_total_wh", minutely(*DAY_LONG, lambda each: 300 * (each >= at("12:00"))), "mppt-1")
    second = points("pv_energy_total_wh", minutely(*DAY_LONG, lambda each: 200 * (each >= at("13:00"))), "mppt-2")
    assert energy(facts(first, second), SOLAR).energy_wh == 500


def test_the_integral_is_kept_beside_the_counter() -> None:
    counter = minutely(*DAY_LONG, lambda each: max(0, min(each, at("16:00")) - at("08:00")) * 100 // 3_600_000)
    power = minutely(*DAY_LONG, lambda each: 1000 if at("08:00") <= each < at("16:00") else 0)
    found = energy(facts(points("pv_energy_total_wh", counter), points("pv_power_w", power)), SOLAR)
    assert (found.energy_wh, found.integral_wh) == (800, 800)


def test_a_day_that_is_not_over_is_judged_up_to_now() -> None:
    power = minutely(at("00:00"), at("06:00"), 100)
    found = energy(facts(points("load_power_w", power), now=at("06:00")), LOAD)
    assert (found.energy_wh, found.coverage_permille) == (60, 1000)


def test_nothing_known_is_not_nought() -> None:
    found = energy(facts(), SHELF)
    assert (found.energy_wh, found.method, found.coverage_permille) == (None, "none", 0)
    dark = energy(facts(points("shelf_energy_total_wh", minutely(*DAY_LONG, 5))), SHELF)
    assert (dark.energy_wh, dark.coverage_permille) == (0, 1000)


def test_a_minute_across_midnight_is_shared() -> None:
    power = {at("23:58", -1): 600, at("00:02"): 600, at("00:05"): 600}
    assert energy(facts(points("load_power_w", power)), LOAD).energy_wh == 5  # 60 W from 00:00 to 00:05


def shelf_of(readings: dict[int, int], lives: list[tuple[int, int]], day: int = 0) -> Energy:
    """The shelf's energy of a day, with these lives of the agent."""
    boots = [boot(start, end, f"{number:016x}") for number, (start, end) in enumerate(lives)]
    counter = points("shelf_energy_total_wh", readings, "board")
    return energy(facts(counter, boots=boots, day=day, now=END + 9 * DAY_MS), SHELF)


def test_a_shelf_without_power_counts_nothing_so_a_gap_belongs_to_the_hours_in_which_an_agent_lived() -> None:
    """Off from 21:10 to 07:00, rows on disk until 21:00: the 8 Wh were delivered in the evening."""
    readings = minutely(at("18:00"), at("21:00"), 500) | minutely(at("07:01", 1), at("09:00", 1), 508)
    lives = [(at("06:00"), at("21:00")), (at("07:00", 1), at("12:00", 1))]
    today, tomorrow = (shelf_of(readings, lives, day) for day in (0, 1))
    assert (today.energy_wh, tomorrow.energy_wh) == (8, 0)
    assert today.marks == tomorrow.marks == ("estimated",)
    assert today.uncertainty_wh > 1


def test_a_shelf_is_split_by_time_where_no_boot_is_known() -> None:
    readings = minutely(at("18:00"), at("20:00"), 500) | minutely(at("04:00", 1), at("09:00", 1), 508)
    assert [shelf_of(readings, [], day).energy_wh for day in (0, 1)] == [4, 4]


@given(
    st.lists(st.tuples(st.integers(1, 30 * 60), st.integers(0, 30)), min_size=2, max_size=30),
    st.lists(st.tuples(st.integers(1, 900), st.integers(1, 900)), max_size=12),
)
def test_the_days_of_a_shelf_add_up_whatever_gaps_and_lives(
    steps: list[tuple[int, int]], lives: list[tuple[int, int]]
) -> None:
    times = list(accumulate((minutes * MINUTE for minutes, _ in steps), initial=START))
    readings = dict(zip(times, accumulate((gained for _, gained in steps), initial=1000), strict=True))
    borders = list(accumulate((part * MINUTE for life in lives for part in life), initial=START))[1:]
    boots = list(zip(borders[::2], borders[1::2], strict=True))
    days = [shelf_of(readings, boots, day).energy_wh or 0 for day in range((times[-1] - START) // DAY_MS + 1)]
    assert sum(days) == readings[times[-1]] - readings[START]
    assert min(days) >= 0
