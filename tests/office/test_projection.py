"""The ledger's copy in a real InfluxDB, as the office keeps it: 0 F of difference whatever happens to a book."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kiosk.time import DAY_MS
from office.projection import Projection, Verdict
from store import boots, ledger_records
from store.errors import RepairFirst, RetryLater
from store.ledger_records import Record
from store.readings.influxdb_http import InfluxConnection, InfluxSettings
from store.readings.ledger_projection import DAY, RECORD, Difference, LedgerProjection, Total
from tests.api.book import BOOT
from tests.influxdb import InfluxServer
from tests.office.world import HOUR, SITE, START, World, work_off
from tests.server_process import free_port

TODAY = "2026-03-10"


@pytest.fixture
def copy(influx: InfluxServer) -> Iterator[LedgerProjection]:
    connection = InfluxConnection(influx.new_bucket())
    yield LedgerProjection(connection)
    connection.close()


@pytest.fixture
def projection(world: World, copy: LedgerProjection) -> Projection:
    """Of a book with three sales on two days."""
    opened = world.book.opened_ms
    world.boot(BOOT, 1, opened, 70 * DAY_MS)
    for at_ms, amount in ((START + HOUR, 100), (START + 2 * HOUR, 250), (START + DAY_MS, 50)):
        world.book.sell(at_ms, amount)
    with world.store.write() as connection:
        world.book.send(connection)
    world.mark("2026-01-09", TODAY, "2026-03-11")
    return Projection(world.store, copy)


def add(world: World, record: Record) -> None:
    with world.store.write() as connection:
        ledger_records.add_records(connection, [record])
    assert record.day is not None
    world.mark(record.day)


def verdict(projection: Projection) -> Verdict:
    return projection.verify(SITE)


def test_the_office_copies_each_dirty_day(world: World, projection: Projection) -> None:
    work_off(world, projection)
    told = verdict(projection)
    assert (told.amounts, told.differences, told.off_by("XOF")) == ({"XOF": 400}, [], 0)
    assert {t: total.amt for t, total in projection.copied(SITE)[RECORD].items()} == {"GENESIS": 0, "SALE": 400}
    assert projection.copied(SITE)[DAY] == projection.copied(SITE)[RECORD]


def test_what_the_office_has_still_to_copy_is_told_in_francs_and_as_waiting(
    world: World, projection: Projection
) -> None:
    work_off(world, projection)
    add(world, world.book.sell(START + 3 * HOUR, 75))
    told = verdict(projection)
    assert (told.off_by("XOF"), told.waiting) == (75, frozenset({TODAY}))
    work_off(world, projection)
    assert verdict(projection).differences == []


def test_a_record_that_no_longer_counts_is_taken_out_of_the_copy(world: World, projection: Projection) -> None:
    work_off(world, projection)
    place = world.book.records[1].place
    with world.store.write() as connection:
        ledger_records.mark(connection, place, "again", counts=False)
    assert verdict(projection).off_by("XOF") == 100
    world.mark(TODAY)
    work_off(world, projection)
    told = verdict(projection)
    assert (told.amounts["XOF"], told.differences) == (300, [])


def test_dating_a_boot_anew_moves_its_points_too(world: World, projection: Projection) -> None:
    work_off(world, projection)
    with world.store.write() as connection:
        known = boots.get(connection, SITE, BOOT)
    assert known is not None
    world.better_fix(known, world.book.opened_ms + 3 * DAY_MS)
    work_off(world, projection)
    with world.store.read() as connection:
        assert ledger_records.recorded_days(connection, SITE) == ["2026-01-12", "2026-03-13", "2026-03-14"]
    told = verdict(projection)
    assert (told.amounts, told.differences) == ({"XOF": 400}, [])
    # A sale's point is under its new date alone: the zeros that are left of the old days are sums without records.
    assert {t: total.records for t, total in projection.copied(SITE)[RECORD].items()} == {"GENESIS": 1, "SALE": 3}


def test_a_copy_of_which_francs_were_removed_or_invented_is_found_and_made_anew(
    world: World, projection: Projection, copy: LedgerProjection
) -> None:
    work_off(world, projection)
    invented = [world.book.sell(at_ms, 999) for at_ms in (START + 4 * HOUR, START + 5 * DAY_MS)]
    copy.delete_boot(SITE, BOOT)
    copy.write_records(invented)
    found = {
        (each.day, each.measurement): (each.book.amt, each.projected.amt) for each in verdict(projection).differences
    }
    assert found == {
        ("2026-01-09", RECORD): (0, 0),
        (TODAY, RECORD): (350, 999),
        ("2026-03-11", RECORD): (50, 0),
        ("2026-03-15", RECORD): (0, 999),
    }
    assert verdict(projection).off_by("XOF") == 649 + 50 + 999
    assert projection.rebuild(SITE) == 3
    assert verdict(projection).differences == []


def test_records_without_a_date_are_counted_apart(world: World, projection: Projection) -> None:
    work_off(world, projection)
    with world.store.write() as connection:
        # An offset by which no date can be true.
        boots.date_records(connection, SITE, BOOT, 0)
    world.mark("2026-01-09", TODAY, "2026-03-11")
    work_off(world, projection)
    told = verdict(projection)
    assert (told.undated, told.records, told.differences) == (4, 0, [])


def test_days_stay_dirty_while_the_copy_cannot_be_written(world: World, projection: Projection) -> None:
    away = InfluxConnection(InfluxSettings(f"http://127.0.0.1:{free_port()}", "kayasol", "readings", "x", 2_000))
    broken = Projection(world.store, LedgerProjection(away))
    before = world.dirty()
    with pytest.raises(RetryLater, match="InfluxDB does not answer"):
        work_off(world, broken)
    assert world.dirty() == before
    work_off(world, projection)
    assert verdict(projection).differences == []
    assert world.dirty() == []


def test_a_token_that_is_refused_is_one_line_that_says_what_to_do(world: World, influx: InfluxServer) -> None:
    settings = influx.new_bucket()
    wrong = InfluxConnection(InfluxSettings(settings.url, settings.org, settings.bucket, "wrong"))
    with pytest.raises(RepairFirst, match=r"refuses the token.*put it into the settings") as raised:
        Projection(world.store, LedgerProjection(wrong)).verify(SITE)
    assert "\n" not in str(raised.value)


def test_francs_and_euros_are_off_apart_and_the_worse_measurement_counts() -> None:
    def off(cur: str, measurement: str, amount: int) -> Difference:
        return Difference(SITE, TODAY, cur, measurement, Total(1, 100, 100), Total(1, 100 + amount, 100))

    differences = [off("XOF", RECORD, 7), off("XOF", DAY, -9), off("EUR", RECORD, 50)]
    told = Verdict(SITE, 2, {"XOF": 100}, differences, undated=0, waiting=frozenset())
    assert told.currencies == ["EUR", "XOF"]
    assert {cur: told.off_by(cur) for cur in told.currencies} == {"EUR": 50, "XOF": 9}
