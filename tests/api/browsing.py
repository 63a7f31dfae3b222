"""A real browser for the pages' tests, and every page by name. Chromium runs without its own network chatter."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

from tests.servers import require_server

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
    "tour": "/technique",
    "tour-en": "/en/technique",
    "technique-damane": "/sites/damane/technique?days=30",
    "technique-damane-en": "/en/sites/damane/technique",
    "technique-louda": "/sites/louda/technique?days=90",
    "lost": "/nulle-part",
}
WIDTHS = (320, 768, 1280)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, until the end of the block."""
    program = require_server("chromium")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield opened
        opened.close()
