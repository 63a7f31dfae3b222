"""The village size: ingest, figures and pages in one process beside an MQTT broker. Wires parts; rules live in them."""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import uvicorn

from api.app import create_app
from ingest.acknowledger import Policy
from ingest.handler import Handler
from ingest.keys import open_keys
from ingest.subscriber import Broker, Subscriber, TlsFiles
from kayasol import __version__
from kayasol.readings_store import Opened, open_readings
from kayasol.settings import ServerSettings
from kiosk.errors import ConfigError
from office.loop import Office
from store.engine import Store
from store.errors import RepairFirst, RetryLater
from store.migrate import upgrade
from store.readings.base import ReadingsStore

IDLE_S = 1.0
"""How long the office rests when no day was dirty."""
RETRY_S, RETRY_MAX_S = 2.0, 60.0
"""Between two tries while a store does not answer; longer than IDLE_S, which is how a failure is told from a rest."""

log = logging.getLogger("kayasol")


def utc_ms() -> int:
    """The server's clock, UTC milliseconds."""
    return time.time_ns() // 1_000_000


def run_server(settings: ServerSettings, clock: Callable[[], int] = utc_ms) -> None:
    """Run until SIGINT or SIGTERM. A thread that fails for a reason nobody foresaw ends the whole process loudly."""
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(levelname)s %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    broker = Broker(host=settings.broker_host, port=settings.broker_port, tls=_tls(settings))
    upgrade(settings.database)
    store = Store.open(settings.database)
    try:
        with open_readings(settings, store) as opened:
            _run(settings, broker, store, opened, clock)
    finally:
        store.close()


def _run(settings: ServerSettings, broker: Broker, store: Store, opened: Opened, clock: Callable[[], int]) -> None:
    readings = opened.readings
    stop = threading.Event()
    server = uvicorn.Server(
        uvicorn.Config(
            create_app(store=store, readings=readings, clock=clock, version=__version__),
            host=settings.http_host,
            port=settings.http_port,
            log_level="warning",
            access_log=False,
        )
    )
    failures: list[BaseException] = []
    parts: dict[str, Callable[[], None]] = {
        "ingest": lambda: run_ingest(settings, broker, store, readings, clock, stop),
        "office": lambda: run_office(Office(store, readings, clock, opened.projection), stop),
    }
    threads = [
        threading.Thread(target=_guard, args=(name, part, failures, server), name=name) for name, part in parts.items()
    ]
    for thread in threads:
        thread.start()
    log.info(
        "pages on http://%s:%d (this computer only: there are no accounts yet)", settings.http_host, settings.http_port
    )
    try:
        server.run()
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    if failures:
        raise failures[0]


def run_ingest(
    settings: ServerSettings,
    broker: Broker,
    store: Store,
    readings: ReadingsStore,
    clock: Callable[[], int],
    stop: threading.Event,
) -> None:
    """Take frames from the broker until `stop`."""
    policy = Policy(calm_ms=0, live_s=settings.live_s) if settings.live_s else Policy()
    handler = Handler(store, readings, open_keys(settings.folder), clock, policy=policy)
    Subscriber(broker, handler).run(stop)


def run_office(office: Office, stop: threading.Event) -> None:
    """Recompute dirty days until `stop`; a store that does not answer is asked again, and its days wait."""
    delay_s = 0.0
    while not stop.wait(delay_s):
        try:
            worked = office.turn()
        except (RetryLater, RepairFirst) as error:
            if delay_s <= IDLE_S:
                log.error("figures wait, tried again until it works: %s", error)
            delay_s = min(max(RETRY_S, delay_s * 2), RETRY_MAX_S)
            continue
        if delay_s > IDLE_S:
            log.warning("figures are computed again")
        delay_s = 0.0 if worked else IDLE_S


def _tls(settings: ServerSettings) -> TlsFiles | None:
    if settings.broker_plain:
        return None
    ca = settings.folder / "ca"
    return TlsFiles(_existing(ca / "ca.pem"), _existing(ca / "ingest.pem"), _existing(ca / "ingest.key"))


def _existing(path: Path) -> Path:

    if not path.exists():
        raise ConfigError(f"{path} is missing; run `kayasol broker` first")
    return path


def _guard(name: str, part: Callable[[], None], failures: list[BaseException], server: uvicorn.Server) -> None:
    try:
        part()
    except BaseException as error:  # the reason is logged and raised again by the main thread
        log.exception("%s has failed; the server stops", name)
        failures.append(error)
        server.should_exit = True
