"""What comes back from a backup, what is refused, and that a folder is never left half restored."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, make_url

from kayasol.backup import back_up, back_up_by_date, dated_backups
from kayasol.ca import Authority
from kayasol.restore import restore
from kayasol.settings import ServerSettings
from kiosk.errors import ConfigError
from store import letters
from store import settings as kept_settings
from store.engine import Store
from tests.kayasol.city import kayasol, write_settings
from tests.kayasol.small_server import NOW, backed_up, epoch_of, leftovers, register, restored, site_names, small_server
from tests.postgresql import PostgresServer
from tests.servers import require_program


@pytest.fixture
def settings(tmp_path: Path) -> ServerSettings:
    """A small server that knows one site, with keys, settings and the broker's files."""
    return small_server(tmp_path / "server")


def test_everything_comes_back_byte_by_byte(settings: ServerSettings, tmp_path: Path) -> None:
    again = restored(backed_up(settings, tmp_path / "b.tar.gz"), tmp_path / "again")
    assert again.http_port == 8123
    assert site_names(again) == ["damane"]
    for name in ("ca.key", "ca.pem", "crl.pem", "broker.key", "ingest.key", "ingest.pem"):
        assert (again.folder / "ca" / name).read_bytes() == (settings.folder / "ca" / name).read_bytes()
    assert Authority(again.folder / "ca", NOW).certificate_pem == (settings.folder / "ca" / "ca.pem").read_bytes()
    assert leftovers(tmp_path) == []


def test_the_brokers_files_name_the_new_folder(settings: ServerSettings, tmp_path: Path) -> None:
    again = restored(backed_up(settings, tmp_path / "b.tar.gz"), tmp_path / "again")
    text = (again.folder / "broker" / "mosquitto.conf").read_text()
    assert str(settings.folder) not in text
    assert f"keyfile {again.folder}/ca/broker.key" in text
    assert (again.folder / "broker" / "store").is_dir()


