"""Differences of lifetime counters: resets, rollovers, jumps, gaps over midnight, overlapping boots."""

from __future__ import annotations

from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st

from figures.counter import Rules, Share, share_of_day
from figures.power import curve
from figures.reasons import Mark
from figures.spans import Span
from figures.sun import clear_sky_weight
from kiosk.time import DAY_MS
from tests.figures.by_hand import END, HOUR, MINUTE, START, at, minutely

WHOLE = (START, END)


def by_sun(start: int, end: int) -> float:
    return clear_sky_weight(start, end, 13.09, -1.08)


def share(
    readings: dict[int, int],
    whole: Span = WHOLE,
    *,
    limit_w: int = 2000,
    doubtful: tuple[Span, ...] = (),
    power: dict[int, float] | None = None,
) -> Share:
    times = sorted(readings)
    rules = Rules(limit_w, 300_000, by_sun, doubtful)
    witness = None if power is None else curve(sorted(power), [power[each] for each in sorted(power)], 300_000)
    found = share_of_day(times, [readings[each] for each in times], whole, rules, witness)
    assert found is not None
    return found


def test_a_plain_day_is_the_last_value_minus_the_last_of_the_day_before() -> None:
    found = share({at("23:59", -1): 1000, at("10:00"): 1200, at("23:59"): 1310, at("00:00", 1): 1310})
    assert found.energy_wh == 310
    assert not found.marks


def test_fewer_than_two_readings_tell_nothing() -> None:
    assert share_of_day([at("10:00")], [5], WHOLE, Rules(2000, 300_000, by_sun), None) is None


def test_a_reset_counts_what_came_before_it_and_after_it_from_zero() -> None:
    found = share({at("08:00"): 5000, at("10:00"): 5120, at("10:01"): 10, at("16:00"): 190})
    assert found.energy_wh == 120 + 10 + 180
    assert found.marks == {Mark.COUNTER_RESET}


def test_another_device_with_a_smaller_lifetime_is_no_energy() -> None:
    found = share({at("08:00"): 80_000, at("10:00"): 80_100, at("10:01"): 3_000, at("16:00"): 3_150})
    assert found.energy_wh == 100 + 150
    assert found.marks == {Mark.COUNTER_RESET}


def test_another_device_with_a_larger_lifetime_is_no_energy_either() -> None:
    found = share({at("08:00"): 3_000, at("10:00"): 3_100, at("10:01"): 80_000, at("16:00"): 80_150})
    assert found.energy_wh == 100 + 150
    assert found.marks == {Mark.COUNTER_JUMP}


def test_a_misread_value_makes_no_giant_bar() -> None:
    found = share({at("08:00"): 50_000, at("08:01"): 50_000, at("08:02"): 3, at("08:03"): 50_000, at("16:00"): 50_200})
    assert found.energy_wh in range(200, 204)
    assert found.marks == {Mark.COUNTER_RESET, Mark.COUNTER_JUMP}


def test_a_counter_of_sixteen_bits_rolls_over() -> None:
    found = share({at("08:00"): 65_500, at("10:00"): 65_530, at("10:01"): 4, at("16:00"): 54})
    assert found.energy_wh == 30 + 10 + 50
    assert found.marks == {Mark.COUNTER_ROLLOVER}


def test_a_counter_of_sixteen_bits_in_steps_of_ten_rolls_over() -> None:
    found = share({at("10:00"): 655_350, at("10:01"): 0, at("16:00"): 100})
    assert found.energy_wh == 10 + 100
    assert found.marks == {Mark.COUNTER_ROLLOVER}


def test_a_night_without_readings_gives_each_day_what_its_sun_made() -> None:
    readings = {at("08:00"): 1000, at("19:30"): 1300, at("05:00", 1): 1300, at("05:10", 1): 1300, at("17:00", 1): 1600}
    assert share(readings).energy_wh == 300
    assert share(readings, (END, END + DAY_MS)).energy_wh == 300
    assert not share(readings).marks


def test_a_gap_from_noon_to_noon_is_split_by_the_expected_sun_and_marked() -> None:
    noon = at("12:12")  # solar noon of the site, so half of the sun of both days lies in the gap
    readings = {at("08:00"): 1000, noon: 1100, noon + DAY_MS: 1400, at("17:00", 1): 1500}
    today, tomorrow = share(readings), share(readings, (END, END + DAY_MS))
    assert today.energy_wh + tomorrow.energy_wh == 500
    assert abs(today.energy_wh - 250) <= 2
    assert Mark.ESTIMATED in today.marks
    assert Mark.ESTIMATED in tomorrow.marks
    assert today.estimated_wh > 140


def test_days_without_any_reading_get_their_part_of_the_gap() -> None:
    readings = {at("18:50"): 1000, at("05:00", 4): 1900}
    parts = [share(readings, (START + n * DAY_MS, END + n * DAY_MS)).energy_wh for n in range(5)]
    assert parts[0] == parts[4] == 0
    assert sum(parts) == 900
    assert all(abs(part - 300) <= 3 for part in parts[1:4])


