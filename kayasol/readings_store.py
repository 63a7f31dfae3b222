"""Opens the readings store that the settings name, with the ledger's copy where there is one; sets InfluxDB up."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from kayasol.secret_files import read_secret, write_secret
from kayasol.settings import ServerSettings
from kiosk.errors import ConfigError
from office.projection import Projection
from store.engine import Store
from store.errors import RetryLater
from store.readings.base import ReadingsStore
from store.readings.figure_projection import FigureProjection
from store.readings.health_projection import HealthProjection
from store.readings.influxdb import InfluxReadings
from store.readings.influxdb_http import InfluxConnection, InfluxSettings
from store.readings.influxdb_setup import set_up
from store.readings.ledger_projection import LedgerProjection
from store.readings.sql import SqlReadings

log = logging.getLogger("kayasol")


@dataclass(frozen=True, slots=True)
class Opened:
    """A readings store, ready for work."""

    readings: ReadingsStore
    projection: Projection | None
    """Of the ledger; None where readings are in the ledger's own database."""


@contextmanager
def open_readings(settings: ServerSettings, store: Store) -> Iterator[Opened]:
    """The readings store beside `store`. A server that is away now is no reason not to start: callers try again.

    Raises ConfigError for the token's file, RepairFirst for a server that cannot be used as it is.
    """
    if settings.readings == "sqlite":
        yield Opened(SqlReadings(store), None)
        return
    with _connected(settings) as connection:
        readings = InfluxReadings(connection)
        try:
            readings.check()
        except RetryLater as error:
            log.warning("%s", error)
        yield Opened(readings, _projection(store, connection))


@contextmanager
def open_projection(settings: ServerSettings) -> Iterator[Projection]:
    """The ledger's copy and the book beside it. Raises ConfigError where readings are not kept in InfluxDB."""
    if settings.readings != "influxdb":
        raise ConfigError(
            f"readings are kept beside the ledger, so there is no copy of it: `readings` is `{settings.readings}`"
        )
    with closing(Store.open(settings.database)) as store, _connected(settings) as connection:
        yield _projection(store, connection)


def set_up_influxdb(settings: ServerSettings, *, password: str = "", operator_token: str = "") -> str:
    """Make organisation, bucket and token where they are missing; the token goes to its file.

    Gives the operator's token where the server was new, else "". Raises ConfigError, RetryLater or RepairFirst.
    """
    path = settings.influxdb_token
    known = read_token(path) if path.exists() else ""
    done = set_up(_influxdb(settings, known), operator_token=operator_token, password=password)
    if done.settings.token != known:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_secret(path, f"{done.settings.token}\n".encode())
    return done.operator_token


def _connected(settings: ServerSettings) -> closing[InfluxConnection]:
    return closing(InfluxConnection(_influxdb(settings, read_token(settings.influxdb_token))))


def _projection(store: Store, connection: InfluxConnection) -> Projection:
    return Projection(store, LedgerProjection(connection), FigureProjection(connection), HealthProjection(connection))


def _influxdb(settings: ServerSettings, token: str) -> InfluxSettings:
    return InfluxSettings(settings.influxdb_url, settings.influxdb_org, settings.influxdb_bucket, token)


def read_token(path: Path) -> str:
    """The token in a file that only its owner can read. Raises ConfigError that says what to do."""
    return read_secret(path, "it holds no token of InfluxDB; `kayasol influxdb` makes a token and this file")
