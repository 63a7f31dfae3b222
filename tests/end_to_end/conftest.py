"""A broker as the product configures it, with a server behind it and no kiosk yet."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.end_to_end.broker_village import quick_folder
from tests.end_to_end.broker_world import World


@pytest.fixture
def world() -> Iterator[World]:
    """The broker runs and keeps a session for ingest, which is not there yet."""
    with quick_folder("broker") as folder:
        made = World(folder)
        made.broker.start()
        try:
            with made.ingesting():
                pass
            yield made
        finally:
            made.close()
