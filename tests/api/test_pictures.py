"""The pages in a real browser: nothing sticks out on the narrowest phone, nothing fails, and pictures to look at.

Pictures go to build/pictures; KAYASOL_DOCS_PICTURES=1 copies the chosen ones to docs/pictures.
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Request

from tests.api.browsing import PATHS, WIDTHS
from tests.api.conftest import app_of
from tests.api.serving import served
from tests.api.village import Kiosk, Village

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "build" / "pictures"
Scheme = Literal["light", "dark"]
SCREENS: list[tuple[int, Scheme]] = [*((width, "light") for width in WIDTHS), (320, "dark"), (1280, "dark")]
CHOSEN: dict[str, tuple[str, int, int, Scheme]] = {
    "site-320": ("site-damane", 320, 1300, "light"),
    "site-1280": ("site-damane", 1280, 1180, "light"),
    "site-dark-320": ("site-damane", 320, 1300, "dark"),
    "sites-1280": ("sites", 1280, 1150, "light"),
    "technique-1280": ("technique-damane", 1280, 1000, "light"),
}
"""Name in docs/pictures -> page, width, height of the part that is kept, and colours."""
PICTURE_BYTES_MAX = 200_000
PAPER_PAGES_MAX = 1
CHARTS_PAGES_MAX = 2
"""The technician's page, with as many charts as the site has metrics."""
PAPER_KEPT = "site-damane"


@pytest.mark.parametrize(("width", "scheme"), SCREENS)
@pytest.mark.parametrize("name", PATHS)
def test_a_page_fits_its_screen_and_asks_for_nothing_else(
    browser: Browser, address: str, name: str, width: int, scheme: Scheme
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 720}, color_scheme=scheme)
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
    page.screenshot(path=PICTURES / f"{name}-{width}-{scheme}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(_STICKING_OUT) == []
    assert said == []
    # Only the technician's page of one site asks for more: its script, after it is shown.
    scripts = [url for url in asked[1:] if re.fullmatch(r"\S+/static/technique-[0-9a-f]{8}\.js", url)]
    assert asked == [address + PATHS[name], *scripts]
    assert len(scripts) == name.startswith("technique")
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


@pytest.mark.parametrize("name", [name for name in PATHS if name != "lost"])
def test_a_page_fits_on_paper(browser: Browser, address: str, name: str) -> None:
    page = browser.new_page(viewport={"width": 718, "height": 1000}, color_scheme="dark")
    page.goto(address + PATHS[name])
    paper = page.pdf(format="A4", prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", paper)) <= (
        CHARTS_PAGES_MAX if name.startswith("technique") else PAPER_PAGES_MAX
    )
    page.emulate_media(media="print")
    # Black on white, whatever the screen's colours are.
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("getComputedStyle(document.querySelector('h1')).color") == "rgb(0, 0, 0)"
    assert page.evaluate("document.documentElement.scrollWidth") <= 718
    assert address in page.inner_text("footer")
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"{name}-paper.png", full_page=True)
    page.close()
    if name == PAPER_KEPT:
        keep(PICTURES / f"{name}-paper.png", "site-paper")


@pytest.mark.parametrize("name", CHOSEN)
def test_a_chosen_picture_is_small_enough_to_keep(browser: Browser, address: str, name: str) -> None:
    path, width, tall, scheme = CHOSEN[name]
    page = browser.new_page(viewport={"width": width, "height": 720}, color_scheme=scheme, java_script_enabled=False)
    page.goto(address + PATHS[path])
    kept = PICTURES / f"kept-{name}.png"
    page.screenshot(path=kept, full_page=True, clip={"x": 0, "y": 0, "width": width, "height": tall})
    page.close()
    keep(kept, name)


def keep(picture: Path, name: str) -> None:
    """Small enough for the documentation, and there if that is asked for."""
    assert picture.stat().st_size < PICTURE_BYTES_MAX
    if os.environ.get("KAYASOL_DOCS_PICTURES") == "1":
        (ROOT / "docs" / "pictures").mkdir(parents=True, exist_ok=True)
        shutil.copyfile(picture, ROOT / "docs" / "pictures" / f"{name}.png")


_STICKING_OUT = """
[...document.querySelectorAll('svg text')].filter(text => {
  const own = text.getBoundingClientRect(), around = text.closest('svg').getBoundingClientRect();
  return own.left < around.left - 1 || own.right > around.right + 1
      || own.top < around.top - 1 || own.bottom > around.bottom + 1;
}).map(text => text.textContent)
"""
"""Labels that are cut off at the edge of their drawing."""
