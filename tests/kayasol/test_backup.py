"""One file that holds a server: what is in it, what is refused, and that a folder is never left half restored."""

from __future__ import annotations

import gzip
import io
import json
import os
import shutil
import sqlite3
import stat
import subprocess
import tarfile
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, make_url

from kayasol import backup_file
from kayasol.backup import back_up, back_up_by_date, dated_backups
from kayasol.broker_files import write_broker_files
from kayasol.ca import Authority
from kayasol.restore import restore
from kayasol.settings import ServerSettings, load_settings
from kiosk.errors import ConfigError
from store import letters, sites
from store import settings as kept_settings
from store.engine import Store
from store.migrate import upgrade
from tests.ingest.writer import Kiosk
from tests.kayasol.city import kayasol, write_settings
from tests.postgresql import PostgresServer

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path: Path) -> ServerSettings:
    """A small server that knows one site, with keys, settings and the broker's files."""
    return small_server(tmp_path / "server")


def small_server(folder: Path) -> ServerSettings:
    made = write_settings(folder, http_port=8123)
    register(made)
    authority = Authority(folder / "ca", NOW)
    authority.issue_server("broker", ["127.0.0.1"])
    authority.issue_client("ingest")
    write_broker_files(folder / "broker", folder / "ca", 8883)
    return made


def register(settings: ServerSettings) -> Kiosk:
    upgrade(settings.database)
    kiosk = Kiosk()
    store = Store.open(settings.database)
    with store.write() as connection:
        sites.add_site(connection, kiosk.act(), kiosk.utc_ms)
    store.close()
    return kiosk


def backed_up(settings: ServerSettings, file: Path) -> Path:
    assert list(back_up(settings, file, NOW))
    return file


def restored(file: Path, folder: Path, now: datetime = NOW) -> ServerSettings:
    assert list(restore(file, folder, now))
    return load_settings(folder)


def site_names(settings: ServerSettings) -> list[str]:
    store = Store.open(settings.database)
    try:
        with store.read() as connection:
            return [site.code for site in sites.all_sites(connection)]
    finally:
        store.close()


def epoch_of(settings: ServerSettings) -> int:
    store = Store.open(settings.database)
    try:
        with store.read() as connection:
            return int(kept_settings.get(connection, "epoch") or 0)
    finally:
        store.close()


def leftovers(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name.startswith("."))


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


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("whole")
    return backed_up(small_server(folder / "server"), folder / "whole.tar.gz").read_bytes()


def assert_refused(raw: bytes, folder: Path, match: str = "damaged|no backup|does not hold|its list") -> None:
    file = folder / "spoilt.tar.gz"
    file.write_bytes(raw)
    with pytest.raises(ConfigError, match=match):
        restored(file, folder / "target")
    assert not (folder / "target").exists()
    assert leftovers(folder) == []


@pytest.mark.parametrize("share", [0, 1, 17, 50, 90, 99])
def test_a_backup_that_was_cut_short_is_refused(whole: bytes, tmp_path: Path, share: int) -> None:
    assert_refused(whole[: len(whole) * share // 100], tmp_path)


def contents_of(file: Path) -> dict[str, bytes]:
    with backup_file.opened(file) as (_, contents):
        return {name: b"".join(iter(lambda stream=stream: stream.read(1 << 16), b"")) for name, stream in contents}


def test_a_turned_bit_is_noticed_wherever_it_changes_anything(whole: bytes, tmp_path: Path) -> None:
    """Some bits of a compressed file mean nothing, such as which of two equal runs of zeros is copied."""
    file, refused, places = tmp_path / "spoilt.tar.gz", 0, range(1, len(whole), 61)
    file.write_bytes(whole)
    right = contents_of(file)
    for at in places:
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 0x10]) + whole[at + 1 :])
        try:
            assert contents_of(file) == right
        except ConfigError:
            refused += 1
    assert refused * 2 > len(places)


@pytest.mark.parametrize("raw", [b"", b"hello", gzip.compress(b"hello"), b"\x1f\x8b" + bytes(100)])
def test_another_file_is_refused(raw: bytes, tmp_path: Path) -> None:
    assert_refused(raw, tmp_path)


def packed(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return out.getvalue()


def unpacked(raw: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(raw), mode="r:gz") as tar:
        return {entry.name: tar.extractfile(entry).read() for entry in tar}  # type: ignore[union-attr]


@pytest.mark.parametrize("name", ["../outside", "/tmp/outside", "a/../../outside", ".", "a//b"])
def test_a_name_that_leads_out_of_the_folder_is_refused(whole: bytes, tmp_path: Path, name: str) -> None:
    members = unpacked(whole)
    listed = json.loads(members["manifest.json"])
    listed["members"][0]["name"] = name
    content = members.pop("kayasol.db")
    members["manifest.json"] = json.dumps(listed).encode()
    order = {"manifest.json": members.pop("manifest.json"), name: content, **members}
    assert_refused(packed(order), tmp_path)
    assert not (tmp_path / "outside").exists()


def test_a_member_that_was_exchanged_added_or_left_out_is_refused(whole: bytes, tmp_path: Path) -> None:
    members = unpacked(whole)
    exchanged = members | {"ca/ca.key": members["ca/broker.key"]}
    assert len(exchanged["ca/ca.key"]) == len(members["ca/ca.key"]), "of equal length, or the size alone tells"
    assert_refused(packed(exchanged), tmp_path)
    assert_refused(packed(members | {"more": b"x"}), tmp_path, match="more than its list")
    assert_refused(packed({name: each for name, each in members.items() if name != "ca/ca.key"}), tmp_path)


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
    if shutil.which("pg_dump") is None:
        pytest.skip("pg_dump is missing: install PostgreSQL's client programs")
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


def test_the_manifest_tells_what_is_in_the_file(settings: ServerSettings, tmp_path: Path) -> None:
    with backup_file.opened(backed_up(settings, tmp_path / "b.tar.gz")) as (manifest, contents):
        names = []
        for name, stream in contents:
            names.append(name)
            while stream.read(1 << 16):
                pass
    assert (manifest.database, manifest.made_utc, manifest.folder) == (
        "sqlite",
        "2026-11-23T04:00:00+00:00",
        str(settings.folder),
    )
    assert {"kayasol.db", "kayasol.toml", "ca/ca.key", "broker/acl"} <= set(names)
    assert not any("store" in name or name.endswith(("-wal", "-shm")) for name in names)
