"""Fixtures that every room's tests may use, and the list of missing servers at the end of a run."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.mosquitto import MosquittoServer
from tests.servers import missing_servers


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[MosquittoServer]:
    """A real broker of this test's own, empty, open to anybody on a loopback port."""
    with MosquittoServer(tmp_path / "mosquitto") as broker:
        yield broker


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    missing = missing_servers()
    if missing:
        terminalreporter.section("servers missing on this machine: the tests that need them did not run")
        for name, reason in missing.items():
            terminalreporter.line(f"{name}: {reason}")
