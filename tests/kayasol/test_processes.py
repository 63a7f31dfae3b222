"""Ingest, office and pages as processes of their own, over TLS, PostgreSQL with a password and InfluxDB."""

from __future__ import annotations

import json
import signal
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import make_url

from kayasol.processes import run_ingest_process
from kayasol.projections import EQUAL, verify
from kayasol.secret_files import make_secrets
from kayasol.sessions import FILE_NAME
from kayasol.settings import ServerSettings
from kiosk.errors import ConfigError
from kiosk.time import day_of
from kiosk.wire.down import decode_down
from kiosk.wire.topics import partition
from tests.end_to_end.broker_village import ProductBroker
from tests.influxdb import InfluxServer
from tests.ingest.server import ledger_ack, readings_ack
from tests.ingest.test_subscriber import Device
from tests.ingest.writer import Kiosk
from tests.kayasol.city import Part, kayasol, write_settings
from tests.kayasol.small_server import register_kiosk
from tests.kayasol.test_serve import count_in_sql, frame_of, volts_in_influxdb
from tests.mosquitto import MosquittoServer
from tests.postgresql import PostgresServer
from tests.server_process import free_port


def city(
    folder: Path, database: str, broker: MosquittoServer, influx: InfluxServer | None, **more: object
) -> ServerSettings:
    """A server's folder whose parts speak to real servers; the password lies in a file of its own."""
    password = folder / "password"
    folder.mkdir(parents=True, exist_ok=True)
    password.touch(0o600)
    password.write_text("of tests, and not asked for on loopback\n".replace(" ", "-"))
    settings: dict[str, object] = {
        "database_url": database,
        "database_password_file": "password",
        "broker_port": broker.port,
        "broker_plain": True,
        "live_s": 1,
        **more,
    }
    if influx is not None:
        bucket = influx.new_bucket()
        token = folder / "influxdb.token"
        token.touch(0o600)
        token.write_text(bucket.token)
        settings |= {"readings": "influxdb", "influxdb_url": bucket.url, "influxdb_bucket": bucket.bucket}
    return write_settings(folder, **settings)


def test_a_sale_and_a_row_travel_through_three_processes_to_the_page(
    tmp_path: Path, mosquitto: MosquittoServer, postgres: PostgresServer, influx: InfluxServer
) -> None:
    settings = city(tmp_path / "server", postgres.new_database(), mosquitto, influx)
    assert kayasol("migrate", "--folder", settings.folder).returncode == 0
    kiosk = Kiosk()
    register_kiosk(settings, kiosk)
    parts = {name: Part(name, settings.folder) for name in ("ingest", "office", "api")}
    with ExitStack() as running:
        for part in parts.values():
            running.enter_context(part)
        api = parts["api"]
        parts["ingest"].until(lambda: "connected to the broker" in parts["ingest"].log_text())
        device = Device(mosquitto, kiosk)
        kiosk.open_books(5)
        device.send(frame_of(kiosk, 1, 1))
        message, _ = decode_down(device.next_answer())
        assert (ledger_ack(message).upto, readings_ack(message).upto) == (7, 15)
        device.close()
        assert count_in_sql(settings, kiosk) == (7, 0)
        assert volts_in_influxdb(settings, kiosk) == 15

        day = day_of(kiosk.utc_ms)
        path = f"/api/v1/sites/{kiosk.site}/days?from={day}&to={day}"
        api.until(lambda: "pages on" in api.log_text())
        parts["office"].until(lambda: bool(_income(api, path)))
        assert _income(api, path) == (5, 500)
        assert api.get("/api/v1/health")[1]["status"] == "ok"
        assert verify(settings) == EQUAL

        parts["ingest"].until(lambda: kayasol("health", "ingest", "--folder", settings.folder).returncode == 0)
        assert kayasol("health", "office", "--folder", settings.folder).returncode == 0
        assert {name: part.end() for name, part in parts.items()} == {
            "ingest": 0,
            "office": 0,
            "api": -signal.SIGTERM,  # as its web server does: in order, then by the signal itself
        }
    assert "ended in order" in parts["ingest"].log_text()
    assert "ended in order" in parts["office"].log_text()
    assert kayasol("health", "ingest", "--folder", settings.folder).returncode == 1
    assert not any("Traceback" in part.log_text() for part in parts.values())


