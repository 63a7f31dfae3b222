"""Days on which the agent was off: what the controller remembers, never more than its lifetime counter says."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from figures.day import DayFigures, day_figures
from figures.energy import LOAD, SHELF, SOLAR, Energy, energy
from figures.facts import DayFacts, PastDay, Points
from kiosk.time import DAY_MS, day_of
from tests.figures.by_hand import END, START, at, facts, minutely, points

FAR = END + 40 * DAY_MS


def past(day: int, pv_wh: int | None, load_wh: int | None = None, device: str = "mppt") -> PastDay:
    return PastDay(device, day_of(START + day * DAY_MS), START + 9 * DAY_MS, pv_wh, load_wh)


def away(until_day: int, back: str, made_wh: int, first_wh: int = 200) -> Points:
    """A counter that made `first_wh` until 12:00 of day 0, when the agent went, and `made_wh` until it came back."""
    before = minutely(at("22:00", -1), at("12:00"), lambda each: 5000 + (first_wh if each >= at("10:00") else 0))
    after = minutely(at(back, until_day), at("23:59", until_day), 5000 + first_wh + made_wh)
    return points("pv_energy_total_wh", before | after)


def days_of(counter: Points, remembered: list[PastDay], last: int) -> list[Energy]:
    found = []
    for day in range(last + 1):
        told = replace(facts(counter, day=day, now=FAR), history=tuple(remembered))
        found.append(energy(told, SOLAR))
    return found


def test_each_day_of_a_gap_gets_what_its_record_says() -> None:
    counter = away(4, "05:00", 240 + 310 + 20 + 500)
    found = days_of(counter, [past(0, 440), past(1, 310), past(2, 20), past(3, 500)], 4)
    assert [each.energy_wh for each in found] == [440, 310, 20, 500, 0]
    assert [each.method for each in found] == ["counter", "history", "history", "history", "counter"]
    assert [each.marks for each in found] == [("controller_history",)] * 4 + [()]


def test_the_day_of_the_return_gets_what_the_records_leave() -> None:
    found = days_of(away(3, "13:00", 100 + 300 + 250 + 180), [past(0, 300), past(1, 300), past(2, 250)], 3)
    assert [each.energy_wh for each in found] == [300, 300, 250, 180]
    assert "estimated" not in found[3].marks
    assert found[3].uncertainty_wh >= 30


def test_days_without_a_record_share_what_is_left_by_the_light() -> None:
    found = days_of(away(4, "05:00", 1000), [past(2, 100)], 4)
    energies = [each.energy_wh or 0 for each in found]
    assert sum(energies) == 200 + 1000
    assert energies[2] == 100
    assert energies[1] == pytest.approx(energies[3], abs=10)
    assert found[1].marks == found[3].marks == ("controller_history", "estimated")
    assert found[2].marks == ("controller_history",)


def test_records_that_are_a_step_too_much_are_fitted_to_the_counter() -> None:
    found = days_of(away(3, "05:00", 590), [past(0, 200), past(1, 300), past(2, 300)], 3)
    assert sum(each.energy_wh or 0 for each in found) == 200 + 590


@pytest.mark.parametrize("remembered", [[past(1, 900), past(2, 900)], [past(0, 200), past(1, 10), past(2, 10)]])
def test_records_that_contradict_the_counter_are_not_used(remembered: list[PastDay]) -> None:
    counter = away(3, "05:00", 600)
    without, found = days_of(counter, [], 3), days_of(counter, remembered, 3)
    assert [each.energy_wh for each in found] == [each.energy_wh for each in without]
    assert "history_disagrees" in found[1].marks
    assert "controller_history" not in found[1].marks


def test_the_record_of_a_charger_that_was_changed_in_the_gap_tells_of_another_place() -> None:
    lower = points(
        "pv_energy_total_wh",
        minutely(at("22:00", -1), at("12:00"), 90_000) | minutely(at("05:00", 3), at("23:59", 3), 700),
    )
    volts = points("battery_voltage_v", minutely(at("11:00"), at("12:00"), 1280))
    told = tuple(past(day, 700, 600) for day in (1, 2))
    for day in (1, 2):
        given_facts = replace(facts(lower, volts, day=day, now=FAR), history=told)
        assert "controller_history" not in energy(given_facts, SOLAR).marks
        assert energy(given_facts, LOAD).energy_wh is None


def test_a_device_that_was_not_here_yet_tells_nothing_of_the_day() -> None:
    told = replace(facts(), history=(past(0, 500, 400, "new"),))
    assert energy(told, SOLAR).energy_wh is None
    assert energy(told, LOAD).energy_wh is None


def load_facts(read_until: str, remembered_wh: int, now: int = FAR) -> DayFacts:
    current, voltage = minutely(at("22:00", -1), at(read_until), 100), minutely(at("22:00", -1), at(read_until), 1200)
    read = facts(points("load_current_a", current), points("battery_voltage_v", voltage), now=now)
    return replace(read, history=(past(0, None, remembered_wh),))


def test_load_without_counter_is_the_record_on_a_day_that_was_hardly_read() -> None:
    found = energy(load_facts("06:00", 250), LOAD)
    assert (found.energy_wh, found.method, found.marks) == (250, "history", ("controller_history",))
    assert (found.integral_wh, found.coverage_permille) == (72, 250)


@pytest.mark.parametrize(
    ("read_until", "remembered_wh", "now"), [("23:30", 250, FAR), ("06:00", 40, FAR), ("06:00", 250, at("20:00"))]
)
def test_what_was_measured_is_kept_where_it_was_read_or_is_more_or_the_day_goes_on(
    read_until: str, remembered_wh: int, now: int
) -> None:
    assert energy(load_facts(read_until, remembered_wh, now), LOAD).method == "integral"


def test_the_shelf_is_not_the_chargers_to_remember() -> None:
    assert energy(replace(facts(), history=(past(0, 500, 400),)), SHELF).energy_wh is None


def test_a_day_that_was_read_is_not_touched_by_its_record() -> None:
    counter = points("pv_energy_total_wh", minutely(at("23:59", -1), at("00:00", 1), 7000))
    plain = energy(facts(counter), SOLAR)
    assert energy(replace(facts(counter), history=(past(0, 900),)), SOLAR) == plain


def test_the_record_is_shown_beside_the_figures_and_comes_back_from_their_stored_form() -> None:
    remembered = replace(past(1, 310), battery_min_mv=11_900, battery_max_mv=14_400, pv_power_max_w=87)
    found = day_figures(replace(facts(away(3, "05:00", 600), day=1, now=FAR), history=(remembered, past(2, 20))))
    assert found.history == (remembered,)
    assert DayFigures.from_json(found.to_json()) == found
    assert ("controller_history", "solar") in {(each.code, each.subject) for each in found.reasons}


def test_a_record_moves_the_edges_of_its_day_and_the_order_does_not() -> None:
    plain = facts(away(3, "05:00", 600), day=1, now=FAR)
    told = replace(plain, history=(past(1, 310), past(2, 20)))
    assert plain.edges() != told.edges()
    assert told.edges() == replace(told, history=told.history[::-1]).edges()


@given(
    st.lists(st.one_of(st.none(), st.integers(0, 90).map(lambda steps: steps * 10)), min_size=5, max_size=5),
    st.integers(0, 250).map(lambda steps: steps * 10),
    st.integers(0, 4).flatmap(lambda day: st.tuples(st.just(max(1, day)), st.integers(0, 23))),
)
def test_the_days_add_up_to_the_counter_whatever_is_remembered(
    remembered: list[int | None], made_wh: int, back: tuple[int, int]
) -> None:
    last, hour = back
    counter = away(last, f"{hour:02}:00", made_wh)
    told = [past(day, energy_wh) for day, energy_wh in enumerate(remembered) if energy_wh is not None]
    energies = [each.energy_wh or 0 for each in days_of(counter, told, last)]
    assert sum(energies) == 200 + made_wh
    assert min(energies) >= 0
