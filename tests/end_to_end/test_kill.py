"""A month's backlog drains through real processes while they are killed fifty times: every franc and row arrives once.

The village size: one server process with SQLite. How a run is replayed or made shorter: kill_run.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end import kill_books
from tests.end_to_end.broker_village import Village, quick_folder
from tests.end_to_end.kill_run import CODES, Draw, assert_books_agree, assert_it_was_a_storm, stormed

pytestmark = [pytest.mark.serial, pytest.mark.slow]


@pytest.fixture
def root() -> Iterator[Path]:
    with quick_folder("kill") as folder:
        yield folder


def test_the_books_agree_after_fifty_kills_in_the_drain(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    draw = Draw.make()
    village = Village(root, CODES, draw.from_ms)
    with stormed(village, draw, {}, capsys) as settled:
        for code, till in settled.tills.items():
            assert_books_agree(village.places, code, settled.store, till, village.pages_port)
            _, head = kill_books.rows_at_edge(village.places.state(code))
            assert kill_books.rows_at_server(settled.store, code) == head
        assert_it_was_a_storm(settled.storm)
