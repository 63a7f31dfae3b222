"""The battery's day."""

from __future__ import annotations

from figures.battery import Stages, battery
from tests.figures.by_hand import END, HOUR, MINUTE, START, at, facts, minutely, points

ALL_DAY = minutely(START, END, 1270)


def test_the_lowest_voltage_and_when() -> None:
    found = battery(facts(points("battery_voltage_v", ALL_DAY | {at("19:12"): 1184, at("23:00"): 1200})))
    assert (found.min_mv, found.min_at_ms) == (11_840, at("19:12"))


def test_a_rested_voltage_needs_a_quarter_of_an_hour_of_hardly_any_current() -> None:
    current = minutely(START, END, lambda each: -30 if at("02:00") <= each <= at("05:00") else -400)
    volts = ALL_DAY | {at("02:10"): 1200, at("02:15"): 1231, at("04:00"): 1229, at("19:00"): 1190}
    found = battery(facts(points("battery_voltage_v", volts), points("battery_current_a", current)))
    assert found.rested_min_mv == 12_290
    assert found.min_mv == 11_900


def test_a_battery_never_at_rest_has_no_rested_voltage() -> None:
    current = points("battery_current_a", minutely(START, END, -400))
    assert battery(facts(points("battery_voltage_v", ALL_DAY), current)).rested_min_mv is None


def test_voltages_at_set_hours_are_those_of_the_nearest_reading() -> None:
    readings = {at("05:50"): 1210, at("06:04"): 1215, at("17:30"): 1390, at("22:00"): 1250}
    assert battery(facts(points("battery_voltage_v", readings))).at_mv == {"06": 12_150, "18": None, "22": 12_500}


def test_an_hour_still_to_come_has_no_voltage() -> None:
    found = battery(facts(points("battery_voltage_v", minutely(START, at("17:58"), 1300)), now=at("17:58")))
    assert found.at_mv["18"] is None


def stages_of(states: dict[int, int], now: int = END + HOUR) -> Stages | None:
    return battery(facts(points("charger_state", states), now=now)).stages


def test_time_in_each_stage_and_a_full_charge() -> None:
    def state(each: int) -> int:
        hour = (each - START) // HOUR
        return 0 if hour < 6 or hour >= 18 else 3 if hour < 12 else 4 if hour < 15 else 5

    assert stages_of(minutely(START, END, state)) == Stages(6 * 3600, 3 * 3600, 3 * 3600, 0, full=True)


def test_a_day_seen_without_float_was_not_full() -> None:
    found = stages_of(minutely(START, END, 3))
    assert found is not None
    assert found.full is False


def test_a_day_hardly_seen_does_not_tell_whether_it_was_full() -> None:
    found = stages_of(minutely(at("08:00"), at("10:00"), 3))
    assert found is not None
    assert (found.bulk_s, found.full) == (7200, None)


def test_nothing_is_counted_across_a_gap() -> None:
    found = stages_of(minutely(at("08:00"), at("09:00"), 5) | minutely(at("15:00"), at("15:00") + 3 * MINUTE, 5))
    assert found is not None
    assert found.float_s == 3600 + 180


def test_without_readings_nothing_is_known() -> None:
    found = battery(facts())
    assert (found.min_mv, found.stages, found.coverage_permille) == (None, None, 0)
