"""A village that lives once for all tests that only read, and an empty one for each test that asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from playwright.sync_api import Browser
from starlette.testclient import TestClient

from api.app import create_app
from tests.api.browsing import chromium
from tests.api.serving import served
from tests.api.village import Village, filled


def app_of(village: Village) -> FastAPI:
    return create_app(store=village.store, readings=village.readings, clock=village.clock, version="1.2.3")


def client_of(village: Village) -> TestClient:
    """A client to whom an error inside is what a stranger would see of it."""
    return TestClient(app_of(village), base_url="http://localhost", raise_server_exceptions=False)


@pytest.fixture(scope="session")
def village(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Village]:
    """Three kiosks with two months behind them; for reading only."""
    opened = filled(tmp_path_factory.mktemp("village"))
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def client(village: Village) -> TestClient:
    return client_of(village)


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Village]:
    """No kiosk yet."""
    opened = Village.founded(tmp_path)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def address(village: Village) -> Iterator[str]:
    """Of a real server that answers for the village."""
    with served(app_of(village)) as url:
        yield url


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened
