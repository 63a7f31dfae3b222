"""How long a page takes and how much of that is its own: the real application over loopback on a month by the minute.

`python -m bench.page` prints medians. Reading is what the page asks of the store and the office; all the rest (HTTP,
drawing, template, compression) is the page's own.
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

from api.app import create_app
from api.deps import Rooms
from api.pages import site_facts, sites_page
from tests.api.serving import served
from tests.api.village import MINUTE_MS, Kiosk, Village, filled

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
        village.close()


if __name__ == "__main__":
    main()
