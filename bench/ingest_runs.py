"""Single runs of the ingest bench: a load through one path, timed until all of it is durable, then counted."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from influxdb_client.client.influxdb_client import InfluxDBClient

from bench.corpus import MINUTE_MS, START_UTC_MS
from bench.ingest_flow import Publisher, packets
from bench.ingest_load import KEYS, Load
from bench.ingest_peers import OurWorker, Telegraf, Variant, cpu_s
from ingest.keys import save_keys
from ingest.rows import EARLY_ROWS
from kiosk.wire import topics
from store import sites
from store.engine import Store
from store.migrate import upgrade
from store.readings.influxdb_http import InfluxConnection, InfluxSettings
from tests.influxdb import InfluxServer
from tests.mosquitto import MosquittoServer
from tests.postgresql import PostgresServer

LIMIT_S = 120.0
"""A run that takes longer is given up."""
LOOK_S = 0.05
AGAIN_S = 5.0
BROKER = ("max_queued_messages 0", "max_inflight_messages 4096", "log_dest none")
"""For each consumer alike: by default Mosquitto lets 20 messages wait for their PUBACK."""


@dataclass(frozen=True, slots=True)
class Run:
    """One timed run."""

    rate: float
    """Site-minutes a second until all were durable."""
    cpu_us: dict[str, float]
    """Microseconds of processor a site-minute, by process."""


@dataclass
class Place:
    """Servers that outlive a run, and a folder."""

    folder: Path
    influx: InfluxServer
    postgres: PostgresServer
    telegraf: Path | None
    compiled: Path | None
    """The compiled copy that ours runs on; None where none can be made."""
    python: Path
    """What runs it."""
    _numbers: count[int] = field(default_factory=count)

    def new_folder(self) -> Path:
        made = self.folder / f"run-{next(self._numbers)}"
        made.mkdir()
        return made


def raw(place: Place, load: Load, connections: int) -> Run:
    """Ready lines straight into InfluxDB, in requests as large as our ingest's."""
    with _bucket(place) as bucket:
        _write_all(bucket, [load.first_lines], 1)
        requests = load.lines(EARLY_ROWS)
        timer = _Timer(load.shape.site_minutes, {"InfluxDB": [place.influx.pid]})
        _write_all(bucket, requests, connections)
        timer.done()
        _check(bucket, len(load.kiosks) + load.shape.site_minutes, '"battery_voltage_v:2"')
    return timer.run()


def ours(place: Place, load: Load, variant: Variant) -> Run:
    """Frames through Mosquitto and our workers: done when the rows are committed in SQL, which is after InfluxDB."""
    folder = place.new_folder()
    with ExitStack() as stack:
        bucket = stack.enter_context(_bucket(place))
        broker = stack.enter_context(MosquittoServer(folder / "mosquitto", extra=BROKER))
        url = _database(place, variant, folder)
        save_keys(folder, KEYS)
        store = Store.open(url)
        stack.callback(store.close)
        with store.write() as connection:
            for kiosk in load.kiosks:
                sites.add_site(connection, kiosk.act(), START_UTC_MS)
        workers = [
            stack.enter_context(
                OurWorker(
                    folder / f"worker-{number}",
                    {
                        "settings": _settings(folder, url, bucket, broker),
                        "answers": variant.answers,
                        "sites": load.shape.sites,
                        "client_id": f"kayasol-ingest-{number}",
                        "partitions": _partitions(number, variant.workers),
                    },
                    None if variant.plain else place.compiled,
                    place.python,
                )
            )
            for number in range(variant.workers)
        ]
        publisher = Publisher(broker.host, broker.port)
        publisher.publish(packets(load.first_frames))
        _wait(lambda: _rows(store) >= len(load.kiosks))
        pieces = packets(load.frames)
        pids = {"ours": [worker.pid for worker in workers], "Mosquitto": [broker.pid], "InfluxDB": [place.influx.pid]}
        if variant.database == "postgresql":
            pids["PostgreSQL"] = [place.postgres.pid]
        timer = _Timer(load.shape.site_minutes, pids)
        publisher.publish(pieces)
        _wait(lambda: _rows(store) >= len(load.kiosks) + load.shape.site_minutes)
        timer.done()
        publisher.close()
        _check(bucket, len(load.kiosks) + load.shape.site_minutes, '"battery_voltage_v:2"')
    return timer.run()


def telegraf(place: Place, load: Load) -> Run:
    """JSON through Mosquitto and Telegraf: done when all points can be counted in InfluxDB."""
    if place.telegraf is None:
        raise RuntimeError("Telegraf could not be had")
    folder = place.new_folder()
    with ExitStack() as stack:
        bucket = stack.enter_context(_bucket(place))
        broker = stack.enter_context(MosquittoServer(folder / "mosquitto", extra=BROKER))
        peer = stack.enter_context(Telegraf(folder / "telegraf", place.telegraf, broker, bucket))
        connection = stack.enter_context(_connected(bucket))
        publisher = Publisher(broker.host, broker.port)
        _send_until_there(publisher, load, connection)
        pieces = packets(load.messages)
        last_ms = START_UTC_MS + (load.shape.rows + 1) * MINUTE_MS
        newest = (
            f"SELECT count(battery_voltage_v) FROM reading WHERE site='{load.kiosks[-1].site}' AND time={last_ms}ms"
        )
        pids = {"Telegraf": [peer.pid], "Mosquitto": [broker.pid], "InfluxDB": [place.influx.pid]}
        timer = _Timer(load.shape.site_minutes, pids)
        publisher.publish(pieces)
        _wait(lambda: bool(connection.query([newest])[0]))
        _wait(lambda: _points(connection, "battery_voltage_v") >= len(load.kiosks) + load.shape.site_minutes)
        timer.done()
        publisher.close()
    return timer.run()


