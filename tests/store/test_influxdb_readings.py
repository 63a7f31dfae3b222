"""The InfluxDB readings store on a real server: the common contract, and what comes from its being another server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from store.readings.base import ReadingsStore
from store.readings.influxdb import InfluxReadings
from store.readings.influxdb_http import InfluxConnection
from tests.influxdb import InfluxServer
from tests.store.readings_contract import ReadingsContract


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
