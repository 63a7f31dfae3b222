"""The InfluxDB readings store on a real server: the common contract, and what comes from its being another server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest

from store.errors import RetryLater
from store.readings.base import Bucket, ReadingsStore
from store.readings.influxdb import ASKED_AT_MOST, InfluxReadings
from store.readings.influxdb_http import InfluxConnection
from store.readings.influxql import AGGREGATES
from store.readings.line_protocol import field_key
from tests.answering import Answer, Answering, answering
from tests.influxdb import InfluxServer
from tests.store.readings_contract import MINUTE, SITE, START, ReadingsContract


@pytest.fixture
def connection(influx: InfluxServer) -> Iterator[InfluxConnection]:
    opened = InfluxConnection(influx.new_bucket())
    yield opened
    opened.close()


@pytest.fixture
def readings(connection: InfluxConnection) -> ReadingsStore:
    return InfluxReadings(connection)


class TestInflux(ReadingsContract):
    pass


def test_sums_of_different_instants_are_asked_for_again_and_never_shown(influx: InfluxServer) -> None:
    """What a real server says while it is written to: the contract provokes it, this one has it each time."""
    torn = [bucket_answer(*row) for row in ((None, 1, 7, 2, 4), (3.5, None, 7, 2, 4), (3.5, 1, 7, 2, None))]
    with answering(*torn, bucket_answer(3.5, 1, 7, 2, 4)) as server:
        assert buckets_of(server, influx) == [Bucket(START, 3.5, 1, 7, 2, 4)]
        assert len(server.asked) == 4
    with answering(bucket_answer(3.5, 1, 7, None, 4)) as server:
        with pytest.raises(RetryLater, match="ask again"):
            buckets_of(server, influx)
        assert len(server.asked) == ASKED_AT_MOST


def bucket_answer(*aggregates: float | None) -> Answer:
    field = field_key("battery_voltage_v", 2)
    named = [f"{each}_{field}" for each in AGGREGATES]
    channel = {"tags": {"device": "mppt"}, "columns": ["time", field], "values": [[0, 1]]}
    buckets = {"columns": ["time", *named], "values": [[START, *aggregates]]}
    return Answer(200, json.dumps({"results": [{"series": [channel]}, {"series": [buckets]}]}).encode())


def buckets_of(server: Answering, influx: InfluxServer) -> list[Bucket]:
    with closing(InfluxConnection(replace(influx.new_bucket(), url=server.url))) as connection:
        readings = InfluxReadings(connection)
        return readings.buckets(SITE, "mppt", "battery_voltage_v", START, START + MINUTE, interval_ms=MINUTE)
