"""A small server for tests of its backup: one site, keys, settings, the broker's files."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from kayasol.backup import back_up
from kayasol.broker_files import write_broker_files
from kayasol.ca import Authority
from kayasol.restore import restore
from kayasol.settings import ServerSettings, load_settings
from store import settings as kept_settings
from store import sites
from store.engine import Store
from store.migrate import upgrade
from tests.ingest.writer import Kiosk
from tests.kayasol.city import write_settings

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


def small_server(folder: Path) -> ServerSettings:
    made = write_settings(folder, http_port=8123)
    register(made)
    authority = Authority(folder / "ca", NOW)
    authority.issue_server("broker", ["127.0.0.1"])
    authority.issue_client("ingest")
    write_broker_files(folder / "broker", folder / "ca", 8883)
    return made


def register(settings: ServerSettings) -> Kiosk:
    """A kiosk that the server knows, in a database that now has its tables."""
    upgrade(settings.database)
    kiosk = Kiosk()
    register_kiosk(settings, kiosk)
    return kiosk


def register_kiosk(settings: ServerSettings, kiosk: Kiosk) -> None:
    """In a database that has its tables."""
    with closing(Store.open(settings.database)) as store, store.write() as connection:
        sites.add_site(connection, kiosk.act(), kiosk.utc_ms)


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
