"""A whole day: reasons, stored form, and that the order of facts does not matter."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from figures.day import DayFigures, day_figures
from figures.facts import DayFacts, Flagged, Points
from figures.reasons import Reason
from tests.figures.by_hand import END, HOUR, START, at, boot, facts, minutely, points
from tests.figures.test_income import DAY as MONEY

WHOLE = (at("23:30", -1), at("00:00", 1))


def sunny(start: int = WHOLE[0], end: int = WHOLE[1]) -> tuple[Points, ...]:
    def yielded(each: int) -> int:
        return 4000 + max(0, min(each, at("16:00")) - at("08:00")) // (HOUR // 10) // 10 * 10

    return (
        points("pv_energy_total_wh", minutely(start, end, yielded)),
        points("battery_voltage_v", minutely(start, end, 1285)),
        points("battery_current_a", minutely(start, end, -20)),
        points("charger_state", minutely(start, end, 3)),
        points("load_current_a", minutely(start, end, 40)),
        points("shelf_energy_total_wh", minutely(start, end, 77), "board"),
    )


def full_day() -> DayFacts:
    quarters = range(START, END, 900_000)
    return facts(*sunny(), boots=[boot(WHOLE[0], END + HOUR)], arrivals=list(quarters), income=MONEY)


def codes(figures: DayFigures) -> set[tuple[str, str]]:
    return {(reason.code, reason.subject) for reason in figures.reasons}


def test_a_good_day_needs_no_reasons_but_how_the_load_was_found() -> None:
    found = day_figures(full_day())
    assert codes(found) == {("integrated", "load")}
    assert found.coverage_permille == found.power.permille == found.agent.permille == found.link.permille == 1000
    assert found.solar.energy_wh == 80


def test_figures_come_back_from_their_stored_form() -> None:
    found = day_figures(full_day())
    assert DayFigures.from_json(found.to_json()) == found


def test_figures_of_another_version_are_refused() -> None:
    with pytest.raises(ValueError, match="version"):
        DayFigures.from_json(day_figures(full_day()).to_json().replace('"version":2', '"version":0'))


def test_shuffled_facts_give_equal_figures() -> None:
    given = full_day()
    draw = random.Random(5)

    def shuffled(each: Points) -> Points:
        pairs = list(zip(each.times_ms, each.values, strict=True))
        draw.shuffle(pairs)
        return replace(each, times_ms=[at_ms for at_ms, _ in pairs], values=[value for _, value in pairs])

    series = [shuffled(each) for each in given.series]
    draw.shuffle(series)
    mixed = replace(given, series=tuple(series), income=tuple(reversed(given.income)))
    assert day_figures(mixed) == day_figures(given)


def test_no_sun_and_no_readings_do_not_look_alike() -> None:
    dark = [replace(each, values=[4000] * len(each.values)) for each in sunny() if "pv" in each.metric]
    no_sun = day_figures(facts(*dark, boots=[boot(*WHOLE)]))
    assert (no_sun.solar.energy_wh, no_sun.daylight.coverage_permille) == (0, 1000)
    assert ("no_yield", "solar") in codes(no_sun)
    nothing = day_figures(facts())
    assert (nothing.solar.energy_wh, nothing.daylight.coverage_permille) == (None, 0)
    assert ("no_readings", "") in codes(nothing)
    assert ("no_yield", "solar") not in codes(nothing)


def test_before_sunrise_nothing_is_wrong() -> None:
    early = day_figures(facts(*sunny(end=at("05:00")), boots=[boot(WHOLE[0], at("05:00"))], now=at("05:00")))
    assert ("before_sunrise", "solar") in codes(early)
    assert early.solar.energy_wh == 0
    assert early.daylight.coverage_permille is None
    assert Reason("not_over", "", 19 * HOUR) in early.reasons


def test_an_agent_that_was_off_is_told_and_why() -> None:
    start, end = WHOLE[0], at("20:00")
    low = points("battery_voltage_v", minutely(start, end, 1175))
    found = day_figures(facts(low, boots=[boot(start, end), boot(at("08:00", 1), at("09:00", 1), "b2" * 8)]))
    assert Reason("agent_off", "", 4 * HOUR) in found.reasons
    assert Reason("power_lost", "", 4 * HOUR) in found.reasons


def test_a_silent_device_is_named() -> None:
    board = points("shelf_energy_total_wh", minutely(*WHOLE, 77), "board")
    mppt = points("battery_voltage_v", minutely(WHOLE[0], at("18:00"), 1280))
    found = day_figures(facts(board, mppt, boots=[boot(WHOLE[0], END)]))
    assert Reason("device_silent", "mppt", 6 * HOUR) in found.reasons
    assert ("device_silent", "board") not in codes(found)


def test_rows_that_are_still_at_the_kiosk_are_no_silent_device() -> None:
    half = facts(*sunny(end=at("12:00")), boots=[boot(WHOLE[0], END)])
    waiting = day_figures(replace(half, rows_waiting=700))
    assert Reason("at_kiosk", "", 12 * HOUR) in waiting.reasons
    given_up = day_figures(replace(half, dropped_rows=700))
    assert Reason("dropped_rows", "", 12 * HOUR) in given_up.reasons
    for found in (waiting, given_up):
        assert not {code for code, _ in codes(found)} & {"device_silent"}
    assert ("device_silent", "mppt") in codes(day_figures(half))


def test_undated_boots_and_flagged_values_are_told() -> None:
    given = replace(full_day(), undated_boots=2, flagged=(Flagged("mppt", "pv_power_w", 3),))
    found = day_figures(given)
    assert Reason("undated_boot", "", 2) in found.reasons
    assert Reason("flagged_values", "mppt pv_power_w", 3) in found.reasons


def test_only_what_lies_outside_the_day_moves_its_edges() -> None:
    given = full_day()
    inside = replace(given.series[0], values=[*given.series[0].values[:-100], 9999, *given.series[0].values[-99:]])
    assert replace(given, series=(inside, *given.series[1:])).edges() == given.edges()
    after = replace(given.series[0], values=[*given.series[0].values[:-1], 9999])
    before_digest, after_digest = replace(given, series=(after, *given.series[1:])).edges()
    assert before_digest == given.edges()[0]
    assert after_digest != given.edges()[1]
