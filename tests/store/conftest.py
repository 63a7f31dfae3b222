"""A real SQLite file a test, made by the migrations."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from store.engine import Store
from store.migrate import upgrade


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'kayasol.db'}"


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    upgrade(url)
    opened = Store.open(url)
    yield opened
    opened.close()
