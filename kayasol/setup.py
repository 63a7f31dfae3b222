"""`kayasol setup`: all that must be there before ingest, office and pages start, in one call that may be repeated.

What works is left as it is; what is missing is made. Waits for databases that are still starting.
"""

from __future__ import annotations

import logging
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509

from ingest.keys import open_keys
from kayasol.broker_files import write_broker_files
from kayasol.ca import Authority
from kayasol.parts import begin_log
from kayasol.readings_store import set_up_influxdb
from kayasol.secret_files import read_secret, write_secret
from kayasol.settings import ServerSettings
from kiosk.errors import ConfigError
from store.errors import RetryLater
from store.migrate import upgrade

PATIENCE_S = 300.0
RETRY_S = 2.0
_REMEDY = "run `kayasol secrets make` first"

log = logging.getLogger("kayasol")


@dataclass(frozen=True, slots=True)
class InfluxSecrets:
    """Files for InfluxDB's first user; None where it has one already."""

    password: Path | None
    operator_token: Path | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """How the broker is reached and where its files go."""

    hosts: Sequence[str]
    port: int
    broker_folder: Path | None
    """None: in the server's folder, where the authority's files are used as they lie."""
    influx: InfluxSecrets


def set_up(settings: ServerSettings, wanted: Wanted, now: datetime) -> Iterator[str]:
    """Do it, a line each step. Raises ConfigError, RepairFirst; RetryLater once patience is over."""
    begin_log()
    _patiently(lambda: upgrade(settings.database))
    yield "The database is up to date."
    if settings.readings == "influxdb":
        files = (wanted.influx.password, wanted.influx.operator_token)
        password, token = (read_secret(file, _REMEDY) if file else "" for file in files)
        _patiently(lambda: set_up_influxdb(settings, password=password, operator_token=token))
        yield f"Bucket {settings.influxdb_bucket} can be used."
    open_keys(settings.folder)
    hosts = list(wanted.hosts) or ["localhost", "127.0.0.1"]
    yield _certificates(settings.folder / "ca", hosts, now)
    yield f"The broker's configuration: {_broker_files(settings.folder, wanted)}"


def _patiently(step: Callable[[], object]) -> None:
    give_up_s = time.monotonic() + PATIENCE_S
    told = False
    while True:
        try:
            step()
        except RetryLater as error:
            if time.monotonic() > give_up_s:
                raise
            if not told:
                log.warning("waiting: %s", error)
            told = True
            threading.Event().wait(RETRY_S)
        else:
            return


def _certificates(ca: Path, hosts: Sequence[str], now: datetime) -> str:
    """A running broker keeps its certificate while the names in it are those that are wanted."""
    authority = Authority(ca, now)
    if not (ca / "ingest.key").exists():
        authority.issue_client("ingest")
    if (ca / "broker.key").exists() and _names_in(ca / "broker.pem") == sorted(hosts):
        return "The broker's certificate is left as it is."
    authority.issue_server("broker", list(hosts))
    return f"The broker has a certificate for {', '.join(hosts)}."


def _names_in(certificate: Path) -> list[str]:
    try:
        loaded = x509.load_pem_x509_certificate(certificate.read_bytes())
        names = loaded.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (OSError, ValueError, x509.ExtensionNotFound):
        return []
    return sorted(str(name.value) for name in names)


def _broker_files(folder: Path, wanted: Wanted) -> Path:
    place = wanted.broker_folder
    if place is None:
        return write_broker_files(folder / "broker", folder / "ca", wanted.port)
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in ("ca.pem", "crl.pem", "broker.pem"):
            shutil.copyfile(folder / "ca" / name, place / name)
        write_secret(place / "broker.key", (folder / "ca" / "broker.key").read_bytes())
    except OSError as error:
        raise ConfigError(f"{error.filename or place}: {error.strerror}; give this user {place}") from error
    return write_broker_files(place, place, wanted.port)
