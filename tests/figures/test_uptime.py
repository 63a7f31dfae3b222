"""The three uptimes: what is up, what is down, and what is not known."""

from __future__ import annotations

from figures.facts import Parameters
from figures.uptime import agent_uptime, link_availability, power_availability
from tests.figures.by_hand import END, HOUR, MINUTE, START, at, boot, facts, minutely, points


def good(start: str, end: str, day: int = 0) -> dict[int, int]:
    return minutely(at(start), at(end, day), 1280)


def test_agent_uptime_is_the_share_covered_by_boots() -> None:
    found = agent_uptime(facts(boots=[boot(at("22:00", -1), at("06:00")), boot(at("12:00"), at("03:00", 1), "b2" * 8)]))
    assert (found.permille, found.down_ms, found.unknown_ms) == (750, 6 * HOUR, 0)


def test_boots_that_overlap_count_once() -> None:
    found = agent_uptime(facts(boots=[boot(START, at("13:00")), boot(at("12:00"), END, "b2" * 8)]))
    assert found.up_ms == 24 * HOUR


def test_before_the_first_boot_and_after_the_last_sign_nothing_is_known() -> None:
    found = agent_uptime(facts(boots=[boot(at("06:00"), at("12:00"))]))
    assert (found.permille, found.coverage_permille, found.unknown_ms) == (1000, 250, 18 * HOUR)


def test_a_gap_in_which_boots_without_clock_may_have_been_is_unknown() -> None:
    boots = [boot(at("22:00", -1), at("06:00")), boot(at("12:00"), at("03:00", 1), "b2" * 8)]
    found = agent_uptime(facts(boots=boots, undated=3))
    assert (found.down_ms, found.unknown_ms) == (0, 6 * HOUR)


def test_a_day_without_any_boot_between_two_is_down() -> None:
    found = agent_uptime(facts(boots=[boot(at("08:00", -1), at("09:00", -1)), boot(at("08:00", 1), at("09:00", 1))]))
    assert (found.permille, found.coverage_permille) == (0, 1000)


def test_power_is_judged_by_the_voltage_where_there_are_readings() -> None:
    readings = minutely(START, END, lambda each: 1150 if at("20:00") <= each < at("23:00") else 1280)
    found = power_availability(facts(points("battery_voltage_v", readings)))
    assert (found.permille, found.down_ms, found.unknown_ms) == (875, 3 * HOUR, 0)


def test_the_cut_off_is_the_sites_own() -> None:
    readings = points("battery_voltage_v", minutely(START, END, 1230))
    assert power_availability(facts(readings)).permille == 1000
    assert power_availability(facts(readings, parameters=Parameters(cutoff_mv=12_400))).permille == 0


def test_a_load_output_that_is_off_is_no_power_however_good_the_battery() -> None:
    load = minutely(START, END, lambda each: 0 if each >= at("12:00") else 1)
    found = power_availability(facts(points("battery_voltage_v", good("00:00", "00:00", 1)), points("load_on", load)))
    assert found.permille == 500


def test_an_agent_that_lives_proves_the_bus_although_the_controller_is_silent() -> None:
    silent = points("battery_voltage_v", good("00:00", "10:00"))
    found = power_availability(facts(silent, boots=[boot(START, END)]))
    assert found.permille == 1000
    assert found.unknown_ms == 0
    own_battery = facts(silent, boots=[boot(START, END)], parameters=Parameters(agent_on_bus=False))
    assert power_availability(own_battery).unknown_ms == 14 * HOUR


def test_off_after_a_low_battery_until_the_next_boot_is_down() -> None:
    low = minutely(START, at("20:00"), lambda each: 1280 - (each - START) * 110 // (20 * HOUR))
    boots = [boot(START, at("20:00")), boot(at("07:00", 1), at("18:00", 1), "b2" * 8)]
    found = power_availability(facts(points("battery_voltage_v", low), boots=boots))
    assert (found.down_ms, found.unknown_ms) == (4 * HOUR, 0)


def test_the_morning_after_is_down_too() -> None:
    before = minutely(at("19:30", -1), at("20:00", -1), 1180)
    after = minutely(at("07:00"), END, 1290)
    boots = [boot(at("06:00", -1), at("20:00", -1)), boot(at("07:00"), END, "b2" * 8)]
    found = power_availability(facts(points("battery_voltage_v", before | after), boots=boots))
    assert (found.down_ms, found.unknown_ms) == (7 * HOUR, 0)


def test_a_voltage_that_fell_fast_when_the_last_rows_were_lost_counts_as_low() -> None:
    def falling(each: int) -> int:
        return 1280 if each < at("19:30") else 1280 - (each - at("19:30")) * 60 // (30 * MINUTE)

    boots = [boot(START, at("20:00")), boot(at("07:00", 1), at("18:00", 1), "b2" * 8)]
    series = points("battery_voltage_v", minutely(START, at("20:00"), falling))
    lost_power = facts(series, boots=boots, parameters=Parameters(low_margin_mv=100, cutoff_mv=11_950))
    assert power_availability(lost_power).down_ms == 4 * HOUR


def test_off_after_a_good_battery_is_not_known() -> None:
    boots = [boot(START, at("20:00")), boot(at("07:00", 1), at("18:00", 1), "b2" * 8)]
    found = power_availability(facts(points("battery_voltage_v", good("00:00", "20:00")), boots=boots))
    assert (found.permille, found.down_ms, found.unknown_ms) == (1000, 0, 4 * HOUR)


def test_off_after_a_low_battery_without_a_later_boot_is_not_known_yet() -> None:
    found = power_availability(
        facts(points("battery_voltage_v", minutely(START, at("20:00"), 1175)), boots=[boot(START, at("20:00"))])
    )
    assert found.unknown_ms == 4 * HOUR


def slots(*clocks: str) -> list[int]:
    return [at(each) for each in clocks]


def test_link_availability_counts_the_quarter_hours_in_which_something_came() -> None:
    found = link_availability(facts(arrivals=[START + n * 15 * MINUTE for n in range(96) if n % 4]))
    assert (found.permille, found.heard, found.slots) == (750, 72, 96)


def test_a_site_that_means_to_speak_hourly_is_not_down_in_between() -> None:
    found = link_availability(facts(arrivals=[START + n * HOUR for n in range(24)], cadence_s=3600))
    assert (found.permille, found.slots) == (1000, 24)


def test_a_daily_site_has_one_slot_a_day() -> None:
    assert link_availability(facts(arrivals=slots("12:00"), cadence_s=86_400)).permille == 1000
    assert link_availability(facts(cadence_s=86_400)).permille == 0


def test_a_cadence_between_is_rounded_up_to_quarters_and_the_last_slot_takes_the_rest() -> None:
    found = link_availability(facts(arrivals=slots("00:00", "23:45"), cadence_s=5 * 3600 - 10))
    assert (found.slot_s, found.slots, found.heard) == (5 * 3600, 4, 2)


def test_the_present_slot_counts_once_something_has_come() -> None:
    now = at("06:05")
    before = [START + n * 15 * MINUTE for n in range(24)]
    assert link_availability(facts(arrivals=before, now=now)).slots == 24
    assert link_availability(facts(arrivals=[*before, at("06:00")], now=now)).slots == 25


def test_a_backlog_repairs_nothing() -> None:
    """Readings of the whole day are here; what counts is when they came."""
    found = link_availability(facts(points("battery_voltage_v", good("00:00", "00:00", 1)), arrivals=slots("23:45")))
    assert found.heard == 1
