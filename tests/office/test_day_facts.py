"""What is collected of a day for its figures."""

from __future__ import annotations

from dataclasses import replace

from figures.facts import DayFacts, Parameters
from kiosk.ledger import format as record_format
from kiosk.time import DAY_MS
from office.day_facts import day_facts, edge_facts, income_row
from store.readings.base import Series
from tests.office.world import HOUR, MINUTE, SITE, START, World


def collected(world: World, day: str = "2026-03-11") -> DayFacts:
    with world.store.read() as connection:
        return day_facts(connection, world.readings, SITE, day, world.now_ms, Parameters())


def times(facts: DayFacts, metric: str) -> list[int]:
    return next(list(each.times_ms) for each in facts.series if each.metric == metric)


def test_a_series_ends_with_the_first_value_after_the_day(world: World) -> None:
    world.counted(START + DAY_MS, START + 2 * DAY_MS + HOUR)
    found = times(collected(world), "pv_energy_total_wh")
    assert found[0] == START + DAY_MS
    assert found[-1] == START + 2 * DAY_MS
    assert len(found) == 1441


def test_a_counters_last_value_is_found_before_a_gap_of_days(world: World) -> None:
    last = START - 20 * DAY_MS
    world.counted(last - HOUR, last)
    world.counted(START + DAY_MS + HOUR, START + DAY_MS + 2 * HOUR, from_wh=3000)
    assert times(collected(world), "pv_energy_total_wh")[:2] == [last - MINUTE, START + DAY_MS + HOUR]


def test_the_half_hour_before_the_gap_is_kept_of_the_voltage(world: World) -> None:
    last = START - 20 * DAY_MS
    world.counted(last - 2 * HOUR, last)
    found = times(collected(world), "battery_voltage_v")
    assert (found[0], found[-1]) == (last - 31 * MINUTE, last - MINUTE)


def test_a_counters_next_value_is_found_after_a_gap_of_days(world: World) -> None:
    world.now_ms = START + 30 * DAY_MS
    world.counted(START + DAY_MS, START + DAY_MS + HOUR)
    world.counted(START + 25 * DAY_MS, START + 25 * DAY_MS + HOUR, from_wh=3000)
    assert times(collected(world), "pv_energy_total_wh")[-1] == START + 25 * DAY_MS


def test_a_counter_sent_in_two_resolutions_is_one_series_in_the_finer_one(world: World) -> None:
    world.readings.write(SITE, "b1" * 8, [Series("mppt", "pv_energy_total_wh", 0, [START - 9 * DAY_MS], [7])])
    world.readings.write(SITE, "b2" * 8, [Series("mppt", "pv_energy_total_wh", 1, [START + DAY_MS + HOUR], [81])])
    found = next(each for each in collected(world).series if each.metric == "pv_energy_total_wh")
    assert (found.decimals, list(found.values)) == (1, [70, 81])


def test_edges_can_be_had_without_the_day_itself(world: World) -> None:
    world.counted(START, START + 2 * DAY_MS + HOUR)
    world.boot("b1" * 8, 1, START - DAY_MS, HOUR)
    with world.store.read() as connection:
        edges = edge_facts(connection, world.readings, SITE, "2026-03-11", world.now_ms, Parameters())
    assert edges.edges() == collected(world).edges()
    assert sum(len(each.times_ms) for each in edges.series) < 100


def test_boots_are_those_of_the_day_and_their_neighbours(world: World) -> None:
    for number, start in enumerate((-3, -2, 25, 30, 60, 70), start=1):
        world.boot(f"{number:016x}", number, START + start * HOUR, HOUR)
    found = collected(world)
    assert [each.boot for each in found.boots] == [f"{number:016x}" for number in (2, 3, 4, 5)]
    assert found.undated_boots == 0


def test_days_that_share_a_gap_of_a_counter_know_the_same_boots_in_it(world: World) -> None:
    """Else each would split the gap in another way, and the parts would not add up."""
    gap_start, gap_end = START + 20 * HOUR, START + DAY_MS + 9 * HOUR
    world.counted(START, gap_start)
    world.counted(gap_end, START + DAY_MS + 12 * HOUR, "b2" * 8, from_wh=3000)
    for number, start in enumerate((START, START + 21 * HOUR, START + 25 * HOUR, START + 28 * HOUR, gap_end), start=1):
        world.boot(f"{number:016x}", number, start, HOUR)
    shared = [
        {each for each in collected(world, day).boots if gap_start <= each.start_ms <= gap_end}
        for day in ("2026-03-10", "2026-03-11")
    ]
    assert shared[0] == shared[1]
    assert len(shared[0]) == 4


def test_boots_without_clock_lie_between_the_dated_ones_of_the_numbers_around_them(world: World) -> None:
    world.boot("01" * 8, 1, START + HOUR, HOUR)
    world.boot("02" * 8, 2, None, HOUR)
    world.boot("03" * 8, 3, None, HOUR)
    world.boot("04" * 8, 4, START + 30 * HOUR, HOUR)
    world.boot("05" * 8, 5, None, HOUR)
    assert collected(world, "2026-03-09").undated_boots == 0
    assert collected(world, "2026-03-10").undated_boots == 2
    assert collected(world, "2026-03-11").undated_boots == 3
    assert collected(world, "2026-03-12").undated_boots == 1


def test_a_line_of_the_notebook_is_the_sale_that_it_stands_for(world: World) -> None:
    sale = world.book.sell(START + DAY_MS + HOUR, 100)
    blank = record_format.blank("FALLBACK", "SALE")
    same = {name: value for name, value in record_format.parse(sale.payload).items() if name in blank}
    payload = record_format.encode(blank | same | {"t": "FALLBACK", "slip": "7"})
    found = income_row(replace(sale, t="FALLBACK", payload=payload))
    assert (found.kind, found.service, found.amount_minor) == ("SALE", "phone", 100)


def test_trials_and_records_that_do_not_count_are_left_out(world: World) -> None:
    world.book.sell(START + DAY_MS + HOUR, 100)
    world.book.write("TEST", START + DAY_MS + 2 * HOUR, code="lamp")
    with world.store.write() as connection:
        world.book.send(connection)
    assert [each.kind for each in collected(world).income] == ["SALE"]


def test_cadence_arrivals_and_waiting_rows_are_the_sites_own(world: World) -> None:
    world.heard(START + DAY_MS + HOUR, cadence_s=3600, rows_waiting=12)
    found = collected(world)
    assert (found.cadence_s, found.rows_waiting, found.arrivals_ms) == (3600, 12, (START + DAY_MS + HOUR,))
    assert found.currency == "XOF"
