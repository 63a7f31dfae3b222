"""How a server is, for a volunteer and for a container's health check: lines that end with what to do.

Looks only: opens the database to read, knocks at the broker, asks the pages. Judges no money.
"""

from __future__ import annotations

import http.client
import json
import shutil
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import make_url

from ingest.tls import tls_context
from kayasol.backup import dated_backups
from kayasol.parts import tls_of
from kayasol.settings import ServerSettings, is_loopback
from kayasol.watch import ill, require_part
from kiosk.errors import ConfigError
from office.silence import is_silent
from store import days, letters, migrate, sites, status
from store.engine import Store
from store.errors import StoreError

PARTS = ("ingest", "office", "api", "simulation")
ANSWER_S = 5.0
BACKUP_AGE_MAX_H = 48
DISK_FREE_MIN_PERCENT = 10
DISK_FREE_MIN_BYTES = 500_000_000
DIRTY_DAYS_MAX = 1_000


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was looked at."""

    what: str
    told: str
    bad: bool = False

    def __str__(self) -> str:
        return f"{'LOOK' if self.bad else 'ok':<5}{self.what:<10}{self.told}"


def part_faults(settings: ServerSettings, part: str) -> list[str]:
    """What is wrong with one part of this computer; empty: nothing. Raises ConfigError for a part that is none."""
    require_part(part, PARTS)
    if part != "api":
        return ill(settings.alive, part)
    fault = _pages_fault(settings)
    return [fault] if fault else []


def server_lines(settings: ServerSettings, now: datetime) -> list[Line]:
    """Everything a person asks of a server, in the order in which it matters."""
    now_ms = int(now.timestamp() * 1000)
    return [
        *_database_lines(settings, now_ms),
        _backup_line(settings, now),
        _broker_line(settings),
        _pages_line(settings),
        _disk_line(settings.folder),
    ]


def _database_lines(settings: ServerSettings, now_ms: int) -> Iterator[Line]:
    url = make_url(settings.database)
    file = Path(url.database or "") if url.get_backend_name() == "sqlite" else None
    if file is not None and not file.exists():
        yield Line("database", f"{file} is missing: is {settings.folder} the server's folder? (--folder)", bad=True)
        return
    store = Store.open(settings.database)
    try:
        with store.read() as connection:
            migrate.check(connection)
            names = [site.code for site in sites.all_sites(connection)]
            heard = {each.site: each for each in status.all_statuses(connection)}
            waiting = len(days.dirty_days(connection, DIRTY_DAYS_MAX))
            dead = letters.count(connection)
    except (StoreError, ConfigError) as error:
        yield Line("database", str(error), bad=True)
        return
    finally:
        store.close()
    size = "PostgreSQL" if file is None else f"{file}, {file.stat().st_size / 1e6:.1f} MB"
    yield Line("database", f"{size}, {len(names)} sites, {waiting} days wait for figures, {dead} dead letters")
    yield from _site_lines(names, heard, now_ms)


def _site_lines(names: list[str], heard: dict[str, status.SiteStatus], now_ms: int) -> Iterator[Line]:
    if not names:
        yield Line("sites", "none yet: `kayasol site add` registers one", bad=True)
        return
    silent: list[str] = []
    for name in names:
        known = heard.get(name)
        if known is None or known.arrival_ms is None:
            silent.append(f"{name} (never heard)")
            continue
        if is_silent(known, now_ms):
            silent.append(f"{name} ({_ago(now_ms - known.arrival_ms)})")
    told = f"{len(silent)} of {len(names)} silent: {', '.join(silent)}" if silent else f"all {len(names)} are heard"
    yield Line("sites", told, bad=bool(silent))


def _backup_line(settings: ServerSettings, now: datetime) -> Line:
    found = dated_backups(settings)
    if not found:
        return Line("backup", f"none in {settings.backups}: run `kayasol backup`, and see to it every night", bad=True)
    newest = found[0]
    age_ms = int((now.timestamp() - newest.stat().st_mtime) * 1000)
    told = f"{newest.name}, {_ago(age_ms)}, {newest.stat().st_size / 1e6:.1f} MB, {len(found)} kept"
    if age_ms > BACKUP_AGE_MAX_H * 3_600_000:
        return Line("backup", f"{told}: the nightly one has stopped, look at kayasol-backup.timer", bad=True)
    return Line("backup", f"{told}; back by: kayasol restore {newest} --folder EMPTY_FOLDER")


def _broker_line(settings: ServerSettings) -> Line:
    where = f"{settings.broker_host}:{settings.broker_port}"
    try:
        tls = tls_of(settings)
        with socket.create_connection((settings.broker_host, settings.broker_port), ANSWER_S) as plain:
            if tls is not None:
                with tls_context(tls).wrap_socket(plain, server_hostname=settings.broker_host) as line:
                    return Line("broker", f"{where} answers, {line.version()}")
    except ConfigError as error:
        return Line("broker", str(error), bad=True)
    except ssl.SSLError as error:
        return Line("broker", f"{where}: {error.reason}; run `kayasol broker` and start it again", bad=True)
    except OSError as error:
        return Line("broker", f"{where}: {error.strerror or error}; start Mosquitto", bad=True)
    return Line("broker", f"{where} answers, without TLS")


def _pages_line(settings: ServerSettings) -> Line:
    fault = _pages_fault(settings)
    return Line("pages", fault or f"port {settings.http_port} answers", bad=bool(fault))


def _pages_fault(settings: ServerSettings) -> str:
    """What the pages say of themselves, if it is not that they are well."""
    host = settings.http_host if is_loopback(settings.http_host) else "127.0.0.1"
    asked = http.client.HTTPConnection(host, settings.http_port, timeout=ANSWER_S)
    try:
        asked.request("GET", "/api/v1/health")
        answer = asked.getresponse()
        told = json.loads(answer.read(1 << 16))
        return "" if answer.status == 200 else str(told.get("database") or told.get("status"))
    except (OSError, http.client.HTTPException) as error:
        return f"port {settings.http_port} does not answer ({error}); start `kayasol serve`"
    except (ValueError, AttributeError):
        return f"something else listens on port {settings.http_port}"
    finally:
        asked.close()


def _disk_line(folder: Path) -> Line:
    while not folder.exists():
        folder = folder.parent
    usage = shutil.disk_usage(folder)
    percent = usage.free * 100 // usage.total
    told = f"{usage.free / 1e9:.1f} GB free ({percent} %)"
    short = usage.free < DISK_FREE_MIN_BYTES or percent < DISK_FREE_MIN_PERCENT
    return Line("disk", f"{told}: make room, or the kiosks will have to keep everything" if short else told, bad=short)


def _ago(age_ms: int) -> str:
    minutes = max(0, age_ms) // 60_000
    if minutes < 120:
        return f"{minutes} min ago"
    hours = minutes // 60
    return f"{hours} h ago" if hours < 48 else f"{hours // 24} days ago"