def test_only_its_owner_can_read_backup_and_keys(settings: ServerSettings, tmp_path: Path) -> None:
    file = backed_up(settings, tmp_path / "b.tar.gz")
    again = restored(file, tmp_path / "again")
    for path in (file, *(again.folder / "ca").iterdir(), again.folder / "kayasol.db"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    assert stat.S_IMODE(again.folder.stat().st_mode) == 0o700


def test_the_epoch_grows_with_each_restore_also_with_a_clock_that_went_back(
    settings: ServerSettings, tmp_path: Path
) -> None:
    first = restored(backed_up(settings, tmp_path / "1.tar.gz"), tmp_path / "first")
    assert epoch_of(first) == int(NOW.timestamp())
    second = restored(backed_up(first, tmp_path / "2.tar.gz"), tmp_path / "second", NOW - timedelta(days=400))
    assert epoch_of(second) == int(NOW.timestamp()) + 1


def add_letter(connection: Connection, number: int) -> None:
    octets = os.urandom(2_000)
    letters.add(connection, octets, site="", topic="", kind="test", reason="", security=False, now_ms=number)


def test_a_backup_while_somebody_writes_is_one_instant(settings: ServerSettings, tmp_path: Path) -> None:
    """Two numbers that are always written together are never seen apart."""
    store, stop, started = Store.open(settings.database), threading.Event(), threading.Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            with store.write() as connection:
                kept_settings.put(connection, "left", str(number))
                add_letter(connection, number)
                kept_settings.put(connection, "right", str(number))
            started.set()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert started.wait(10)
        for number in range(3):
            again = restored(backed_up(settings, tmp_path / f"{number}.tar.gz"), tmp_path / f"again{number}")
            with closing(sqlite3.connect(again.folder / "kayasol.db")) as book:
                rows = dict(book.execute("SELECT name, value FROM setting WHERE name IN ('left', 'right')"))
                (count,) = book.execute("SELECT COUNT(*) FROM dead_letter").fetchone()
            assert rows["left"] == rows["right"] == str(count)
    finally:
        stop.set()
        writer.join()
        store.close()


def test_with_readings_in_influxdb_both_say_how_they_come_back(tmp_path: Path) -> None:
    settings = write_settings(tmp_path / "server", readings="influxdb")
    register(settings)
    told = list(back_up(settings, tmp_path / "b.tar.gz", NOW))
    assert "kayasol readings rebuild" in told[-1]
    assert "kayasol readings rebuild" in list(restore(tmp_path / "b.tar.gz", tmp_path / "again", NOW))[-1]


def test_an_existing_file_is_never_overwritten(settings: ServerSettings, tmp_path: Path) -> None:
    file = tmp_path / "b.tar.gz"
    file.write_text("mine")
    with pytest.raises(ConfigError, match="never overwrites"):
        backed_up(settings, file)
    assert file.read_text() == "mine"


def test_a_folder_that_is_in_use_is_refused(settings: ServerSettings, tmp_path: Path) -> None:
    file = backed_up(settings, tmp_path / "b.tar.gz")
    busy = tmp_path / "busy"
    busy.mkdir()
    (busy / "letter").write_text("mine")
    with pytest.raises(ConfigError, match="not empty"):
        restored(file, busy)
    with pytest.raises(ConfigError, match="not empty"):
        restored(file, busy / "letter")
    assert [path.name for path in busy.iterdir()] == ["letter"]


def test_an_empty_folder_is_taken(settings: ServerSettings, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert site_names(restored(backed_up(settings, tmp_path / "b.tar.gz"), tmp_path / "empty")) == ["damane"]


def test_a_backup_of_a_newer_program_is_refused(settings: ServerSettings, tmp_path: Path) -> None:
    with closing(sqlite3.connect(settings.folder / "kayasol.db")) as book, book:
        book.execute("UPDATE alembic_version SET version_num = '9999'")
    file = backed_up(settings, tmp_path / "b.tar.gz")
    with pytest.raises(ConfigError, match="newer program"):
        restored(file, tmp_path / "again")
    assert not (tmp_path / "again").exists()


def test_a_damaged_database_is_no_backup_and_the_old_ones_stay(settings: ServerSettings, tmp_path: Path) -> None:
    assert list(back_up_by_date(settings, NOW))
    database = settings.folder / "kayasol.db"
    with closing(sqlite3.connect(database)) as book:
        book.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    raw = bytearray(database.read_bytes())
    raw[4096 * 3 : 4096 * 20] = bytes(4096 * 17)
    database.write_bytes(raw)
    with pytest.raises(ConfigError, match=r"damaged|cannot be copied"):
        list(back_up_by_date(settings, NOW + timedelta(days=1)))
    assert len(dated_backups(settings)) == 1


def test_old_backups_go_when_newer_ones_are_whole(settings: ServerSettings) -> None:
    few = settings.model_copy(update={"backup_keep": 2})
    (few.folder / "backups").mkdir()
    (few.folder / "backups" / "mine.tar.gz").write_text("not ours to remove")
    for day in range(4):
        assert list(back_up_by_date(few, NOW + timedelta(days=day)))
    assert [path.name for path in dated_backups(few)] == [
        "kayasol-20261126T040000Z.tar.gz",
        "kayasol-20261125T040000Z.tar.gz",
    ]
    assert (few.folder / "backups" / "mine.tar.gz").exists()


def test_two_backups_are_equal_where_the_server_is(settings: ServerSettings, tmp_path: Path) -> None:
    assert (
        backed_up(settings, tmp_path / "1.tar.gz").read_bytes()
        == backed_up(settings, tmp_path / "2.tar.gz").read_bytes()
    )


def test_a_folder_without_a_server_has_nothing_to_back_up(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--folder"):
        backed_up(ServerSettings(folder=tmp_path / "nowhere"), tmp_path / "b.tar.gz")
    assert not (tmp_path / "nowhere").exists()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of half a megabyte, where this machine lets us have one."""
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", place], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("only root may mount a disk")
    yield place
    subprocess.run(["umount", place], check=True)


def test_a_full_disk_is_said_and_leaves_nothing(settings: ServerSettings, small_disk: Path) -> None:
    told = kayasol("backup", small_disk / "b.tar.gz", "--folder", settings.folder)
    assert told.returncode == 1
    assert "another disk" in told.stderr
    assert "Traceback" not in told.stderr
    assert list(small_disk.iterdir()) == []


def test_a_disk_that_is_full_during_a_restore_is_said_and_leaves_nothing(
    settings: ServerSettings, small_disk: Path, tmp_path: Path
) -> None:
    (small_disk / "ballast").write_bytes(bytes(300_000))
    file = backed_up(settings, tmp_path / "b.tar.gz")
    told = kayasol("restore", file, "--folder", small_disk / "server")
    assert told.returncode == 1
    assert "No space left" in told.stderr
    assert "Traceback" not in told.stderr
    assert [path.name for path in small_disk.iterdir()] == ["ballast"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["backup", "/proc/nowhere/b.tar.gz"], "no such folder"),
        (["restore", "/nowhere/b.tar.gz"], "no such file"),
        (["restore"], "Missing argument"),
        (["backup", "--keep"], "No such option"),
    ],
)
def test_wrong_words_are_told_in_one_line(
    settings: ServerSettings, words: list[str], told: str, tmp_path: Path
) -> None:
    folder = settings.folder if words[0] == "backup" else tmp_path / "again"
    said = kayasol(*words, "--folder", folder)
    assert said.returncode in {1, 2}
    assert told in said.stderr
    assert "Traceback" not in said.stderr


def test_postgresql_is_backed_up_and_comes_back_into_an_empty_database(
    tmp_path: Path, postgres: PostgresServer
) -> None:
    require_program("pg_dump", "install PostgreSQL's client programs")
    settings = write_settings(tmp_path / "server", database_url=postgres.new_database())
    register(settings)
    file = backed_up(settings, tmp_path / "b.tar.gz")
    with pytest.raises(ConfigError, match="in use"):
        restored(file, tmp_path / "again")
    assert not (tmp_path / "again").exists()

    empty = postgres.new_database()
    postgres.execute(f'ALTER DATABASE "{make_url(settings.database).database}" RENAME TO burnt')
    name = make_url(empty).database
    postgres.execute(f'ALTER DATABASE "{name}" RENAME TO "{make_url(settings.database).database}"')
    again = restored(file, tmp_path / "again")
    assert site_names(again) == ["damane"]
    assert epoch_of(again) == int(NOW.timestamp())
    assert not (again.folder / "kayasol.pgdump").exists()
