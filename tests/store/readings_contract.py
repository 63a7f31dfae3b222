"""What every readings store must do. An adapter's test module gives a fixture `readings` and inherits the class."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from store.errors import LimitError, RetryLater
from store.readings.base import Batch, Bucket, Channel, Latest, ReadingsStore, Series

SITE, BOOT, LATER = "damane", "b1" * 8, "b2" * 8
START = 1_790_000_000_000
MINUTE = 60_000


def volts(values: list[int], start: int = START, decimals: int = 2, device: str = "mppt") -> Series:
    times = [start + MINUTE * number for number in range(len(values))]
    return Series(device, "battery_voltage_v", decimals, times, values)


class ReadingsContract:
    def test_what_was_written_is_given_back_in_order(self, readings: ReadingsStore) -> None:
        readings.write(SITE, BOOT, [volts([1250, 1251], START + 2 * MINUTE)])
        readings.write(SITE, BOOT, [volts([1248, 1249])])
        found = readings.series(SITE, "mppt", "battery_voltage_v", START, START + 4 * MINUTE)
        assert found == volts([1248, 1249, 1250, 1251])

    def test_the_end_of_a_span_is_not_in_it(self, readings: ReadingsStore) -> None:
        readings.write(SITE, BOOT, [volts([1, 2, 3])])
        found = readings.series(SITE, "mppt", "battery_voltage_v", START + MINUTE, START + 2 * MINUTE)
        assert found.values == [2]

    def test_the_same_point_overwrites_itself(self, readings: ReadingsStore) -> None:
        readings.write(SITE, BOOT, [volts([1, 2, 3])])
        readings.write(SITE, BOOT, [volts([1, 7, 3])])
        assert readings.series(SITE, "mppt", "battery_voltage_v", START, START + 9 * MINUTE).values == [1, 7, 3]

    def test_of_two_values_at_one_instant_the_last_counts(self, readings: ReadingsStore) -> None:
        readings.write(SITE, BOOT, [Series("mppt", "battery_voltage_v", 2, [START, START], [1, 2])])
        assert readings.series(SITE, "mppt", "battery_voltage_v", START, START + 1).values == [2]

    def test_two_boots_at_one_instant_are_both_given_until_one_is_dated_anew(self, readings: ReadingsStore) -> None:
        readings.write(SITE, BOOT, [volts([1])])
        readings.write(SITE, LATER, [volts([2])])
        found = readings.series(SITE, "mppt", "battery_voltage_v", START, START + 1)
        assert sorted(zip(found.times_ms, found.values, strict=True)) == [(START, 1), (START, 2)]
        readings.delete_boot(SITE, LATER)
        assert readings.series(SITE, "mppt", "battery_voltage_v", START, START + 1).values == [1]

    def test_many_boots_and_devices_are_written_at_once(self, readings: ReadingsStore) -> None:
        sparse = Series("mppt", "pv_power_w", 1, [START + MINUTE], [345])
        readings.write_many(
            [
                Batch("kaya", LATER, [volts([6, 7])]),
                Batch(SITE, LATER, [volts([4], START + 9 * MINUTE)]),
                Batch(SITE, BOOT, [volts([1, 2, 3]), volts([8, 9], device="shunt"), sparse, volts([], device="none")]),
                Batch(SITE, "b3" * 8, []),
            ]
        )
        day = {(each.device, each.metric): each.values for each in readings.day(SITE, START, START + 99 * MINUTE)}
        assert day == {
            ("mppt", "battery_voltage_v"): [1, 2, 3, 4],
            ("mppt", "pv_power_w"): [345],
            ("shunt", "battery_voltage_v"): [8, 9],
        }
        assert readings.latest("kaya") == {("mppt", "battery_voltage_v"): Latest(START + MINUTE, 7, 2)}

    def test_large_and_negative_integers_come_back_exact(self, readings: ReadingsStore) -> None:
        exact = [2**48, -(2**48), 0, -1]
        readings.write(SITE, BOOT, [volts(exact)])
        assert readings.series(SITE, "mppt", "battery_voltage_v", START, START + 9 * MINUTE).values == exact

    def test_more_points_than_the_limit_are_refused(self, readings: ReadingsStore) -> None:
        readings.write(SITE, BOOT, [volts([1, 2, 3])])
        with pytest.raises(LimitError):
            readings.series(SITE, "mppt", "battery_voltage_v", START, START + 9 * MINUTE, limit=2)
        assert readings.series(SITE, "mppt", "battery_voltage_v", START, START + 9 * MINUTE, limit=3).values == [
            1,
            2,
            3,
        ]

    def test_an_unknown_series_is_empty(self, readings: ReadingsStore) -> None:
        assert readings.series(SITE, "mppt", "battery_voltage_v", START, START + 1) == Series(
            "mppt", "battery_voltage_v", 0, [], []
        )
        assert readings.latest(SITE) == {}
        assert readings.devices(SITE) == []
        assert readings.day(SITE, START, START + 1) == []
        assert readings.buckets(SITE, "mppt", "battery_voltage_v", START, START + 9, interval_ms=3) == []

    def test_latest_is_the_newest_of_each_series(self, readings: ReadingsStore) -> None:
        readings.write(SITE, BOOT, [volts([1, 2, 3]), volts([9, 8], device="shunt")])
        readings.write(SITE, LATER, [volts([4], START - MINUTE)])
        assert readings.latest(SITE) == {
            ("mppt", "battery_voltage_v"): Latest(START + 2 * MINUTE, 3, 2),
            ("shunt", "battery_voltage_v"): Latest(START + MINUTE, 8, 2),
        }

    def test_a_boot_is_there_from_its_first_value_to_its_deletion(self, readings: ReadingsStore) -> None:
        assert not readings.has_boot(SITE, BOOT)
        readings.write(SITE, BOOT, [volts([1])])
        readings.write("kaya", LATER, [volts([1])])
        assert readings.has_boot(SITE, BOOT)
        assert not readings.has_boot(SITE, LATER)
        assert not readings.has_boot("kaya", BOOT)
        readings.delete_boot(SITE, BOOT)
        assert not readings.has_boot(SITE, BOOT)

    def test_deleting_a_boot_leaves_the_others(self, readings: ReadingsStore) -> None:
        readings.write(SITE, BOOT, [volts([1, 2, 3])])
        readings.write(SITE, LATER, [volts([4, 5], START + MINUTE)])
        readings.write("kaya", BOOT, [volts([6])])
        readings.delete_boot(SITE, BOOT)
        assert readings.series(SITE, "mppt", "battery_voltage_v", START, START + 9 * MINUTE).values == [4, 5]
        assert readings.series("kaya", "mppt", "battery_voltage_v", START, START + 9 * MINUTE).values == [6]

    def test_a_deleted_boot_can_be_written_again_under_another_date(self, readings: ReadingsStore) -> None:
        readings.write(SITE, BOOT, [volts([1, 2, 3])])
        readings.delete_boot(SITE, BOOT)
        readings.write(SITE, BOOT, [volts([1, 2, 3], START + 90 * MINUTE)])
        found = readings.series(SITE, "mppt", "battery_voltage_v", START, START + 999 * MINUTE)
        assert found == volts([1, 2, 3], START + 90 * MINUTE)
        readings.delete_boot(SITE, BOOT)
        assert readings.latest(SITE) == {}

    def test_deleting_what_is_not_there_does_nothing(self, readings: ReadingsStore) -> None:
        readings.delete_boot(SITE, BOOT)

    def test_a_finer_resolution_later_rescales_what_came_before(self, readings: ReadingsStore) -> None:
        readings.write(SITE, BOOT, [volts([125], decimals=1)])
        readings.write(SITE, BOOT, [volts([1251], START + MINUTE, decimals=2)])
        assert readings.series(SITE, "mppt", "battery_voltage_v", START, START + 9 * MINUTE) == volts([1250, 1251])
        assert readings.devices(SITE) == [Channel("mppt", "battery_voltage_v", 2)]
        bucket = Bucket(START, 1250.5, 1250, 1251, 1251, 2)
        found = readings.buckets(SITE, "mppt", "battery_voltage_v", START, START + 9 * MINUTE, interval_ms=9 * MINUTE)
        assert found == [bucket]

    def test_buckets_hold_mean_extremes_last_and_count(self, readings: ReadingsStore) -> None:
        readings.write(SITE, BOOT, [volts([4, 1, 7, 2])])
        readings.write(SITE, BOOT, [volts([5], START + 60 * MINUTE)])
        found = readings.buckets(SITE, "mppt", "battery_voltage_v", START, START + 61 * MINUTE, interval_ms=3 * MINUTE)
        assert found == [
            Bucket(START, 4.0, 1, 7, 7, 3),
            Bucket(START + 3 * MINUTE, 2.0, 2, 2, 2, 1),
            Bucket(START + 60 * MINUTE, 5.0, 5, 5, 5, 1),
        ]

    def test_a_bucket_that_is_being_written_is_not_there_yet_or_whole(self, readings: ReadingsStore) -> None:
        """So many that InfluxDB, asked once each time, shows one in half in every run of this test."""
        rows, span = [4, 1, 7, 2], 4 * MINUTE
        blocks, end = 150, START + 150 * span

        def write() -> None:
            for number in range(blocks):
                readings.write(SITE, BOOT, [volts(rows, START + number * span)])

        with ThreadPoolExecutor(1) as other:
            written = other.submit(write)
            while not written.done():
                with suppress(RetryLater):  # which is always allowed
                    for found in readings.buckets(SITE, "mppt", "battery_voltage_v", START, end, interval_ms=span):
                        assert found == Bucket(found.start_ms, 3.5, 1, 7, 2, 4)
            written.result()
        assert len(readings.buckets(SITE, "mppt", "battery_voltage_v", START, end, interval_ms=span)) == blocks

    def test_too_many_buckets_are_refused(self, readings: ReadingsStore) -> None:
        with pytest.raises(LimitError):
            readings.buckets(SITE, "mppt", "battery_voltage_v", 0, START, interval_ms=1)
        with pytest.raises(ValueError, match="positive"):
            readings.buckets(SITE, "mppt", "battery_voltage_v", 0, START, interval_ms=0)

    def test_a_day_is_everything_of_the_site_that_has_values(self, readings: ReadingsStore) -> None:
        readings.write(SITE, BOOT, [volts([1, 2]), volts([3, 4], device="shunt")])
        readings.write(SITE, BOOT, [volts([5], START + 90 * MINUTE)])
        readings.write("kaya", BOOT, [volts([6])])
        assert readings.day(SITE, START, START + 9 * MINUTE) == [volts([1, 2]), volts([3, 4], device="shunt")]
        assert readings.day(SITE, START + 80 * MINUTE, START + 99 * MINUTE) == [volts([5], START + 90 * MINUTE)]

    def test_devices_are_those_ever_seen(self, readings: ReadingsStore) -> None:
        readings.write(SITE, BOOT, [volts([1]), volts([3], device="shunt")])
        assert readings.devices(SITE) == [
            Channel("mppt", "battery_voltage_v", 2),
            Channel("shunt", "battery_voltage_v", 2),
        ]
        assert readings.devices("kaya") == []
