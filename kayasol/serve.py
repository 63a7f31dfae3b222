"""The village size: ingest, figures and pages in one process beside an MQTT broker. Wires parts; rules live in them."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import closing

import uvicorn

from api.app import create_app
from ingest.subscriber import Broker
from kayasol import __version__
from kayasol.parts import begin_log, run_ingest, run_office, tls_of, utc_ms
from kayasol.readings_store import Opened, open_readings
from kayasol.settings import ServerSettings
from office.loop import Office
from store.engine import Store
from store.migrate import upgrade

log = logging.getLogger("kayasol")


def run_server(settings: ServerSettings, clock: Callable[[], int] = utc_ms) -> None:
    """Run until SIGINT or SIGTERM. A thread that fails for a reason nobody foresaw ends the whole process loudly."""
    begin_log()
    broker = Broker(host=settings.broker_host, port=settings.broker_port, tls=tls_of(settings))
    upgrade(settings.database)
    with closing(Store.open(settings.database)) as store, open_readings(settings, store) as opened:
        _run(settings, broker, store, opened, clock)


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


def _guard(name: str, part: Callable[[], None], failures: list[BaseException], server: uvicorn.Server) -> None:
    try:
        part()
    except BaseException as error:  # the reason is logged and raised again by the main thread
        log.exception("%s has failed; the server stops", name)
        failures.append(error)
        server.should_exit = True
