"""What every board's questions return, drawn by us and photographed: pictures to look at, not Grafana's own.

They go to build/pictures; KAYASOL_DOCS_PICTURES=1 lives nine days and renews docs/pictures/boards-*.png.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from dashboards.build import Board, boards
from tests.api.browsing import chromium
from tests.dashboards.picture import CELL_PX, page_of
from tests.dashboards.village import DrawnVillage

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "build" / "pictures"
PICTURE_BYTES_MAX = 150_000
FRENCH = [board for board in boards() if board.language == "fr"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.mark.parametrize("board", FRENCH, ids=[board.name for board in FRENCH])
def test_every_panel_of_a_board_has_something_to_draw(browser: Browser, village: DrawnVillage, board: Board) -> None:
    page = browser.new_page(viewport={"width": 24 * CELL_PX + 24, "height": 900}, java_script_enabled=False)
    page.set_content(page_of(board, village))
    drawn = page.locator("section").filter(has=page.locator("svg, .big, table, p"))
    asked = [panel for panel in board.model["panels"] if panel["type"] != "row"]
    assert drawn.count() == len(asked)
    PICTURES.mkdir(parents=True, exist_ok=True)
    kept = PICTURES / f"boards-{board.name}.png"
    tall = 1_600 if board.name == "device" else 1_300
    page.screenshot(path=kept, full_page=True, clip={"x": 0, "y": 0, "width": 24 * CELL_PX + 24, "height": tall})
    page.close()
    assert kept.stat().st_size < PICTURE_BYTES_MAX
    if os.environ.get("KAYASOL_DOCS_PICTURES") == "1":
        shutil.copyfile(kept, ROOT / "docs" / "pictures" / kept.name)