def _income(api: Part, path: str) -> tuple[int, int] | None:
    try:
        found = [each["figures"]["income"] for each in api.get(path)[1]["days"] if each.get("figures")]
    except OSError:
        return None
    return (found[0]["sales"], found[0]["net_minor"]) if found else None


def test_each_waits_for_the_others_and_says_for_what(tmp_path: Path, mosquitto: MosquittoServer) -> None:
    with PostgresServer() as postgres, ExitStack() as running:
        settings = city(tmp_path / "server", postgres.new_database(), mosquitto, None)
        mosquitto.stop()
        postgres.stop()
        parts = {name: Part(name, settings.folder) for name in ("ingest", "office", "api")}
        for part in parts.values():
            running.enter_context(part)
            part.until(lambda part=part: "PostgreSQL is away" in part.log_text())
        parts["api"].until(lambda: _health(parts["api"]) == 503)

        postgres.start()
        for name in ("ingest", "office"):
            # The log's first word on the database was that it is away; what is missing now is in the part's own file.
            parts[name].until(lambda name=name: "kayasol migrate" in (settings.alive / f"{name}.json").read_text())
        told = kayasol("health", "ingest", "--folder", settings.folder)
        assert told.returncode == 1
        assert "run `kayasol migrate`" in told.stderr

        assert kayasol("migrate", "--folder", settings.folder).returncode == 0
        parts["office"].until(lambda: "figures are computed" in parts["office"].log_text())
        parts["ingest"].until(lambda: f"the broker at 127.0.0.1:{mosquitto.port}" in parts["ingest"].log_text())
        mosquitto.start()
        parts["ingest"].until(lambda: "connected to the broker" in parts["ingest"].log_text())
        parts["api"].until(lambda: _health(parts["api"]) == 200)
        for part in parts.values():
            assert part.end() in {0, -signal.SIGTERM}


def _health(api: Part) -> int:
    """The status of the answer, 0 while nobody listens."""
    try:
        return api.get("/api/v1/health")[0]
    except OSError:
        return 0


def test_the_order_to_stop_is_obeyed_while_waiting(tmp_path: Path, mosquitto: MosquittoServer) -> None:
    away = f"postgresql+psycopg://kayasol@127.0.0.1:{free_port()}/kayasol"
    settings = city(tmp_path / "server", away, mosquitto, None)
    for name in ("ingest", "office"):
        with Part(name, settings.folder) as part:
            part.until(lambda part=part: "PostgreSQL is away" in part.log_text())
            assert part.end() == 0


@pytest.fixture
def two_kiosks() -> tuple[Kiosk, Kiosk]:
    """One site of each worker's partitions."""
    codes = iter(f"site{number}" for number in range(100))
    even = next(code for code in codes if partition(code) % 2 == 0)
    odd = next(code for code in codes if partition(code) % 2 == 1)
    return Kiosk(even, "even"), Kiosk(odd, "odd")


