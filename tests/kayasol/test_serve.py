"""`kayasol serve` as a process beside a real broker, PostgreSQL and InfluxDB: nothing is lost between them."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from kayasol.projections import EQUAL, verify
from kayasol.readings_store import open_readings
from kayasol.settings import ServerSettings, load_settings
from kiosk.time import day_of
from kiosk.wire.down import decode_down
from store import ledger_records
from store.engine import Store
from store.schema import reading
from tests.influxdb import InfluxServer
from tests.ingest.server import ledger_ack, readings_ack
from tests.ingest.test_subscriber import Device
from tests.ingest.writer import Kiosk
from tests.kayasol.small_server import register
from tests.mosquitto import MosquittoServer
from tests.postgresql import PostgresServer
from tests.server_process import ServerProcess

WAIT_S = 40.0
PAUSE_S = 0.1
"""Between two looks, spent waiting for the server's early end."""
SETTINGS = """\
database_url = "{database}"
readings = "influxdb"
influxdb_url = "{url}"
influxdb_org = "{org}"
influxdb_bucket = "{bucket}"
"""


class ServeProcess(ServerProcess):
    """`kayasol serve`; each frame is answered, as at a visit."""

    name = "serve"

    def __init__(self, folder: Path, broker: MosquittoServer) -> None:
        super().__init__(folder)
        self._broker = broker

    def get(self, path: str) -> Any:
        asked = http.client.HTTPConnection(self.host, self.port, timeout=5.0)
        try:
            asked.request("GET", path)
            answer = asked.getresponse()
            assert answer.status == 200, answer.read()
            return json.loads(answer.read())
        finally:
            asked.close()

    def until(self, done: Callable[[], bool]) -> None:
        """Wait while the server lives."""
        give_up_s = time.monotonic() + WAIT_S
        while not done():
            assert time.monotonic() < give_up_s, self.log_text()
            assert self._process is not None
            with suppress(subprocess.TimeoutExpired):
                code = self._process.wait(PAUSE_S)
                raise AssertionError(f"ended with {code}: {self.log_text()}")

    def _command(self) -> Sequence[str | Path]:
        words: list[str | Path] = [sys.executable, "-m", "kayasol", "serve", "--folder", self.folder]
        return [
            *words,
            "--port",
            str(self.port),
            "--broker-port",
            str(self._broker.port),
            "--broker-plain",
            "--live-s=1",
        ]

    def _is_ready(self) -> bool:
        try:
            self.get("/api/v1/sites")
        except OSError:
            return False
        return "connected to the broker" in self.log_text()


def settings_of(folder: Path, database: str, influx: InfluxServer) -> ServerSettings:
    """A server's folder that names both servers."""
    bucket = influx.new_bucket()
    token = folder / "influxdb.token"
    token.touch(0o600)
    token.write_text(bucket.token)
    text = SETTINGS.format(database=database, url=bucket.url, org=bucket.org, bucket=bucket.bucket)
    (folder / "kayasol.toml").write_text(text)
    return load_settings(folder)


def frame_of(kiosk: Kiosk, first_record: int, first_row: int) -> bytes:
    """All records from one on, and a quarter of an hour of rows."""
    rows = kiosk.block(first_row, 15)
    return kiosk.frame(kiosk.schema_section(), kiosk.ledger_section(first_record), rows, head=first_row + 14)


def count_in_sql(settings: ServerSettings, kiosk: Kiosk) -> tuple[int, int]:
    """Records and readings in the relational store."""
    store = Store.open(settings.database)
    try:
        with store.read() as connection:
            kept = connection.execute(select(func.count()).select_from(reading)).scalar_one()
            return len(ledger_records.of_log(connection, kiosk.log)), kept
    finally:
        store.close()


def volts_in_influxdb(settings: ServerSettings, kiosk: Kiosk) -> int:
    store = Store.open(settings.database)
    try:
        with open_readings(settings, store) as opened:
            return len(opened.readings.series(kiosk.site, "mppt", "battery_voltage_v", 0, 2**60).values)
    finally:
        store.close()


def test_records_go_to_postgresql_rows_to_influxdb_and_the_copy_agrees(
    tmp_path: Path, mosquitto: MosquittoServer, postgres: PostgresServer, influx: InfluxServer
) -> None:
    settings = settings_of(tmp_path, postgres.new_database(), influx)
    kiosk = register(settings)
    with ServeProcess(tmp_path, mosquitto) as server:
        device = Device(mosquitto, kiosk)
        kiosk.open_books(5)
        day = day_of(kiosk.utc_ms)
        device.send(frame_of(kiosk, 1, 1))
        message, _ = decode_down(device.next_answer())
        assert ledger_ack(message).upto == 7
        assert readings_ack(message).upto == 15
        assert count_in_sql(settings, kiosk) == (7, 0)
        assert volts_in_influxdb(settings, kiosk) == 15

        def figures() -> list[Any]:
            days: list[Any] = server.get(f"/api/v1/sites/{kiosk.site}/days?from={day}&to={day}")["days"]
            return [each["figures"]["income"] for each in days if each.get("figures")]

        server.until(lambda: bool(figures()))
        assert (figures()[0]["sales"], figures()[0]["net_minor"]) == (5, 500)
        assert verify(settings) == EQUAL
        device.close()


@pytest.mark.parametrize("victim", ["influxdb", "postgresql"])
def test_a_store_that_is_killed_holds_everything_up_and_loses_nothing(
    tmp_path: Path, mosquitto: MosquittoServer, victim: str
) -> None:
    with InfluxServer(tmp_path / "influx") as influx, PostgresServer() as postgres:
        folder = tmp_path / "server"
        folder.mkdir()
        settings = settings_of(folder, postgres.new_database(), influx)
        kiosk = register(settings)
        with ServeProcess(folder, mosquitto) as server:
            device = Device(mosquitto, kiosk)
            kiosk.open_books(2)
            device.send(frame_of(kiosk, 1, 1))
            device.next_answer()

            killed: ServerProcess = influx if victim == "influxdb" else postgres
            killed.kill9()
            kiosk.sale(250)
            device.send(frame_of(kiosk, 5, 16))
            server.until(lambda: "the store does not take messages" in server.log_text())
            killed.start()

            message, _ = decode_down(device.next_answer())
            assert ledger_ack(message).upto == 5
            assert readings_ack(message).upto == 30
            assert count_in_sql(settings, kiosk) == (5, 0)
            assert volts_in_influxdb(settings, kiosk) == 30
            server.until(lambda: verify(settings) == EQUAL)
            device.close()
