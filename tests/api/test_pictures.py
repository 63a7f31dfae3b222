"""The pages in a real browser: nothing sticks out on the narrowest phone, nothing fails, and pictures to look at.

Pictures go to build/pictures; KAYASOL_DOCS_PICTURES=1 copies the two chosen ones to docs/pictures.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Request, sync_playwright

from tests.api.conftest import app_of
from tests.api.serving import served
from tests.api.village import Kiosk, Village
from tests.servers import require_server

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "build" / "pictures"
CHOSEN = {"site-damane-320": "kept-site-320.png", "sites-1280": "kept-sites-1280.png"}
PICTURE_BYTES_MAX = 150_000
KEPT_TALL = 1300

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-dev-shm-usage",
    "--disable-lcd-text",
]
PATHS = {
    "sites": "/",
    "sites-en": "/en",
    "site-damane": "/sites/damane",
    "site-damane-en": "/en/sites/damane",
    "site-louda": "/sites/louda",
    "site-tangasgo": "/sites/tangasgo",
    "lost": "/nulle-part",
}
WIDTHS = (320, 768, 1280)


@pytest.fixture(scope="module")
def address(village: Village) -> Iterator[str]:
    with served(app_of(village)) as url:
        yield url


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = require_server("chromium")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield opened
        opened.close()


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", PATHS)
def test_a_page_fits_its_screen_and_asks_for_nothing_else(
    browser: Browser, address: str, name: str, width: int
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 720})
    said: list[str] = []
    asked: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        # The browser reports the status of the lost page itself.
        if message.type in {"error", "warning"} and not (name == "lost" and "404" in message.text):
            said.append(message.text)

    def count(request: Request) -> None:
        if not request.url.startswith("data:"):
            asked.append(request.url)

    page.on("console", hear)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", count)
    page.goto(address + PATHS[name])
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"{name}-{width}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(_STICKING_OUT) == []
    assert said == []
    assert asked == [address + PATHS[name]]
    page.close()


def test_long_names_break_and_do_not_widen_the_page(browser: Browser, empty: Village) -> None:
    empty.register(Kiosk("long", "École" + "primairepublique" * 8, commune="B" * 90))
    with served(app_of(empty)) as url:
        page = browser.new_page(viewport={"width": 320, "height": 720})
        for path in ("/", "/sites/long"):
            page.goto(url + path)
            assert page.evaluate("document.documentElement.scrollWidth") <= 320
        page.close()


def test_links_are_large_enough_for_a_thumb(browser: Browser, address: str) -> None:
    page = browser.new_page(viewport={"width": 320, "height": 720})
    for path in ("/", "/sites/damane"):
        page.goto(address + path)
        heights = page.evaluate("[...document.querySelectorAll('a')].map(a => a.getBoundingClientRect().height)")
        assert min(heights) >= 32
    page.close()


def test_the_chosen_pictures_are_small_enough_to_keep(browser: Browser, address: str) -> None:
    for name, kept in CHOSEN.items():
        stem, _, width = name.rpartition("-")
        page = browser.new_page(viewport={"width": int(width), "height": 720})
        page.goto(address + PATHS[stem])
        tall = min(page.evaluate("document.documentElement.scrollHeight"), KEPT_TALL)
        page.screenshot(
            path=PICTURES / kept, full_page=True, clip={"x": 0, "y": 0, "width": int(width), "height": tall}
        )
        page.close()
        assert (PICTURES / kept).stat().st_size < PICTURE_BYTES_MAX
        if os.environ.get("KAYASOL_DOCS_PICTURES") == "1":
            (ROOT / "docs" / "pictures").mkdir(parents=True, exist_ok=True)
            shutil.copyfile(PICTURES / kept, ROOT / "docs" / "pictures" / kept.removeprefix("kept-"))


_STICKING_OUT = """
[...document.querySelectorAll('svg text')].filter(text => {
  const own = text.getBoundingClientRect(), around = text.closest('svg').getBoundingClientRect();
  return own.left < around.left - 1 || own.right > around.right + 1
      || own.top < around.top - 1 || own.bottom > around.bottom + 1;
}).map(text => text.textContent)
"""
"""Labels that are cut off at the edge of their drawing."""