def test_two_workers_share_the_sites_and_both_acknowledge(
    tmp_path: Path, mosquitto: MosquittoServer, postgres: PostgresServer, two_kiosks: tuple[Kiosk, Kiosk]
) -> None:
    settings = city(tmp_path / "server", postgres.new_database(), mosquitto, None, ingest_workers=2)
    (settings.folder / FILE_NAME).write_text(json.dumps(["kayasol-ingest"]))
    assert kayasol("migrate", "--folder", settings.folder).returncode == 0
    with Part("ingest", settings.folder) as ingest:
        ingest.until(lambda: ingest.log_text().count("connected to the broker") == 2)
        ingest.until(lambda: "has forgotten kayasol-ingest" in ingest.log_text())
        for kiosk in two_kiosks:
            register_kiosk(settings, kiosk)
            device = Device(mosquitto, kiosk)
            kiosk.open_books(3)
            device.send(frame_of(kiosk, 1, 1))
            message, _ = decode_down(device.next_answer())
            assert (ledger_ack(message).upto, readings_ack(message).upto) == (5, 15)
            device.close()
        assert json.loads((settings.folder / FILE_NAME).read_text()) == [
            "kayasol-ingest-0-of-2",
            "kayasol-ingest-1-of-2",
        ]
        health = kayasol("health", "ingest", "--folder", settings.folder)
        assert (health.returncode, health.stderr) == (0, "")
        assert ingest.end() == 0
    assert ingest.log_text().count("has ended in order") == 2
    assert "2 workers of ingest have ended in order" in ingest.log_text()


def test_without_postgresql_the_parts_refuse_and_name_the_way_out(tmp_path: Path) -> None:
    settings = write_settings(tmp_path / "server", broker_plain=True)
    for part in ("ingest", "office", "api"):
        told = kayasol(part, "--folder", settings.folder)
        assert told.returncode == 1
        assert "kayasol serve" in told.stderr
        assert "Traceback" not in told.stderr


@pytest.mark.parametrize("words", [["serve"], ["setup"], ["ingest"], ["migrate"]])
def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path, words: list[str]) -> None:
    (tmp_path / "file").write_text("")
    told = kayasol(*words, "--folder", tmp_path / "file" / "server")
    assert told.returncode == 1
    assert "give this user a folder" in told.stderr
    assert told.stderr.count("\n") == 1


def test_a_worker_that_there_is_not_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="count from 0 to 1"):
        run_ingest_process(ServerSettings(folder=tmp_path, ingest_workers=2), worker=2)


def test_setup_makes_everything_on_new_servers_and_leaves_it_the_second_time(
    tmp_path: Path, postgres: PostgresServer
) -> None:
    with InfluxServer(tmp_path / "influx") as influx:
        secrets, folder, broker = tmp_path / "secrets", tmp_path / "server", tmp_path / "broker"
        make_secrets(secrets)
        settings = write_settings(
            folder, database_url=postgres.new_database(), readings="influxdb", influxdb_url=influx.url
        )
        words = ["setup", "--folder", folder, "--host", "127.0.0.1", "--port", str(free_port())]
        words += ["--broker-folder", broker, "--influxdb-password-file", secrets / "influxdb_password"]
        words += ["--operator-token-file", secrets / "influxdb_operator_token"]
        first, second = kayasol(*words), kayasol(*words)
        assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
        assert "The broker has a certificate for 127.0.0.1." in first.stdout
        assert "The broker's certificate is left as it is." in second.stdout
        spoken = first.stdout + first.stderr + second.stdout + second.stderr
        for file in (*secrets.iterdir(), settings.influxdb_token):
            assert file.read_text().strip() not in spoken
        assert {path.name for path in broker.iterdir()} == {
            *("acl", "mosquitto.conf", "store", "ca.pem", "crl.pem", "broker.pem", "broker.key")
        }
        assert _mosquitto_takes(broker)


def _mosquitto_takes(folder: Path) -> bool:
    """Whether a real Mosquitto starts with that folder alone."""
    product = ProductBroker(folder.parent)
    line = next(each for each in (folder / "mosquitto.conf").read_text().splitlines() if each.startswith("listener"))
    product.port = int(line.split()[1])
    product.let_root_run_it()
    with product:
        return product.is_running


def test_the_password_is_in_the_address_and_nowhere_else(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.touch(0o600)
    file.write_text("a:b/c@d")
    settings = write_settings(
        tmp_path, database_url="postgresql+psycopg://kayasol@db/kayasol", database_password_file="password"
    )
    assert make_url(settings.database).password == "a:b/c@d"
    assert "a:b" not in repr(settings)
    file.chmod(0o644)
    with pytest.raises(ConfigError, match="chmod 600"):
        _ = settings.database
