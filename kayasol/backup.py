"""`kayasol backup`: database, keys and settings of a server in one file, while the server runs or not.

SQLite is copied by its own online backup, which is one instant and stops nobody; PostgreSQL by pg_dump. Readings in
InfluxDB are not in it: the blocks that they were written from are, and `kayasol readings rebuild` writes them again.
"""

from __future__ import annotations

import errno
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import make_url

from kayasol import __version__, backup_file, postgresql_dump
from kayasol.backup_file import Manifest
from kayasol.settings import ServerSettings
from kiosk.errors import ConfigError
from store import migrate
from store.engine import Store

DATABASE = {"sqlite": "kayasol.db", "postgresql": "kayasol.pgdump"}
"""Name of the database among the members."""
BROKER_FILES = ("broker/mosquitto.conf", "broker/acl")
FILES = ("kayasol.toml", "ingest_keys.json", "influxdb.token", *BROKER_FILES)
FOLDERS = ("ca",)
"""With the authority's key: who has the backup can make certificates and sign answers, so it is as secret as they."""
DATED = "kayasol-%Y%m%dT%H%M%SZ.tar.gz"
PATTERN = "kayasol-????????T??????Z.tar.gz"


def back_up_by_date(settings: ServerSettings, now: datetime) -> Iterator[str]:
    """Into `backup_folder` under the date; then the oldest beyond `backup_keep` go. Raises ConfigError."""
    folder = settings.backups
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"{folder}: {error.strerror}; set backup_folder to one that this user may write") from error
    yield from back_up(settings, folder / now.astimezone(UTC).strftime(DATED), now)
    for old in dated_backups(settings)[settings.backup_keep :]:
        old.unlink()
        yield f"Removed {old.name}: {settings.backup_keep} are kept (backup_keep)."


def dated_backups(settings: ServerSettings) -> list[Path]:
    """Backups that the server named itself, newest first."""
    return sorted(settings.backups.glob(PATTERN), reverse=True)


def back_up(settings: ServerSettings, target: Path, now: datetime) -> Iterator[str]:
    """Into one file that nobody else can read; told in lines. Raises ConfigError; leaves no half file."""
    if target.exists():
        raise ConfigError(f"{target} exists; a backup never overwrites: name another file")
    if not target.absolute().parent.is_dir():
        raise ConfigError(f"{target.parent}: no such folder; name a file in one that is there")
    engine = make_url(settings.database).get_backend_name()
    try:
        with tempfile.TemporaryDirectory(prefix=".kayasol-backup-", dir=target.absolute().parent) as scratch:
            copy = Path(scratch) / DATABASE[engine]
            if engine == "sqlite":
                _copy_sqlite(settings, copy)
            else:
                postgresql_dump.dump(settings.database, copy)
            members = [(DATABASE[engine], copy), *_files_of(settings)]
            manifest = Manifest(
                program=__version__,
                made_utc=now.astimezone(UTC).isoformat(timespec="seconds"),
                folder=str(settings.folder.absolute()),
                database=engine,
                schema=_schema_of(f"sqlite:///{copy.absolute()}" if engine == "sqlite" else settings.database),
                members=tuple(backup_file.member_of(name, path) for name, path in members),
            )
            backup_file.write(target, manifest, [path for _, path in members])
    except OSError as error:
        raise ConfigError(f"{error.filename or target}: {error.strerror}; name a file in another folder") from error
    size_mb = target.stat().st_size / 1e6
    yield f"Written and read back: {target}, {size_mb:.1f} MB, {len(manifest.members)} files. Keep it on another disk."
    if settings.readings == "influxdb":
        yield "Readings in InfluxDB are not in it; after a restore `kayasol readings rebuild` writes them again."


def _copy_sqlite(settings: ServerSettings, copy: Path) -> None:
    """A snapshot of one instant. A damaged database is no backup, so it is looked through."""
    source = Path(make_url(settings.database).database or "")
    if not source.exists():
        raise ConfigError(f"{source}: no database; is {settings.folder} the server's folder? (--folder)")
    needed = source.stat().st_size * 2
    free = shutil.disk_usage(copy.parent).free
    if free < needed:
        raise ConfigError(
            f"{copy.parent.parent}: {free // 1_000_000} MB free, the backup may need {needed // 1_000_000} MB;"
            " name a file on another disk"
        )
    try:
        # Read-only: it must never be the one that checkpoints beside a running server.
        with (
            closing(sqlite3.connect(f"file:{source.absolute()}?mode=ro", uri=True)) as running,
            closing(sqlite3.connect(copy)) as copied,
        ):
            copy.chmod(0o600)
            running.backup(copied)
            copied.execute("PRAGMA journal_mode=DELETE")
            (verdict,) = copied.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_FULL:
            raise OSError(errno.ENOSPC, "the disk is full; nothing was written", str(copy.parent.parent)) from error
        raise ConfigError(f"{source} cannot be copied: {error}; stop the server, keep a copy of its folder") from error
    if verdict != "ok":
        raise ConfigError(f"{source} is damaged ({verdict}): keep its folder, restore the last backup that was good")


def _schema_of(database: str) -> str:
    with closing(Store.open(database)) as store, store.read() as connection:
        return migrate.revision(connection) or ""


def _files_of(settings: ServerSettings) -> list[tuple[str, Path]]:
    """What is there of keys and settings, under its name in the folder."""
    found = [settings.folder / name for name in FILES]
    if settings.database_password_file is not None and not settings.database_password_file.is_absolute():
        found.append(settings.folder / settings.database_password_file)
    for name in FOLDERS:
        found += sorted(path for path in (settings.folder / name).glob("*") if not path.name.endswith(".partial"))
    return [(str(path.relative_to(settings.folder)), path) for path in found if path.is_file()]
