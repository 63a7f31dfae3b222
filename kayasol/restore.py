"""`kayasol restore`: a server back from one file, into an empty folder, complete or not at all.

The epoch grows, so kiosks believe the older marks of this database and send again what it does not have: every record,
and the readings that they still keep.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path

from sqlalchemy import make_url

from ingest.acknowledger import begin_epoch
from kayasol import backup_file, postgresql_dump
from kayasol.backup import BROKER_FILES, DATABASE
from kayasol.backup_file import Manifest
from kayasol.settings import ServerSettings, load_settings
from kiosk.errors import ConfigError
from store import migrate
from store.engine import Store
from store.errors import VersionError

PIECE = 1 << 20


def restore(file: Path, folder: Path, now: datetime) -> Iterator[str]:
    """Bring `file` back into `folder`, told in lines. Raises ConfigError; `folder` is then as it was."""
    folder = folder.absolute()
    _require_empty(folder)
    if not file.is_file():
        raise ConfigError(f"{file}: no such file; name one that `kayasol backup` wrote")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=f".{folder.name}-restore-", dir=folder.parent))
    except OSError as error:
        raise ConfigError(f"{folder.parent}: {error.strerror}; name another folder with --folder") from error
    try:
        manifest = _unpack(file, staging)
        _point_broker_at(staging, manifest.folder, folder)
        epoch = _bring_database(manifest, staging, now)
        staging.rename(folder)
    except OSError as error:
        raise ConfigError(f"{error.filename or folder}: {error.strerror}; nothing was restored") from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    yield f"Restored into {folder}: the server as it was at {manifest.made_utc}, epoch {epoch}."
    yield "Kiosks send again what came after that, as soon as the broker and `kayasol serve` run."
    if load_settings(folder).readings == "influxdb":
        yield "Readings in InfluxDB are not in it: run `kayasol readings rebuild`, then `kayasol projection rebuild`."


def _require_empty(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigError(f"{folder} is not empty: name an empty folder with --folder, or move that one away")


def _unpack(file: Path, staging: Path) -> Manifest:
    """Every member into `staging`, compared with the list. Raises DamagedError."""
    with backup_file.opened(file) as (manifest, contents):
        for name, stream in contents:
            target = staging / name
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as out:
                while piece := stream.read(PIECE):
                    out.write(piece)
                out.flush()
                os.fsync(out.fileno())
    if DATABASE.get(manifest.database) not in {each.name for each in manifest.members}:
        raise backup_file.DamagedError(f"{file} holds no database; take another backup")
    return manifest


def _point_broker_at(staging: Path, before: str, folder: Path) -> None:
    """The broker's configuration names its files by absolute paths, so that it may be started from anywhere."""
    for name in BROKER_FILES:
        file = staging / name
        if file.exists():
            (file.parent / "store").mkdir(exist_ok=True)
            file.write_text(file.read_text(encoding="utf-8").replace(f"{before}/", f"{folder}/"), encoding="utf-8")


def _bring_database(manifest: Manifest, staging: Path, now: datetime) -> int:
    """Put the database where the settings want it and begin a new epoch, which is returned."""
    settings = load_settings(staging)
    engine = make_url(settings.database).get_backend_name()
    if engine != manifest.database:
        raise ConfigError(f"the backup is of {manifest.database}, but the settings name {engine}: correct database_url")
    member = staging / DATABASE[engine]
    if engine == "postgresql":
        _require_no_tables(settings)
        postgresql_dump.load(settings.database, member)
        member.unlink()
    elif (place := Path(make_url(settings.database).database or "")) != member.absolute():
        raise ConfigError(f"kayasol.toml or KAYASOL_DATABASE_URL puts SQLite into {place}: leave database_url out")
    try:
        migrate.upgrade(settings.database)
    except VersionError as error:
        raise ConfigError(f"a newer program ({manifest.program}) made this backup: {error}") from error
    with closing(Store.open(settings.database)) as store, store.write() as connection:
        return begin_epoch(connection, int(now.timestamp() * 1000))


def _require_no_tables(settings: ServerSettings) -> None:
    with closing(Store.open(settings.database)) as store, store.read() as connection:
        if migrate.revision(connection) is not None:
            raise ConfigError("the PostgreSQL database that the settings name is in use: create an empty one")
