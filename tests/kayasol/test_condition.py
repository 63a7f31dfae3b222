"""What a volunteer is told of a server, and what a health check is."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kayasol.backup import back_up_by_date
from kayasol.condition import Line, part_faults, server_lines
from kayasol.settings import ServerSettings
from kayasol.watch import STALE_S, Watch, ill
from kiosk.errors import ConfigError
from store import status
from store.engine import Store
from tests.kayasol.city import kayasol, write_settings
from tests.kayasol.small_server import register
from tests.mosquitto import MosquittoServer
from tests.server_process import free_port

NOW = datetime.now(UTC)


@pytest.fixture
def settings(tmp_path: Path) -> ServerSettings:
    made = write_settings(tmp_path / "server", broker_plain=True, broker_port=free_port(), http_port=free_port())
    register(made)
    return made


def line(settings: ServerSettings, what: str, now: datetime = NOW) -> Line:
    (found,) = [each for each in server_lines(settings, now) if each.what == what]
    return found


def hear(settings: ServerSettings, at: datetime) -> None:
    store = Store.open(settings.database)
    with store.write() as connection:
        status.note_arrivals(connection, {("damane", ""): (1, 100)}, int(at.timestamp() * 1000))
    store.close()


def test_a_database_is_told_with_its_size(settings: ServerSettings) -> None:
    found = line(settings, "database")
    assert not found.bad
    assert "MB, 1 sites, 0 days wait for figures, 0 dead letters" in found.told


def test_a_folder_that_is_no_servers_is_told_and_left_alone(tmp_path: Path) -> None:
    found = line(ServerSettings(folder=tmp_path / "nowhere"), "database")
    assert found.bad
    assert "--folder" in found.told
    assert not (tmp_path / "nowhere").exists()


def test_a_site_that_was_never_heard_is_told(settings: ServerSettings) -> None:
    assert line(settings, "sites").told == "1 of 1 silent: damane (never heard)"


def test_a_site_is_silent_as_on_the_pages_after_half_an_hour(settings: ServerSettings) -> None:
    hear(settings, NOW)
    assert line(settings, "sites", NOW + timedelta(minutes=29)).told == "all 1 are heard"
    late = line(settings, "sites", NOW + timedelta(minutes=31))
    assert (late.bad, late.told) == (True, "1 of 1 silent: damane (31 min ago)")


def test_backups_are_judged_by_their_age(settings: ServerSettings) -> None:
    assert "none in" in line(settings, "backup").told
    assert list(back_up_by_date(settings, NOW))
    fresh = line(settings, "backup")
    assert not fresh.bad
    assert "kayasol restore" in fresh.told
    late = line(settings, "backup", NOW + timedelta(hours=50))
    assert late.bad
    assert "2 days ago" in late.told


def test_a_broker_that_is_away_is_told_with_the_remedy(settings: ServerSettings, mosquitto: MosquittoServer) -> None:
    found = line(settings, "broker")
    assert found.bad
    assert "start Mosquitto" in found.told
    there = settings.model_copy(update={"broker_port": mosquitto.port})
    assert not line(there, "broker").bad


def test_without_certificates_the_command_that_makes_them_is_named(settings: ServerSettings) -> None:
    found = line(settings.model_copy(update={"broker_plain": False}), "broker")
    assert found.bad
    assert "kayasol broker" in found.told


@contextmanager
def listening(code: int, body: bytes) -> Iterator[int]:
    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(code)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    ("code", "body", "told"),
    [
        (200, b'{"status": "ok", "database": "ok"}', ""),
        (503, b'{"status": "broken", "database": "PostgreSQL is away"}', "PostgreSQL is away"),
        (200, b"<html>", "something else listens"),
        (200, b"", "something else listens"),
    ],
)
def test_the_pages_are_asked_how_they_are(settings: ServerSettings, code: int, body: bytes, told: str) -> None:
    with listening(code, body) as port:
        faults = part_faults(settings.model_copy(update={"http_port": port}), "api")
    assert (" ".join(faults)).startswith(told)
    assert bool(faults) is bool(told)


def test_a_part_that_waits_hangs_or_never_ran_is_ill(settings: ServerSettings) -> None:
    assert "does not run" in part_faults(settings, "office")[0]
    file = settings.alive / "office.json"
    Watch(file, {"database": lambda: ""}).look()
    assert part_faults(settings, "office") == []
    assert "has not moved" in ill(settings.alive, "office", lambda: file.stat().st_mtime + STALE_S + 1)[0]
    Watch(file, {"database": lambda: "PostgreSQL is away"}).look()
    assert part_faults(settings, "office") == ["office waits: PostgreSQL is away"]
    file.write_text("{")
    assert "office.json" in part_faults(settings, "office")[0]


def test_one_ill_worker_of_several_is_told(settings: ServerSettings) -> None:
    Watch(settings.alive / "ingest-0-of-2.json", {"broker": lambda: ""}).look()
    Watch(settings.alive / "ingest-1-of-2.json", {"broker": lambda: "no broker"}).look()
    assert part_faults(settings, "ingest") == ["ingest-1-of-2 waits: no broker"]


def test_a_watch_says_a_change_once(settings: ServerSettings, caplog: pytest.LogCaptureFixture) -> None:
    told = iter(["away", "away", "", ""])
    watch = Watch(settings.alive / "office.json", {"database": lambda: next(told)})
    with caplog.at_level("INFO", "kayasol"):
        for _ in range(4):
            watch.look()
    assert [record.message for record in caplog.records] == ["waiting: away", "database: answers again"]


def test_a_part_that_is_none_is_refused(settings: ServerSettings) -> None:
    with pytest.raises(ConfigError, match="ingest, office, api"):
        part_faults(settings, "fish")


def test_the_exit_code_asks_for_a_person(settings: ServerSettings) -> None:
    told = kayasol("status", "--folder", settings.folder)
    assert told.returncode == 1
    assert "LOOK sites" in told.stdout
    assert "Traceback" not in told.stderr
