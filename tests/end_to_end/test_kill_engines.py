"""The kill test with InfluxDB and PostgreSQL among the killed: every franc and value is in each book once.

As a city runs it: readings and the ledger's copy in a real InfluxDB, everything relational in a real PostgreSQL, both
killed with kill -9 under load and started again, as agents, broker and server are. Replays and lengths: kill_run.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from kayasol.demo import sums
from kayasol.readings_store import open_projection, read_token, set_up_influxdb
from kayasol.settings import ServerSettings
from store.readings.influxdb_http import InfluxConnection, InfluxSettings
from tests.end_to_end import kill_books, kill_influx
from tests.end_to_end.broker_village import MEMORY_DISK, Village, command, quick_folder
from tests.end_to_end.kill_run import CODES, Draw, assert_books_agree, assert_it_was_a_storm, stormed
from tests.influxdb import PASSWORD, InfluxServer
from tests.postgresql import PostgresServer

INFLUXDB, POSTGRESQL = "influxdb", "postgresql"

pytestmark = [pytest.mark.serial, pytest.mark.slow]


@pytest.fixture
def root() -> Iterator[Path]:
    with quick_folder("kill-engines") as folder:
        yield folder


@pytest.fixture
def own_influx(root: Path) -> Iterator[InfluxServer]:
    with InfluxServer(root / "influxdb") as server:
        yield server


@pytest.fixture
def own_postgres() -> Iterator[PostgresServer]:
    with PostgresServer(MEMORY_DISK if MEMORY_DISK.is_dir() else None) as server:
        yield server


def connected(settings: ServerSettings) -> InfluxConnection:
    token = read_token(settings.influxdb_token)
    return InfluxConnection(
        InfluxSettings(settings.influxdb_url, settings.influxdb_org, settings.influxdb_bucket, token, 60_000)
    )


def test_the_books_agree_after_fifty_kills_of_everything_stores_too(
    root: Path, own_influx: InfluxServer, own_postgres: PostgresServer, capsys: pytest.CaptureFixture[str]
) -> None:
    draw = Draw.make()
    written = {"database_url": own_postgres.new_database(), "readings": "influxdb", "influxdb_url": own_influx.url}
    village = Village(root, CODES, draw.from_ms, written)
    set_up_influxdb(village.settings, password=PASSWORD)
    stores = {INFLUXDB: own_influx, POSTGRESQL: own_postgres}
    with stormed(village, draw, stores, capsys) as settled, closing(connected(village.settings)) as influx:
        store = settled.store
        for code, till in settled.tills.items():
            assert_books_agree(village.places, code, store, till, village.pages_port)
            with open_projection(village.settings) as projection:
                assert sums.of_copy(projection, code) == {"ledger_record": till, "ledger_day": till}
            assert kill_influx.records_in_influx(influx, code) == kill_influx.records_in_sql(store, code)
            values = kill_influx.values_in_influx(influx, code)
            assert kill_influx.unlike(values, kill_influx.values_in_archive(store, code)) == []
            _, head = kill_books.rows_at_edge(village.places.state(code))
            assert kill_influx.rows_of(values) == head
            assert kill_books.rows_at_server(store, code) == 0, "readings are in InfluxDB alone"
        told = command(["kayasol", "projection", "verify", "--folder", str(village.places.server)])
        assert [line.endswith("difference 0 F") for line in told.splitlines()] == [True] * len(CODES), told
        assert_it_was_a_storm(settled.storm)
        assert settled.storm.held_up > 0
