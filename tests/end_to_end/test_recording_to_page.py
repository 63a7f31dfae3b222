"""What a real charge controller once sent at night, played into a serial line, ends on the site's page and in the API.

The line is a pseudo-terminal, the agent the real program, the broker a real one over mutual TLS, and ingest, office and
pages those of the server. Only the server's clock is moved, to ten in the evening; the agent takes its time from there.
"""

from __future__ import annotations

import html
import json
import os
import re
import select
import threading
import time
import tty
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from api.app import create_app
from ingest.acknowledger import Policy
from ingest.handler import Handler
from ingest.keys import open_keys
from ingest.subscriber import Broker, Subscriber
from ingest.tls import TlsFiles
from kayasol.parts import run_office
from kiosk.time import DAY_MS
from office.loop import Office
from store.engine import Store
from store.readings.sql import SqlReadings
from tests.api.serving import served
from tests.edge_agent.recordings import recording
from tests.end_to_end.broker_village import PythonProcess, Village, quick_folder
from tests.end_to_end.far_clock import wait_for

SITE = "louda"
EVENING_MS = 22 * 3_600_000
LINE_BYTES_PER_S = 1_920
"""19200 baud."""
PIECE_S = 0.05
START_MS = time.time_ns() // 1_000_000
LATEST = f"/api/v1/sites/{SITE}/latest"


def evening_ms() -> int:
    """A clock that stood at ten in the evening when the tests began."""
    now_ms = time.time_ns() // 1_000_000
    return now_ms + START_MS // DAY_MS * DAY_MS + EVENING_MS - START_MS


@contextmanager
def played(raw: bytes) -> Iterator[str]:
    """The path of a serial line on which these bytes come again and again, as fast as the device spoke."""
    master, slave = os.openpty()
    tty.setraw(slave)
    ended = threading.Event()

    def play() -> None:
        at, piece = 0, round(LINE_BYTES_PER_S * PIECE_S)
        while not ended.wait(PIECE_S):
            readable, writable, _ = select.select([master], [master], [], 0)
            if readable:
                os.read(master, 4096)
            if writable:
                at += os.write(master, raw[at : at + piece])
                at %= len(raw)

    player = threading.Thread(target=play, name="recording")
    player.start()
    try:
        yield os.ttyname(slave)
    finally:
        ended.set()
        player.join()
        os.close(master)
        os.close(slave)


@contextmanager
def serving(village: Village) -> Iterator[str]:
    """Ingest, office and pages under the evening clock; the address of the pages."""
    ca = village.settings.folder / "ca"
    files = TlsFiles(ca / "ca.pem", ca / "ingest.pem", ca / "ingest.key")
    broker = Broker(host=village.broker.host, port=village.broker.port, tls=files)
    store = Store.open(village.settings.database)
    readings = SqlReadings(store)
    handler = Handler(
        store, readings, open_keys(village.settings.folder), evening_ms, policy=Policy(calm_ms=0, live_s=600)
    )
    office = Office(store, readings, evening_ms)
    stop = threading.Event()
    parts = [
        threading.Thread(target=Subscriber(broker, handler).run, args=(stop,), name="ingest"),
        threading.Thread(target=run_office, args=(office, stop), name="office"),
    ]
    for part in parts:
        part.start()
    try:
        with served(create_app(store=store, readings=readings, clock=evening_ms)) as address:
            yield address
    finally:
        stop.set()
        for part in parts:
            part.join()
        store.close()


@pytest.fixture(scope="module")
def pages() -> Iterator[str]:
    """The server's address, once it has readings of the recording and figures of today."""
    raw = recording("vedirect-smartsolar-100-20.dump")
    with quick_folder("recording") as root:
        village = Village(root, [SITE], START_MS)
        with played(raw) as line, village.broker as broker, serving(village) as address:
            village.agent_config(SITE, broker.port)
            place_on_line(village.places.agent_toml(SITE), village.places.line(SITE, "mppt"), line)
            words = ["tests.end_to_end.kiosk_computer", "run", "-c", str(village.places.agent_toml(SITE))]
            with PythonProcess(f"edge-{SITE}", village.places.logs, words) as kiosk:
                wait_for(lambda: "battery_voltage_v" in values(address), kiosk.log_text)
                wait_for(lambda: has_figures(address), lambda: "figures of today")
                yield address


def place_on_line(config: Path, named: Path, line: str) -> None:
    """The site's charge controller hangs on this line and is read each second; nothing is kept back."""
    text = config.read_text(encoding="utf-8").replace(str(named.absolute()), line)
    text = text.replace("sample_s = 60", "sample_s = 1").replace("chunk_rows = 15", "chunk_rows = 1")
    assert text.count(line) == text.count("sample_s = 1\n") == text.count("chunk_rows = 1\n") == 1
    config.write_text(text, encoding="utf-8")


def get(address: str) -> str:
    with urllib.request.urlopen(address, timeout=10) as answer:
        return str(answer.read().decode("utf-8"))


def values(address: str) -> dict[str, dict[str, Any]]:
    said = json.loads(get(address + LATEST))["values"]
    return {value["metric"]: value for value in said if value["device"] == "mppt"}


def has_figures(address: str) -> bool:
    return bool(json.loads(get(f"{address}/api/v1/sites/{SITE}/days"))["days"])


def test_the_api_has_the_values_of_the_recording(pages: str) -> None:
    said = values(pages)
    assert {name: said[name]["value"] for name in ("battery_voltage_v", "pv_power_w", "pv_voltage_v")} == {
        "battery_voltage_v": pytest.approx(12.81, abs=0.02),
        "pv_power_w": 0,
        "pv_voltage_v": pytest.approx(0.01, abs=0.01),
    }
    assert said["charger_state"]["value"] == 0
    assert said["battery_voltage_v"]["age_s"] < 60


def test_their_instants_are_those_of_the_server_because_the_kiosk_had_no_clock(pages: str) -> None:
    assert abs(values(pages)["battery_voltage_v"]["time_ms"] - evening_ms()) < 60_000


def test_the_page_shows_the_battery_and_says_that_it_is_night(pages: str) -> None:
    shown = " ".join(re.sub(r"<[^>]+>", " ", html.unescape(get(f"{pages}/sites/{SITE}"))).split())
    assert "12,8 V" in shown
    assert "Il fait nuit." in shown
    assert "It is night." in html.unescape(get(f"{pages}/en/sites/{SITE}"))
