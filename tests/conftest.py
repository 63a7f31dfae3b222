"""Fixtures that every room's tests may use, and the list of missing servers at the end of a run."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.influxdb import InfluxServer
from tests.mosquitto import MosquittoServer
from tests.postgresql import PostgresServer
from tests.servers import missing_servers


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[MosquittoServer]:
    """A real broker of this test's own, empty, open to anybody on a loopback port."""
    with MosquittoServer(tmp_path / "mosquitto") as broker:
        yield broker


@pytest.fixture(scope="session")
def influx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxServer]:
    """A real InfluxDB that the tests of this run share, each with a bucket of its own."""
    with InfluxServer(tmp_path_factory.mktemp("influxdb")) as server:
        yield server


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A real PostgreSQL that the tests of this run share, each with a database of its own (tests/databases.py)."""
    with PostgresServer() as server:
        yield server


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    missing = missing_servers()
    if missing:
        terminalreporter.section("servers missing on this machine: the tests that need them did not run")
        for name, reason in missing.items():
            terminalreporter.line(f"{name}: {reason}")
