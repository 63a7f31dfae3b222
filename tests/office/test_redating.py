"""A better time fix moves a boot's readings, flagged values and records, and nothing is there twice."""

from __future__ import annotations

from kiosk.time import DAY_MS
from office.loop import Office
from office.redating import BLOCKS_A_STEP, Redating
from store import blocks, boots, ledger_records
from store.boots import Boot
from tests.api.book import BOOT
from tests.office.world import HOUR, MINUTE, SITE, START, World

YEAR_MS = 365 * DAY_MS


def redate(world: World) -> int:
    """Run until no boot waits; tells how many steps it took."""
    redating, steps = Redating(world.store, world.readings, world.clock), 0
    while redating.run_once():
        steps += 1
        assert steps < 50
    return steps


def volts(world: World, start: int, end: int) -> dict[int, int]:
    found = world.readings.series(SITE, "mppt", "battery_voltage_v", start, end)
    return dict(zip(found.times_ms, found.values, strict=True))


def state(world: World, boot: Boot) -> Boot:
    with world.store.write() as connection:
        found = boots.get(connection, SITE, boot.boot)
    assert found is not None
    return found


def test_readings_move_to_the_better_date_and_leave_the_old_one(world: World) -> None:
    boot = world.boot("b1" * 8, 1, START - YEAR_MS, HOUR)
    world.archived(boot, 0, [1250, 1251, 1252])
    world.better_fix(boot, START + 10 * HOUR)
    redate(world)
    assert volts(world, START - YEAR_MS - DAY_MS, START) == {}
    moved = {START + 10 * HOUR + n * MINUTE: 1250 + n for n in range(3)}
    assert volts(world, START, START + DAY_MS) == moved
    assert not state(world, boot).needs_redating


def test_flagged_values_move_too(world: World) -> None:
    boot = world.boot("b1" * 8, 1, START - YEAR_MS, HOUR)
    world.archived(boot, 0, [1250], flagged=True)
    world.better_fix(boot, START + 10 * HOUR)
    redate(world)
    with world.store.read() as connection:
        assert blocks.flagged(connection, SITE, START - YEAR_MS - DAY_MS, START) == []
        assert [each.utc_ms for each in blocks.flagged(connection, SITE, START, START + DAY_MS)] == [START + 10 * HOUR]


def test_old_and_new_days_are_marked(world: World) -> None:
    boot = world.boot("b1" * 8, 1, START - 10 * DAY_MS + 23 * HOUR, 2 * HOUR)
    world.archived(boot, 0, [1250])
    world.better_fix(boot, START + 10 * HOUR)
    redate(world)
    assert set(world.dirty()) == {"2026-02-28", "2026-03-01", "2026-03-10"}


def test_records_of_the_boot_get_their_new_date(world: World) -> None:
    boot = world.boot(BOOT, 1, START - YEAR_MS, 20 * HOUR)
    world.book.sell(world.book.opened_ms + 9 * HOUR, 100)
    with world.store.write() as connection:
        world.book.send(connection)
        boots.date_records(connection, SITE, BOOT, START - YEAR_MS)
    world.better_fix(boot, START + DAY_MS)
    redate(world)
    with world.store.read() as connection:
        sale = ledger_records.record(connection, world.book.log, 2)
    assert sale is not None
    assert (sale.utc_ms, sale.day) == (START + DAY_MS + 9 * HOUR, "2026-03-11")


def test_blocks_that_waited_for_a_clock_are_written(world: World) -> None:
    undated = world.boot("b1" * 8, 1, None, HOUR)
    world.archived(undated, 0, [1250, 1251])
    world.better_fix(undated, START + 10 * HOUR)
    redate(world)
    assert len(volts(world, START, START + DAY_MS)) == 2
    with world.store.read() as connection:
        assert blocks.count(connection, SITE, blocks.UNDATED) == 0


def test_a_long_boot_is_rewritten_step_by_step_and_goes_on_after_a_restart(world: World) -> None:
    boot = world.boot("b1" * 8, 1, START - YEAR_MS, 10 * HOUR)
    for number in range(BLOCKS_A_STEP + 20):
        world.archived(boot, number * MINUTE, [1200 + number])
    world.better_fix(boot, START)
    redating = Redating(world.store, world.readings, world.clock)
    assert redating.run_once()
    assert redating.run_once()
    assert len(volts(world, START, START + DAY_MS)) == BLOCKS_A_STEP
    assert redate(world) == 2  # a new object, as after a restart: the last blocks, and the end
    assert volts(world, START, START + DAY_MS) == {START + n * MINUTE: 1200 + n for n in range(BLOCKS_A_STEP + 20)}


def test_other_boots_stay_where_they_are(world: World) -> None:
    wrong = world.boot("b1" * 8, 1, START + 5 * HOUR, HOUR)
    right = world.boot("b2" * 8, 2, START + 5 * HOUR, HOUR)
    world.archived(wrong, 0, [1111])
    world.archived(right, 30_000, [2222])
    world.better_fix(wrong, START + 20 * HOUR)
    redate(world)
    assert volts(world, START, START + DAY_MS) == {START + 5 * HOUR + 30_000: 2222, START + 20 * HOUR: 1111}


def test_a_block_that_cannot_be_read_is_set_aside_and_the_rest_is_written(world: World) -> None:
    boot = world.boot("b1" * 8, 1, START - YEAR_MS, HOUR)
    world.archived(boot, 0, [1250])
    world.archived(boot, MINUTE, [1251])
    with world.store.write() as connection:
        broken = blocks.of_boot(connection, SITE, boot.boot, (blocks.WRITTEN,))[0]
        connection.exec_driver_sql("UPDATE block SET body = ? WHERE id = ?", (broken.body[:-3], broken.id))
    world.better_fix(boot, START)
    redate(world)
    assert list(volts(world, START, START + DAY_MS).values()) == [1251]
    with world.store.read() as connection:
        assert blocks.count(connection, SITE, blocks.REFUSED) == 1


def test_the_office_dates_first_and_computes_then(world: World) -> None:
    boot = world.boot("b1" * 8, 1, START - 3 * DAY_MS, 12 * HOUR)
    for number in range(30):
        world.archived(boot, number * MINUTE, [1250])
    world.better_fix(boot, START + 10 * HOUR)
    office = Office(world.store, world.readings, world.clock)
    turns = 0
    while office.turn():
        turns += 1
        assert turns < 20
    old, new = world.figures("2026-03-07"), world.figures("2026-03-10")
    assert old is not None
    assert new is not None
    assert old.coverage_permille == 0
    assert new.battery.min_mv == 12_500
    assert new.agent.up_ms == 12 * HOUR
