"""A village that has everything a board can draw: a simulated kiosk by the real path into InfluxDB, and a meter of all.

The kiosk lives some days with its real agent; its frames go through real ingest and office into a real InfluxDB. The
device `bench` of another site has every metric of the catalogue, written as ingest writes rows.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from starlette.testclient import TestClient

from api.app import create_app
from ingest.acknowledger import Policy
from ingest.counters import OUTCOMES
from ingest.handler import Handler
from ingest.keys import open_keys
from kayasol.demo.places import Places
from kayasol.settings import ServerSettings
from kiosk.metric import CATALOGUE, Metric
from kiosk.time import DAY_MS, day_start_ms
from office.loop import Office
from office.projection import Projection
from store import counters
from store.engine import Store
from store.readings.base import Series
from store.readings.figure_projection import FigureProjection
from store.readings.health_projection import EVERY_MS, HealthProjection
from store.readings.influxdb import InfluxReadings
from store.readings.influxdb_http import InfluxConnection, InfluxSettings
from store.readings.ledger_projection import LedgerProjection
from tests.end_to_end.village import Bridge, Server, found_village, new_life

SITE = "damane"
PROBE = "probe"
BENCH_SITE, BENCH, BENCH_BOOT = "louda", "bench", "be" * 8
"""The meter of everything stands at a site of its own, so that no figure of the lived one is made from it."""
START_MS = day_start_ms("2026-11-02")
DAYS = 9 if os.environ.get("KAYASOL_DOCS_PICTURES") == "1" else 2
"""Pictures to keep want more days than questions do."""
MINUTE_MS, HOUR_MS = 60_000, 3_600_000


class InfluxServerRooms(Server):
    """Ingest and office of a folder, with readings and copies in InfluxDB."""

    def __init__(self, places: Places, clock: Callable[[], int], connection: InfluxConnection) -> None:
        self.settings = ServerSettings(folder=places.server)
        self.store = Store.open(self.settings.database)
        self.influx = InfluxReadings(connection)
        keys = open_keys(places.server)
        self.handler = Handler(self.store, self.influx, keys, clock, policy=Policy(calm_ms=0))
        parts = LedgerProjection(connection), FigureProjection(connection), HealthProjection(connection)
        self.office = Office(self.store, self.influx, clock, Projection(self.store, *parts))


@dataclass(frozen=True)
class DrawnVillage:
    """What is asked, and the API beside it."""

    connection: InfluxConnection
    api: TestClient
    store: Store
    start_ms: int
    end_ms: int
    now_ms: int


def lived(root: Path, settings: InfluxSettings) -> DrawnVillage:
    """Some days of one kiosk, its link cut now and then, and the meter of everything."""
    logging.disable(logging.WARNING)
    connection = InfluxConnection(settings)
    places = found_village(root, START_MS)
    now = [START_MS]
    server = InfluxServerRooms(places, lambda: now[0], connection)
    bridge = Bridge(server)
    life = new_life(places, SITE, START_MS, 1, bridge)
    end_ms = START_MS + DAYS * DAY_MS + 10 * HOUR_MS
    while now[0] < end_ms or life.agent is None:
        now[0] += MINUTE_MS
        life.run(now[0], lambda _: None)
        if now[0] % (6 * EVERY_MS) == 0:
            server.office.turn()
    bridge.settle(life.agent, up=True)
    _measure_everything(server.influx)
    with server.store.write() as written:
        # A healthy life refuses nothing: here each outcome happened, each a different number of times.
        counters.add(written, {name: number for number, name in enumerate(OUTCOMES, start=1)})
    server.finish_days()
    now[0] += EVERY_MS
    server.finish_days()
    life.stop()
    app = create_app(store=server.store, readings=server.influx, clock=lambda: now[0], version="1.2.3")
    logging.disable(logging.NOTSET)
    client = TestClient(app, base_url="http://localhost")
    return DrawnVillage(connection, client, server.store, START_MS, START_MS + (DAYS + 1) * DAY_MS, now[0])


def _measure_everything(readings: InfluxReadings) -> None:
    """Every metric of the catalogue once in five minutes for half a day, each with a course of its own; and at the
    lived site what neither its controller nor a link without a network can tell."""
    times_ms = list(range(START_MS + DAY_MS, START_MS + DAY_MS + 12 * HOUR_MS, 5 * MINUTE_MS))
    metrics = enumerate(CATALOGUE.values(), start=1)
    readings.write(BENCH_SITE, BENCH_BOOT, [_course(BENCH, each, times_ms, step) for step, each in metrics])
    missing = ("battery_temperature_c", "charger_temperature_c", "link_latency_ms", "link_loss_percent")
    readings.write(SITE, BENCH_BOOT, [_course(PROBE, CATALOGUE[name], times_ms, 3) for name in missing])


def _course(device: str, metric: Metric, times_ms: list[int], step: int) -> Series:
    low = max(metric.low, 0)
    room = max(1, min(metric.high - low, 5_000))
    values = [low + (place * step + step) % room for place in range(len(times_ms))]
    return Series(device, metric.name, metric.decimals, times_ms, values)
