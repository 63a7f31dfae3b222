"""Readings in InfluxDB are written before the ledger's commit: what a commit that failed leaves there does no harm."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from ingest.handler import Handler
from store.errors import RetryLater
from store.readings.base import Values
from store.readings.influxdb import InfluxReadings
from store.readings.influxdb_http import InfluxConnection
from tests.influxdb import InfluxServer
from tests.ingest.server import Server, readings_ack
from tests.ingest.writer import MINUTE, Kiosk


class CommitFails(InfluxReadings):
    """Takes values, and then the database that was to say so is gone."""

    def write_many(self, batches: Sequence[Values]) -> None:
        super().write_many(batches)
        raise RetryLater("PostgreSQL was killed")


@pytest.fixture
def connection(influx: InfluxServer) -> Iterator[InfluxConnection]:
    opened = InfluxConnection(influx.new_bucket())
    yield opened
    opened.close()


def handler(server: Server, readings: InfluxReadings) -> Handler:
    return Handler(server.store, readings, server.keys, lambda: server.now_ms, policy=server.policy)


def lost(server: Server, kiosk: Kiosk, connection: InfluxConnection, payload: bytes) -> None:
    with pytest.raises(RetryLater):
        handler(server, CommitFails(connection)).handle(kiosk.topic, payload)


def times_of(readings: InfluxReadings) -> list[int]:
    return readings.series("damane", "mppt", "battery_voltage_v", 0, 2**60).times_ms


def test_rows_that_come_again_under_another_clock_are_there_once(server: Server, connection: InfluxConnection) -> None:
    kiosk, readings = server.register(Kiosk()), InfluxReadings(connection)
    rows = (kiosk.schema_section(), kiosk.block(1, 5))
    lost(server, kiosk, connection, kiosk.frame(*rows))
    assert len(times_of(readings)) == 5
    kiosk.utc_ms += 3  # the frame is cut anew, and its clock is read anew
    (answer,) = handler(server, readings).handle(kiosk.topic, kiosk.frame(*rows))
    assert readings_ack(server.open_answer(answer)).upto == 5
    first_ms = kiosk.utc_ms - kiosk.mono_ms + MINUTE
    assert times_of(readings) == [first_ms + MINUTE * number for number in range(5)]


def test_rows_that_wait_for_a_clock_afterwards_are_dated_once(server: Server, connection: InfluxConnection) -> None:
    kiosk, readings = server.register(Kiosk()), InfluxReadings(connection)
    rows = (kiosk.schema_section(), kiosk.block(1, 5))
    lost(server, kiosk, connection, kiosk.frame(*rows))
    kiosk.clock = "none"
    handling = handler(server, readings)
    handling.handle(kiosk.topic, kiosk.frame(*rows))
    kiosk.clock, kiosk.utc_ms = "ntp", kiosk.utc_ms + 86_400_000
    handling.handle(kiosk.topic, kiosk.frame())
    first_ms = kiosk.utc_ms - kiosk.mono_ms + MINUTE
    assert times_of(readings) == [first_ms + MINUTE * number for number in range(5)]


def test_what_another_boot_has_is_left_alone(server: Server, connection: InfluxConnection) -> None:
    kiosk, readings = server.register(Kiosk()), InfluxReadings(connection)
    handling = handler(server, readings)
    handling.handle(kiosk.topic, kiosk.frame(kiosk.schema_section(), kiosk.block(1, 5)))
    before = times_of(readings)
    kiosk.restart()
    kiosk.utc_ms += 86_400_000
    handling.handle(kiosk.topic, kiosk.frame(kiosk.block(6, 2)))
    assert times_of(readings)[:5] == before
    assert len(times_of(readings)) == 7