def test_a_step_over_midnight_itself_is_split_by_time() -> None:
    readings = {END - 2 * MINUTE: 100, END + 2 * MINUTE: 104, END + 4 * MINUTE: 104}
    found = share(readings | {START + HOUR: 100})
    assert found.energy_wh == 2
    assert not found.marks


def test_overlapping_boots_count_only_what_rises_above() -> None:
    early = minutely(at("08:00"), at("08:20"), lambda each: 1000 + (each - at("08:00")) // MINUTE)
    late = {each + 30_000: 1021 + (each - at("08:10")) // MINUTE for each in minutely(at("08:10"), at("08:30"), 0)}
    found = share(early | late, doubtful=((at("08:10"), at("08:20")),))
    assert found.energy_wh == 41
    assert found.marks == {Mark.BOOTS_OVERLAP}


def test_a_boot_dated_inside_another_is_not_counted_twice() -> None:
    outer = minutely(at("08:00"), at("09:00"), lambda each: 1000 + (each - at("08:00")) // MINUTE)
    inner = {each + 30_000: 1061 + (each - at("08:10")) // MINUTE for each in minutely(at("08:10"), at("08:20"), 0)}
    found = share(outer | inner, doubtful=((at("08:10"), at("08:20")),))
    assert found.energy_wh == 71


def test_a_stuck_counter_is_replaced_by_the_integral_of_power() -> None:
    readings = minutely(at("06:00"), at("18:00"), lambda each: 500 + min(each - at("06:00"), 4 * HOUR) * 100 // HOUR)
    power = dict.fromkeys(minutely(at("06:00"), at("18:00"), 0), 100.0)
    found = share(readings, power=power)
    assert abs(found.energy_wh - 1200) <= 1
    assert found.marks == {Mark.COUNTER_STUCK}


def test_a_counter_that_catches_up_within_the_day_is_believed() -> None:
    readings = minutely(at("06:00"), at("13:00"), 500) | minutely(at("13:01"), at("18:00"), 1210)
    power = dict.fromkeys(minutely(at("06:00"), at("13:00"), 0), 100.0)
    found = share(readings, power=power)
    assert found.energy_wh == 710
    assert not found.marks


def test_a_standing_counter_at_night_is_not_stuck() -> None:
    power = dict.fromkeys(minutely(at("00:00"), at("23:59"), 0), 0.0)
    found = share(minutely(at("00:00"), at("23:59"), 700), power=power)
    assert found.energy_wh == 0
    assert not found.marks


def test_a_stuck_counter_without_readings_of_power_is_left_alone() -> None:
    power = {at("06:00"): 100.0, at("12:00"): 100.0, at("18:00"): 100.0}
    assert share(minutely(at("06:00"), at("18:00"), 500), power=power).energy_wh == 0


STEPS = st.lists(st.tuples(st.integers(1, 30 * 60), st.integers(0, 30)), min_size=2, max_size=60)


@given(STEPS)
def test_days_add_up_to_the_whole_increase_whatever_the_gaps(steps: list[tuple[int, int]]) -> None:
    times = list(accumulate((minutes * MINUTE for minutes, _ in steps), initial=START))
    values = list(accumulate((energy for _, energy in steps), initial=1000))
    readings = dict(zip(times, values, strict=True))
    days = range(START, times[-1] + DAY_MS, DAY_MS)
    parts = [share(readings, (start, start + DAY_MS)).energy_wh for start in days if start < times[-1]]
    assert sum(parts) == values[-1] - values[0]
    assert all(part >= 0 for part in parts)


@given(st.lists(st.tuples(st.integers(1, 600), st.integers(0, 100_000)), min_size=2, max_size=40))
def test_no_counter_however_wild_gives_a_negative_or_an_impossible_day(steps: list[tuple[int, int]]) -> None:
    times = list(accumulate(minutes * MINUTE for minutes, _ in steps))
    readings = {START + each: value for each, (_, value) in zip(times, steps, strict=True) if each <= DAY_MS}
    if len(readings) < 2:
        return
    assert 0 <= share(readings).energy_wh <= 2000 * 24 + 20 * len(readings)


def test_what_a_reset_cuts_off_of_a_step_comes_from_the_power() -> None:
    """Steps of 10 Wh at 60 W: the reset comes six minutes after a step, and 6 Wh were under way."""
    readings = minutely(at("08:00"), at("10:06"), lambda each: 5000 + (each - at("08:00")) // (10 * MINUTE) * 10)
    readings |= minutely(at("10:07"), at("12:07"), lambda each: (each - at("10:06")) // (10 * MINUTE) * 10)
    power = dict.fromkeys(minutely(at("08:00"), at("12:07"), 0), 60.0)
    found = share(readings, power=power)
    assert found.energy_wh == 120 + 7 + 120
    assert found.marks == {Mark.COUNTER_RESET}
