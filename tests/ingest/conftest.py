"""A server in a folder: real SQLite, real keys, a clock that stands where a test puts it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ingest.server import Server
from tests.ingest.writer import Kiosk


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    made = Server(tmp_path)
    yield made
    made.close()


@pytest.fixture
def kiosk(server: Server) -> Kiosk:
    """Known to the server; nothing sent yet."""
    return server.register(Kiosk())
