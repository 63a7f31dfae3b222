"""The readings store that the settings name is opened, and what stands in the way is one line that helps."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from kayasol.projections import DIFFERENT, EQUAL, UNKNOWN, rebuild, verify
from kayasol.readings_store import open_projection, open_readings, set_up_influxdb
from kayasol.settings import ServerSettings
from kiosk.errors import ConfigError
from store.engine import Store
from store.errors import RepairFirst
from store.migrate import upgrade
from store.readings.base import Series
from store.readings.sql import SqlReadings
from tests.api.book import Book
from tests.influxdb import PASSWORD, InfluxServer
from tests.server_process import free_port

TIME_MS = 1_790_000_000_000


def test_sqlite_is_the_ledgers_own_store_and_has_no_copy(tmp_path: Path) -> None:
    settings = ServerSettings(folder=tmp_path)
    upgrade(settings.database)
    store = Store.open(settings.database)
    with open_readings(settings, store) as opened:
        assert isinstance(opened.readings, SqlReadings)
        assert opened.projection is None
    store.close()
    with pytest.raises(ConfigError, match="there is no copy of it"), open_projection(settings):
        pass


def test_influxdb_takes_and_gives_readings(settings: ServerSettings, store: Store) -> None:
    series = Series("mppt", "battery_voltage_v", 2, [TIME_MS], [1251])
    with open_readings(settings, store) as opened:
        opened.readings.write("damane", "b1" * 8, [series])
        assert opened.readings.day("damane", TIME_MS, TIME_MS + 1) == [series]
        assert opened.projection is not None


@pytest.mark.parametrize("mode", [0o604, 0o640, 0o660])
def test_a_token_that_others_can_read_is_refused(settings: ServerSettings, store: Store, mode: int) -> None:
    settings.influxdb_token.chmod(mode)
    with pytest.raises(ConfigError, match="chmod 600"), open_readings(settings, store):
        pass


@pytest.mark.parametrize("content", ["", "\n", "two words", "a\nb", "é", "x" * 5_000])
def test_a_file_that_holds_no_token_is_refused(settings: ServerSettings, store: Store, content: str) -> None:
    settings.influxdb_token.write_text(content)
    with pytest.raises(ConfigError, match="holds no token"), open_readings(settings, store):
        pass


def test_a_missing_token_file_names_the_command_that_makes_it(settings: ServerSettings, store: Store) -> None:
    settings.influxdb_token.unlink()
    with pytest.raises(ConfigError, match="`kayasol influxdb` makes a token"), open_readings(settings, store):
        pass


def test_a_token_that_is_refused_stops_the_start(settings: ServerSettings, store: Store) -> None:
    settings.influxdb_token.write_text("wrong")
    with pytest.raises(RepairFirst, match="refuses the token"), open_readings(settings, store):
        pass


def test_a_server_that_is_away_does_not_stop_the_start(settings: ServerSettings, store: Store) -> None:
    away = settings.model_copy(update={"influxdb_url": f"http://127.0.0.1:{free_port()}"})
    with open_readings(away, store) as opened:
        assert opened.projection is not None


def test_the_set_up_puts_a_token_into_a_file_for_this_user_alone(influx: InfluxServer, tmp_path: Path) -> None:
    influx.new_bucket()  # so that the server has its first user
    wanted = ServerSettings(
        folder=tmp_path / "server",
        readings="influxdb",
        influxdb_url=influx.url,
        influxdb_bucket=f"set-up-{tmp_path.name}",
    )
    assert set_up_influxdb(wanted, password=PASSWORD, operator_token=influx.operator_token) == ""
    token = wanted.influxdb_token.read_bytes()
    assert stat.S_IMODE(wanted.influxdb_token.stat().st_mode) == 0o600
    assert set_up_influxdb(wanted) == "", "without the operator's token: nothing is missing"
    assert wanted.influxdb_token.read_bytes() == token


def test_verify_says_nothing_differs_only_when_nothing_does(
    settings: ServerSettings, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    book = Book("damane")
    book.open()
    book.sell(TIME_MS + 60_000, 150)
    with store.write() as connection:
        book.register(connection, TIME_MS)
        book.send(connection)
    assert verify(settings) == DIFFERENT
    assert "damane: 2 records, 150 F in the book, difference 150 F" in capsys.readouterr().out
    assert rebuild(settings) == EQUAL
    assert verify(settings) == EQUAL
    assert "damane: 2 records, 150 F in the book, difference 0 F" in capsys.readouterr().out


def test_verify_that_could_not_ask_never_says_equal(
    settings: ServerSettings, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    away = settings.model_copy(update={"influxdb_url": f"http://127.0.0.1:{free_port()}"})
    with store.write() as connection:
        Book("damane").register(connection, TIME_MS)
    assert verify(away) == UNKNOWN
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("kayasol: not compared: InfluxDB does not answer")
    assert told.err.count("\n") == 1
