"""A site of the test's own in a folder of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.edge_agent.site import Site


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """Commissioned, not started; its database is closed at the end."""
    made = Site(tmp_path)
    yield made
    if made.is_alive:
        made.agent.abandon()
