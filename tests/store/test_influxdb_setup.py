"""Setting up an InfluxDB server: made once, found again, mended where something has gone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.domain.bucket_retention_rules import BucketRetentionRules

from store.errors import RepairFirst
from store.readings.influxdb_http import InfluxConnection, InfluxSettings
from store.readings.influxdb_setup import set_up
from tests.influxdb import ORG, InfluxServer


@pytest.fixture
def settings(influx: InfluxServer) -> InfluxSettings:
    return influx.new_bucket()


def test_a_set_up_that_is_repeated_changes_nothing(influx: InfluxServer, settings: InfluxSettings) -> None:
    assert influx.set_up(settings) == settings
    assert set_up(settings).settings == settings


def test_a_new_server_asks_for_a_password_and_gives_the_operators_token_once(tmp_path: Path) -> None:
    with InfluxServer(tmp_path / "influxdb") as server:
        with pytest.raises(RepairFirst, match="password"):
            set_up(server.settings(), password="short")
        made = set_up(server.settings(), password="long enough")
        assert made.operator_token
        assert made.settings.token != made.operator_token
        assert set_up(made.settings).operator_token == ""
        assert made.operator_token not in repr(made)


def test_a_server_in_use_asks_for_the_operators_token(influx: InfluxServer, settings: InfluxSettings) -> None:
    with pytest.raises(RepairFirst, match="operator's token"):
        set_up(replace(settings, token=""))


def test_the_token_of_daily_work_opens_no_other_bucket(influx: InfluxServer, settings: InfluxSettings) -> None:
    other = influx.new_bucket()
    connection = InfluxConnection(replace(other, token=settings.token))
    with pytest.raises(RepairFirst):
        connection.write("reading,site=x,device=y,boot=z a:0=1i 1")
    connection.close()


def test_a_bucket_that_forgets_is_refused(influx: InfluxServer, settings: InfluxSettings) -> None:
    rules = BucketRetentionRules(type="expire", every_seconds=86_400)  # type: ignore[no-untyped-call]
    with InfluxDBClient(url=influx.url, token=influx.operator_token, org=ORG) as client:
        client.buckets_api().create_bucket(bucket_name="forgetful", retention_rules=[rules], org=ORG)
    with pytest.raises(RepairFirst, match="retention"):
        influx.set_up(influx.settings("forgetful"))
