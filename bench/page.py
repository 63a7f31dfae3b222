"""How long a page takes and how much of that is its own: the real application over loopback on a month by the minute.

`python -m bench.page` prints medians. Reading is what the page asks of the store and the office; all the rest (HTTP,
drawing, template, compression) is the page's own. Then Chromium opens the site's page over an emulated link of 2G.
"""

from __future__ import annotations

import gzip
import http.client
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser

from api.app import create_app
from api.deps import Rooms
from api.pages import site_facts, sites_page, technique_facts
from tests.api.browsing import chromium
from tests.api.serving import served
from tests.api.village import MINUTE_MS, Kiosk, Village, filled

BYTES_PER_S = 8_000
"""64 kbit/s, both ways."""
ROUND_TRIP_MS = 800
REQUESTS = 60
WARM_UP = 5


@dataclass(frozen=True, slots=True)
class Timing:
    """One page; milliseconds are medians."""

    path: str
    whole_ms: float
    """From the request to the last byte, over loopback, packed."""
    reading_ms: float
    """What the page reads, alone."""
    packed_bytes: int
    plain_bytes: int

    @property
    def own_ms(self) -> float:
        """What the page adds to its reading."""
        return self.whole_ms - self.reading_ms


def measure(village: Village, requests: int = REQUESTS) -> list[Timing]:
    """The list of sites and each kind of page of one site."""
    rooms = Rooms(village.store, village.readings, village.clock)
    code = next(iter(village.books))
    readers: dict[str, Callable[[], object]] = {
        "/": lambda: sites_page.gather(rooms),
        f"/sites/{code}": lambda: site_facts.gather(rooms, code),
        f"/en/sites/{code}": lambda: site_facts.gather(rooms, code),
        "/technique": lambda: sites_page.gather(rooms),
        f"/sites/{code}/technique": lambda: technique_facts.gather(rooms, code, 7),
        f"/sites/{code}/technique?days=30": lambda: technique_facts.gather(rooms, code, 30),
    }
    app = create_app(store=village.store, readings=village.readings, clock=village.clock)
    with served(app) as address:
        connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)
        timings = [_timing(connection, path, read, requests) for path, read in readers.items()]
        connection.close()
    return timings


def _timing(connection: http.client.HTTPConnection, path: str, read: Callable[[], object], requests: int) -> Timing:
    whole, reading, body = [], [], b""
    for number in range(WARM_UP + requests):
        began = time.perf_counter()
        connection.request("GET", path, headers={"Accept-Encoding": "gzip"})
        body = connection.getresponse().read()
        answered = time.perf_counter()
        read()
        if number >= WARM_UP:
            whole.append(answered - began)
            reading.append(time.perf_counter() - answered)
    medians = (statistics.median(whole) * 1000, statistics.median(reading) * 1000)
    return Timing(path, *medians, len(body), len(gzip.decompress(body)))


@dataclass(frozen=True, slots=True)
class SlowLoad:
    """A page opened over a slow link; seconds from the click."""

    path: str
    painted_s: float
    """First text on the screen."""
    figures_s: float
    """Today's income is on the screen."""
    loaded_s: float
    requests: int
    received_bytes: int


def over_slow_link(village: Village) -> list[SlowLoad]:
    """The site's page in both languages, plain HTTP, by Chromium with its network emulated; nothing in its cache."""
    code = next(iter(village.books))
    app = create_app(store=village.store, readings=village.readings, clock=village.clock)
    with served(app) as address, chromium() as browser:
        return [_slow_load(browser, address, path) for path in (f"/sites/{code}", f"/en/sites/{code}", "/")]


def _slow_load(browser: Browser, address: str, path: str) -> SlowLoad:
    context = browser.new_context(viewport={"width": 320, "height": 640})
    page = context.new_page()
    link = context.new_cdp_session(page)
    link.send("Network.enable")
    link.send(
        "Network.emulateNetworkConditions",
        {
            "offline": False,
            "latency": ROUND_TRIP_MS,
            "downloadThroughput": BYTES_PER_S,
            "uploadThroughput": BYTES_PER_S,
        },
    )
    sizes: list[int] = []
    link.on("Network.loadingFinished", lambda event: sizes.append(int(event["encodedDataLength"])))
    page.add_init_script(_WATCH)
    page.goto(address + path, wait_until="load")
    times = page.wait_for_function(_TIMES, timeout=30_000).json_value()
    context.close()
    return SlowLoad(path, times[0] / 1000, times[1] / 1000, times[2] / 1000, len(sizes), sum(sizes))


_WATCH = """
(function look() {
  const shown = document.querySelector('.money b, .money .big');
  if (shown && shown.getBoundingClientRect().height) { window.figuresAt = performance.now(); return; }
  requestAnimationFrame(look);
})()
"""
"""Notes in which frame the first amount stands on the page."""
_TIMES = """
() => {
  const painted = performance.getEntriesByName('first-contentful-paint')[0];
  const loaded = performance.getEntriesByType('navigation')[0].loadEventEnd;
  return painted && window.figuresAt && loaded ? [painted.startTime, window.figuresAt, loaded] : null;
}
"""


def main() -> None:
    """Fill a store, measure, print."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        village = filled(Path(folder), [Kiosk("damane", "École de Damané", days=35)], step_ms=MINUTE_MS)
        print(f"one site, 35 days of 8 values a minute, filled in {time.perf_counter() - began:.0f} s")
        for each in measure(village):
            print(
                f"{each.path:20} {each.whole_ms:6.1f} ms, of it reading {each.reading_ms:6.1f} ms,"
                f" own {each.own_ms:5.1f} ms; {each.packed_bytes} bytes packed, {each.plain_bytes} plain"
            )
        print(f"Chromium, emulated link of {BYTES_PER_S * 8 // 1000} kbit/s and {ROUND_TRIP_MS} ms, empty cache:")
        for slow in over_slow_link(village):
            print(
                f"{slow.path:20} first text {slow.painted_s:4.1f} s, first figures {slow.figures_s:4.1f} s,"
                f" all {slow.loaded_s:4.1f} s; {slow.requests} request, {slow.received_bytes} bytes"
            )
        village.close()


if __name__ == "__main__":
    main()
