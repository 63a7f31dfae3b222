"""What InfluxDB refuses or cannot do: what is kept, tried again or set aside, and that nothing else is touched."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from store.errors import RefusedValues, RepairFirst, RetryLater
from store.readings.base import Batch, Series
from store.readings.influxdb import InfluxReadings
from store.readings.influxdb_http import RETRY_AFTER_MAX_S, InfluxConnection, InfluxSettings
from tests.answering import Answer, answering
from tests.influxdb import InfluxServer
from tests.small_disk import SmallDisk
from tests.store.readings_contract import BOOT, LATER, MINUTE, SITE, START, volts

WEEK = 7 * 86_400_000


@pytest.fixture
def settings(influx: InfluxServer) -> InfluxSettings:
    return influx.new_bucket()


@contextmanager
def opened(settings: InfluxSettings) -> Iterator[InfluxReadings]:
    connection = InfluxConnection(settings)
    try:
        yield InfluxReadings(connection)
    finally:
        connection.close()


@pytest.fixture
def readings(settings: InfluxSettings) -> Iterator[InfluxReadings]:
    with opened(settings) as store:
        yield store


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[InfluxServer]:
    with InfluxServer(tmp_path / "influxdb") as server:
        yield server


def series(metric: str, values: list[int], start: int = START, step: int = MINUTE) -> Series:
    return Series("mppt", metric, 2, [start + step * number for number in range(len(values))], values)


def values_of(readings: InfluxReadings, metric: str) -> list[int]:
    return readings.series(SITE, "mppt", metric, 0, 2**60).values


def somebody_else_writes(settings: InfluxSettings, lines: str) -> None:
    connection = InfluxConnection(settings)
    connection.write(lines)
    connection.close()


# --- what will never be taken -------------------------------------------------------------------------------------


def test_a_metric_that_is_a_float_already_is_set_aside_and_the_others_are_written(
    settings: InfluxSettings, readings: InfluxReadings
) -> None:
    somebody_else_writes(settings, f"reading,site=x,device=y,boot=z b:2=1.5 {START}")
    columns = [series("a", [1, 2, 3]), series("b", [4, 5, 6]), series("c", [7, 8, 9])]
    with pytest.raises(RefusedValues) as caught:
        readings.write(SITE, BOOT, columns)
    (refusal,) = caught.value.refused
    assert (refusal.site, refusal.boot, refusal.series) == (SITE, BOOT, columns[1])
    assert "type conflict" in refusal.reason
    assert (values_of(readings, "a"), values_of(readings, "c")) == ([1, 2, 3], [7, 8, 9])


def test_a_conflict_in_one_week_leaves_the_values_of_the_other_weeks(
    settings: InfluxSettings, readings: InfluxReadings
) -> None:
    somebody_else_writes(settings, f"reading,site=x,device=y,boot=z b:2=1.5 {START + 2 * WEEK}")
    column = series("b", [1, 2, 3, 4, 5], step=WEEK)
    with pytest.raises(RefusedValues) as caught:
        readings.write(SITE, BOOT, [column])
    assert [refusal.series for refusal in caught.value.refused] == [series("b", [3], START + 2 * WEEK)]
    kept = readings.series(SITE, "mppt", "b", START, START + 2 * WEEK - 1).values
    assert kept + readings.series(SITE, "mppt", "b", START + 3 * WEEK, START + 9 * WEEK).values == [1, 2, 4, 5]


def test_a_number_that_no_server_can_hold_is_set_aside_alone(readings: InfluxReadings) -> None:
    with pytest.raises(RefusedValues) as caught:
        readings.write_many(
            [
                Batch(SITE, BOOT, [series("a", [1, 2**63, 3]), series("b", [4, 5, 6])]),
                Batch(SITE, LATER, [series("c", [7])]),
            ]
        )
    assert [refusal.series for refusal in caught.value.refused] == [series("a", [2**63], START + MINUTE)]
    assert [values_of(readings, metric) for metric in "abc"] == [[1, 3], [4, 5, 6], [7]]


def test_more_than_a_server_takes_at_once_is_sent_in_halves(settings: InfluxSettings) -> None:
    too_much = Answer(413, b'{"code":"request too large","message":"points batch is too large"}')
    with (
        answering(Answer(204), too_much, Answer(204)) as server,
        opened(replace(settings, url=server.url)) as readings,
    ):
        readings.write_many([Batch(SITE, BOOT, [volts([1, 2])]), Batch(SITE, LATER, [volts([3])])])
        _, whole, first, second = (body for _, body in server.asked)
    assert whole.splitlines() == first.splitlines() + second.splitlines()


# --- what is tried again --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_busy_server_is_asked_again_after_the_time_that_it_names(settings: InfluxSettings, status: int) -> None:
    busy = Answer(status, b'{"code":"unavailable","message":"later"}', {"Retry-After": "17"})
    with answering(busy) as server, opened(replace(settings, url=server.url)) as readings:
        with pytest.raises(RetryLater, match="later") as caught:
            readings.write(SITE, BOOT, [volts([1])])
        assert caught.value.after_s == 17
        with pytest.raises(RetryLater):
            readings.latest(SITE)
        with pytest.raises(RetryLater):
            readings.delete_boot(SITE, BOOT)


def test_a_server_cannot_make_us_wait_for_ever(settings: InfluxSettings) -> None:
    with (
        answering(Answer(429, b"", {"Retry-After": "9" * 30})) as server,
        opened(replace(settings, url=server.url)) as readings,
        pytest.raises(RetryLater) as caught,
    ):
        readings.write(SITE, BOOT, [volts([1])])
    assert caught.value.after_s == RETRY_AFTER_MAX_S


def test_a_server_that_does_not_answer_in_time_is_asked_again(settings: InfluxSettings) -> None:
    with (
        answering(Answer(None)) as server,
        opened(replace(settings, url=server.url, timeout_ms=50)) as readings,
        pytest.raises(RetryLater, match="does not answer"),
    ):
        readings.write(SITE, BOOT, [volts([1])])


def test_an_answer_that_breaks_off_is_asked_for_again(settings: InfluxSettings) -> None:
    with (
        answering(Answer(200, b'{"results":[{"statement_id":0,"ser')) as server,
        opened(replace(settings, url=server.url)) as readings,
        pytest.raises(RetryLater, match="breaks off"),
    ):
        readings.devices(SITE)


def test_a_server_that_is_away_takes_the_same_values_when_it_is_back(own_server: InfluxServer) -> None:
    with opened(own_server.new_bucket()) as readings:
        readings.write(SITE, BOOT, [volts([1, 2])])
        own_server.kill9()
        with pytest.raises(RetryLater):
            readings.write(SITE, BOOT, [volts([1, 2, 3])])
        own_server.start()
        assert values_of(readings, "battery_voltage_v") == [1, 2]
        readings.write(SITE, BOOT, [volts([1, 2, 3])])
        assert values_of(readings, "battery_voltage_v") == [1, 2, 3]


def test_a_boot_that_was_moved_stays_moved_when_the_power_fails(own_server: InfluxServer) -> None:
    with opened(own_server.new_bucket()) as readings:
        readings.write(SITE, BOOT, [volts(list(range(100)))])
        readings.write(SITE, LATER, [volts([7])])
        readings.delete_boot(SITE, BOOT)
        readings.write(SITE, BOOT, [volts(list(range(100)), START + 5 * WEEK)])
        own_server.kill9()
        own_server.start()
        found = readings.series(SITE, "mppt", "battery_voltage_v", 0, 2**60)
    expected = volts(list(range(100)), START + 5 * WEEK)
    assert (found.times_ms, found.values) == ([START, *expected.times_ms], [7, *expected.values])


# --- what a person must repair ----------------------------------------------------------------------------------------


def test_a_token_that_has_gone_is_for_a_person_and_a_new_one_goes_on(
    influx: InfluxServer, settings: InfluxSettings
) -> None:
    gone = replace(settings, token="gone")
    with opened(gone) as readings:
        for call in (
            lambda: readings.write(SITE, BOOT, [volts([1])]),
            lambda: readings.delete_boot(SITE, BOOT),
            lambda: readings.latest(SITE),
            readings.check,
        ):
            with pytest.raises(RepairFirst, match="token"):
                call()
    repaired = influx.set_up(gone)
    assert repaired.token not in {"gone", settings.token}
    with opened(repaired) as readings:
        readings.write(SITE, BOOT, [volts([1])])
        assert values_of(readings, "battery_voltage_v") == [1]


def test_a_bucket_that_has_gone_is_for_a_person(settings: InfluxSettings) -> None:
    with opened(replace(settings, bucket="elsewhere")) as readings:
        for call in (lambda: readings.write(SITE, BOOT, [volts([1])]), lambda: readings.latest(SITE)):
            with pytest.raises(RepairFirst, match="set-up"):
                call()


def test_an_address_that_is_no_influxdb_is_for_a_person(settings: InfluxSettings) -> None:
    with (
        answering(Answer(405, b"<html>")) as server,
        opened(replace(settings, url=server.url)) as readings,
        pytest.raises(RepairFirst, match="address"),
    ):
        readings.write(SITE, BOOT, [volts([1])])


def test_a_bucket_with_another_schema_is_refused_before_work_begins(
    settings: InfluxSettings, readings: InfluxReadings
) -> None:
    readings.write(SITE, BOOT, [volts([1])])
    readings.check()
    somebody_else_writes(settings, f"reading,site=x,device=y,boot=z b:2=1.5 {START}")
    with pytest.raises(RepairFirst, match=r"b:2 of type float"):
        readings.check()


def test_a_float_among_the_readings_is_never_shown_as_ours(settings: InfluxSettings, readings: InfluxReadings) -> None:
    readings.write(SITE, BOOT, [series("a", [1])])
    somebody_else_writes(settings, f"reading,site={SITE},device=mppt,boot={BOOT} b:2=1.5 {START}")
    with pytest.raises(RepairFirst, match="only integers"):
        readings.day(SITE, START, START + 1)


def test_names_that_would_need_quoting_are_refused(readings: InfluxReadings) -> None:
    for site in ("a b", "a'; DROP MEASUREMENT reading", 'a"', "a,b=c", ""):
        with pytest.raises(ValueError, match="name"):
            readings.write(site, BOOT, [volts([1])])
        with pytest.raises(ValueError, match="name"):
            readings.delete_boot(site, BOOT)


def noise(first: int, count: int) -> list[int]:
    """Nothing that could be compressed."""
    return [pow(number, 7, 2**61 - 1) for number in range(first, first + count)]


def fill(readings: InfluxReadings) -> int:
    """Write until the disk is full; gives how many writes were answered."""
    for answered in range(1_000):
        start = START + answered * 100 * MINUTE
        columns = [series(f"m{each}", noise(answered * 100 + each * 10**6, 100), start) for each in range(10)]
        try:
            readings.write(SITE, BOOT, columns)
        except RepairFirst as error:
            assert "full" in str(error)  # noqa: PT017 -- when it comes is for the server to say
            return answered
    pytest.fail("a million values fitted on the disk")


def test_a_full_disk_is_for_a_person_and_what_was_answered_is_kept(tmp_path: Path) -> None:
    with (
        SmallDisk(tmp_path / "disk", "3m") as disk,
        InfluxServer(tmp_path / "influxdb", engine_folder=disk.folder, inside=disk.inside) as server,
        opened(server.new_bucket()) as readings,
    ):
        answered = fill(readings)
        disk.resize("64m")
        readings.write(SITE, LATER, [series("m0", [1], START + WEEK * 30)])
        server.kill9()
        server.start()
        found = readings.series(SITE, "mppt", "m0", START, START + answered * 100 * MINUTE)
    assert found.values == noise(0, answered * 100)
