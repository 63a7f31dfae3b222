"""Readings in SQL, on both engines: the common contract, and what comes from sharing the ledger's database."""

from __future__ import annotations

import pytest

from store.engine import Store
from store.readings.base import ReadingsStore
from store.readings.sql import SqlReadings
from tests.store.readings_contract import BOOT, MINUTE, SITE, START, ReadingsContract, volts


@pytest.fixture
def readings(store: Store) -> ReadingsStore:
    return SqlReadings(store)


class TestSql(ReadingsContract):
    pass


class PowerCutError(Exception):
    pass


def write_and_fail(store: Store, readings: ReadingsStore) -> None:
    with store.write():
        readings.write(SITE, BOOT, [volts([1, 2])])
        raise PowerCutError


def test_values_are_taken_back_with_the_transaction_they_joined(store: Store) -> None:
    readings = SqlReadings(store)
    with pytest.raises(PowerCutError):
        write_and_fail(store, readings)
    assert readings.latest(SITE) == {}


def test_ids_made_in_a_lost_transaction_are_not_used_again(store: Store) -> None:
    readings = SqlReadings(store)
    with pytest.raises(PowerCutError):
        write_and_fail(store, readings)
    readings.write("kaya", BOOT, [volts([7], device="other")])
    readings.write(SITE, BOOT, [volts([1])])
    assert readings.series(SITE, "mppt", "battery_voltage_v", START, START + MINUTE).values == [1]
    assert readings.series("kaya", "other", "battery_voltage_v", START, START + MINUTE).values == [7]


def test_a_boot_that_another_worker_deleted_can_be_written_and_deleted_again(store: Store) -> None:
    one, other = SqlReadings(store), SqlReadings(store)
    one.write(SITE, BOOT, [volts([1])])
    other.delete_boot(SITE, BOOT)
    one.write(SITE, BOOT, [volts([2], START + MINUTE)])
    assert one.series(SITE, "mppt", "battery_voltage_v", 0, 2**60).values == [2]
    other.delete_boot(SITE, BOOT)
    assert one.latest(SITE) == {}


def test_what_several_workers_wrote_of_a_boot_is_deleted_whole(store: Store) -> None:
    one, other = SqlReadings(store), SqlReadings(store)
    one.write(SITE, BOOT, [volts([1, 2])])
    other.write(SITE, BOOT, [volts([3], START + 99 * MINUTE)])
    one.write(SITE, BOOT, [volts([1, 2, 3])])
    one.delete_boot(SITE, BOOT)
    assert other.latest(SITE) == {}
