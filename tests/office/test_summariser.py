"""Dirty days become figures; neighbours follow where their edges have moved; nothing runs in circles."""

from __future__ import annotations

import pytest

from kiosk.time import DAY_MS
from office.summariser import Summariser
from store import days, settings
from store.readings.base import Series
from store.readings.sql import SqlReadings
from tests.office.world import HOUR, SITE, START, World


def summariser(world: World) -> Summariser:
    return Summariser(world.store, world.readings, world.clock)


def settle(world: World) -> int:
    """Run until nothing is left; tells how many days were computed."""
    office, computed = summariser(world), 0
    for _ in range(50):
        done = office.run_once()
        if not done:
            return computed
        computed += done
    raise AssertionError("the summariser runs in circles")


def test_a_dirty_day_gets_its_figures_and_is_clean(world: World) -> None:
    world.counted(START + 6 * HOUR, START + 18 * HOUR)
    settle(world)
    found = world.figures("2026-03-10")
    assert found is not None
    assert found.solar.energy_wh in (719, 720)
    assert world.dirty() == []


def test_columns_of_the_stored_day_are_those_of_its_figures(world: World) -> None:
    world.counted(START + 6 * HOUR, START + 18 * HOUR)
    settle(world)
    with world.store.read() as connection:
        stored = days.get(connection, SITE, "2026-03-10")
    found = world.figures("2026-03-10")
    assert stored is not None
    assert found is not None
    assert (stored.pv_energy_wh, stored.load_energy_wh) == (found.solar.energy_wh, None)
    assert (stored.coverage_permille, stored.cur, stored.computed_ms) == (found.coverage_permille, "XOF", world.now_ms)


def test_money_of_the_day_comes_from_its_counting_records(world: World) -> None:
    world.book.sell(START + 9 * HOUR, 100)
    world.book.sell(START + 10 * HOUR, 200, svc="battery")
    world.book.write("TEST", START + 11 * HOUR, code="lamp")
    with world.store.write() as connection:
        world.book.send(connection)
    world.mark("2026-03-10")
    settle(world)
    found = world.figures("2026-03-10")
    assert found is not None
    assert (found.income.sales, found.income.net_minor, found.income.box_minor) == (2, 300, 300)


def test_the_day_before_is_computed_again_when_its_first_reading_after_midnight_comes(world: World) -> None:
    world.counted(START + 6 * HOUR, START + 12 * HOUR)
    settle(world)
    # A gap from noon to noon: half of what it holds belongs to the first day.
    world.counted(START + 36 * HOUR, START + 42 * HOUR, from_wh=2000)
    settle(world)
    first, second = world.figures("2026-03-10"), world.figures("2026-03-11")
    assert first is not None
    assert second is not None
    assert first.solar.energy_wh is not None
    assert second.solar.energy_wh is not None
    assert first.solar.energy_wh + second.solar.energy_wh == 2000 + 359 - 1000
    assert "estimated" in first.solar.marks
    assert first.solar.energy_wh > 700


def test_days_inside_a_long_gap_get_their_part(world: World) -> None:
    world.now_ms = START + 6 * DAY_MS
    world.heard(START + 18 * HOUR)
    world.counted(START + 6 * HOUR, START + 19 * HOUR)
    settle(world)
    empty = world.figures("2026-03-12")
    assert empty is not None  # a known site that says nothing has a day too
    assert empty.solar.energy_wh is None
    world.counted(START + 4 * DAY_MS, START + 4 * DAY_MS + HOUR, from_wh=4779)
    settle(world)
    parts = [world.figures(f"2026-03-{number}") for number in (11, 12, 13)]
    energies = [part.solar.energy_wh for part in parts if part is not None]
    assert sum(each or 0 for each in energies) == 3000
    assert all(each is not None and abs(each - 1000) <= 10 for each in energies)


def test_a_settled_store_is_left_alone_whatever_is_marked_again(world: World) -> None:
    for number in range(3):
        start = START + number * DAY_MS
        world.counted(start, start + DAY_MS, from_wh=1000 + number * 1440)
    settle(world)
    world.mark("2026-03-11")
    assert settle(world) == 1


def test_backfill_from_the_newest_day_to_the_oldest_ends_in_the_same_figures(world: World) -> None:
    spans = [(START + n * DAY_MS, START + (n + 1) * DAY_MS, 1000 + n * 1440) for n in range(2)]
    for start, end, base in reversed(spans):
        world.counted(start, end, from_wh=base)
        settle(world)
    backwards = [world.figures(day) for day in ("2026-03-10", "2026-03-11")]
    world.mark("2026-03-10", "2026-03-11")
    settle(world)
    assert [world.figures(day) for day in ("2026-03-10", "2026-03-11")] == backwards


class MarksMeanwhile(SqlReadings):
    """A readings store in which ingest writes while the figures are computed."""

    world: World
    times = 1

    def day(self, site: str, start_ms: int, end_ms: int) -> list[Series]:
        if self.times:
            self.times -= 1
            self.world.mark("2026-03-10")
        return super().day(site, start_ms, end_ms)


def test_a_day_that_is_marked_while_it_is_computed_stays_dirty(world: World) -> None:
    world.mark("2026-03-10")
    readings = MarksMeanwhile(world.store)
    readings.world = world
    office = Summariser(world.store, readings, world.clock)
    office.run_once()
    assert world.dirty() == ["2026-03-10"]
    office.run_once()
    assert world.dirty() == []


def test_today_grows_older_without_news(world: World) -> None:
    world.heard(world.now_ms)
    settle(world)
    before = world.figures("2026-03-12")
    world.now_ms += 2 * HOUR
    settle(world)
    after = world.figures("2026-03-12")
    assert before is not None
    assert after is not None
    assert (before.link.slots, after.link.slots) == (49, 56)  # the first look heard the present slot
    assert settle(world) == 0


def test_a_day_is_computed_once_more_when_it_is_over(world: World) -> None:
    world.heard(world.now_ms)
    settle(world)
    world.now_ms = START + 3 * DAY_MS + HOUR
    settle(world)
    found = world.figures("2026-03-12")
    assert found is not None
    assert found.until_ms == START + 3 * DAY_MS


def test_a_wrong_setting_stops_nobody(world: World, caplog: pytest.LogCaptureFixture) -> None:
    with world.store.write() as connection:
        settings.put(connection, f"figures.{SITE}", '{"cutof_mv": 11800}')
    world.counted(START + 6 * HOUR, START + 18 * HOUR)
    settle(world)
    assert world.figures("2026-03-10") is not None
    assert "cutof_mv" in caplog.text