def _send_until_there(publisher: Publisher, load: Load, connection: InfluxConnection) -> None:
    """Telegraf says that it is connected before its subscription holds; what comes twice overwrites itself."""
    again_s = 0.0
    give_up_s = time.monotonic() + LIMIT_S
    while _points(connection, "battery_voltage_v") < len(load.kiosks):
        if time.monotonic() > give_up_s:
            raise TimeoutError("Telegraf does not take its first messages")
        if time.monotonic() > again_s:
            publisher.publish(packets(load.first_messages))
            again_s = time.monotonic() + AGAIN_S
        time.sleep(LOOK_S)


class _Timer:
    def __init__(self, site_minutes: int, pids: dict[str, list[int]]) -> None:
        self._site_minutes = site_minutes
        self._pids = pids
        self._before = {name: cpu_s(each) for name, each in pids.items()}
        self._run: Run | None = None
        self._begun_s = time.monotonic()

    def done(self) -> None:
        """All is durable."""
        took_s = time.monotonic() - self._begun_s
        used = {
            name: (cpu_s(each) - self._before[name]) / self._site_minutes * 1e6 for name, each in self._pids.items()
        }
        self._run = Run(self._site_minutes / took_s, used)

    def run(self) -> Run:
        """What was measured."""
        if self._run is None:
            raise RuntimeError("the run did not come to its end")
        return self._run


@contextmanager
def _bucket(place: Place) -> Iterator[InfluxSettings]:
    """A bucket that nobody used, gone afterwards, so that no run pays for the one before."""
    made = place.influx.new_bucket()
    yield made
    with InfluxDBClient(made.url, place.influx.operator_token, org=made.org) as client:
        buckets = client.buckets_api()
        buckets.delete_bucket(buckets.find_bucket_by_name(made.bucket))


@contextmanager
def _connected(bucket: InfluxSettings) -> Iterator[InfluxConnection]:
    connection = InfluxConnection(bucket)
    yield connection
    connection.close()


def _write_all(bucket: InfluxSettings, requests: Sequence[bytes], connections: int) -> None:
    """Over so many connections side by side, request after request each."""
    shares = [requests[number::connections] for number in range(connections)]
    threads = [threading.Thread(target=_write, args=(bucket, share)) for share in shares]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _write(bucket: InfluxSettings, requests: Sequence[bytes]) -> None:
    asked = urlencode({"org": bucket.org, "bucket": bucket.bucket, "precision": "ms"})
    connection = http.client.HTTPConnection(urlsplit(bucket.url).netloc, timeout=LIMIT_S)
    for body in requests:
        connection.request("POST", f"/api/v2/write?{asked}", body, {"Authorization": f"Token {bucket.token}"})
        answer = connection.getresponse()
        said = answer.read()
        if answer.status != 204:
            raise RuntimeError(f"InfluxDB answers {answer.status}: {said[:200]!r}")
    connection.close()


def _check(bucket: InfluxSettings, wanted: int, name: str) -> None:
    with _connected(bucket) as connection:
        points = _points(connection, name)
    if points != wanted:
        raise RuntimeError(f"{points} points are in InfluxDB instead of {wanted}")


def _points(connection: InfluxConnection, name: str) -> int:
    tables = connection.query([f"SELECT count({name}) FROM reading"])[0]
    return int(tables[0]["values"][0][1]) if tables else 0


def _rows(store: Store) -> int:
    with store.read() as connection:
        return int(connection.exec_driver_sql("SELECT COALESCE(SUM(upto), 0) FROM stream").scalar_one())


def _wait(ready: Callable[[], bool]) -> None:
    give_up_s = time.monotonic() + LIMIT_S
    while not ready():
        if time.monotonic() > give_up_s:
            raise TimeoutError("the load did not arrive in time")
        time.sleep(LOOK_S)


def _database(place: Place, variant: Variant, folder: Path) -> str:
    url = f"sqlite:///{folder / 'kayasol.db'}" if variant.database == "sqlite" else place.postgres.new_database()
    upgrade(url)
    return url


def _partitions(number: int, workers: int) -> list[int]:
    """One worker takes all."""
    return list(range(number, topics.PARTITIONS, workers)) if workers > 1 else []


def _settings(folder: Path, url: str, bucket: InfluxSettings, broker: MosquittoServer) -> dict[str, object]:
    token = folder / "influxdb.token"
    token.touch(0o600)
    token.write_text(bucket.token + "\n", encoding="utf-8")
    return {
        "folder": str(folder),
        "database_url": url,
        "readings": "influxdb",
        "influxdb_url": bucket.url,
        "influxdb_org": bucket.org,
        "influxdb_bucket": bucket.bucket,
        "broker_port": broker.port,
        "broker_plain": True,
    }
