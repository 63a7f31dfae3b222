"""A server's settings with InfluxDB as readings store, and the database that they name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kayasol.settings import ServerSettings
from store.engine import Store
from store.migrate import upgrade
from tests.influxdb import InfluxServer


@pytest.fixture
def settings(influx: InfluxServer, tmp_path: Path) -> ServerSettings:
    """Of a bucket that is ready; its token is in its file."""
    wanted = influx.new_bucket()
    file = tmp_path / "influxdb.token"
    file.touch(0o600)
    file.write_text(wanted.token + "\n")
    made = ServerSettings(
        folder=tmp_path,
        readings="influxdb",
        influxdb_url=wanted.url,
        influxdb_org=wanted.org,
        influxdb_bucket=wanted.bucket,
    )
    upgrade(made.database)
    return made


@pytest.fixture
def store(settings: ServerSettings) -> Iterator[Store]:
    opened = Store.open(settings.database)
    yield opened
    opened.close()
