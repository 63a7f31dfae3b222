"""Ingest, office and pages as processes of their own beside PostgreSQL: the city size. The village has kayasol.serve.

Each starts while the others are away, says what it waits for, and ends in order at SIGTERM. Tables are brought up to
date by `kayasol migrate` alone, so that two processes never do it at once.
"""

from __future__ import annotations

import logging
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from types import FrameType

from ingest.handler import Handler
from ingest.keys import open_keys
from ingest.subscriber import Broker, Subscriber
from kayasol import __version__
from kayasol.parts import begin_log, policy_of, run_office, tls_of, tune_interpreter, utc_ms
from kayasol.readings_store import open_readings
from kayasol.sessions import forgetting, worker_name
from kayasol.settings import ServerSettings
from kayasol.watch import BEAT_S, Probe, Watch
from kiosk.errors import ConfigError
from kiosk.wire.topics import PARTITIONS
from office.loop import Office
from store import migrate
from store.engine import Store
from store.errors import StoreError

LOOK_UP_S = 0.5
END_S = 20.0
"""A worker that has not ended by then is ended."""

log = logging.getLogger("kayasol")


def run_ingest_process(settings: ServerSettings, worker: int | None = None) -> None:
    """Take frames until SIGTERM: worker `worker` of `ingest_workers`, or all of them as processes of this one."""
    begin_log()
    if worker is None and settings.ingest_workers > 1:
        _run_workers(settings)
        return
    number, workers = worker or 0, settings.ingest_workers
    if number >= workers:
        raise ConfigError(f"there is no worker {number}: they count from 0 to {workers - 1} (ingest_workers)")
    name = worker_name(number, workers)
    broker = Broker(
        host=settings.broker_host,
        port=settings.broker_port,
        client_id=f"kayasol-{name}",
        tls=tls_of(settings),
        partitions=() if workers == 1 else tuple(range(number, PARTITIONS, workers)),
    )
    with _stopping() as stop, _opened_store(settings) as store:
        if not _database_is_ready(settings, name, store, stop):
            return
        with open_readings(settings, store) as opened:
            handler = Handler(store, opened.readings, open_keys(settings.folder), utc_ms, policy=policy_of(settings))
            subscriber = Subscriber(broker, handler)
            probes = {
                "broker": lambda: "" if subscriber.connected.is_set() else _no_broker(settings),
                "database": lambda: _database_fault(store),
            }
            tune_interpreter()
            with _watched(settings, name, probes, stop), forgetting(settings, broker, number, stop):
                subscriber.run(stop)
    log.info("%s has ended in order", name)


def run_office_process(settings: ServerSettings) -> None:
    """Compute figures until SIGTERM."""
    begin_log()
    with _stopping() as stop, _opened_store(settings) as store:
        if not _database_is_ready(settings, "office", store, stop):
            return
        with open_readings(settings, store) as opened:
            log.info("figures are computed")
            with _watched(settings, "office", {"database": lambda: _database_fault(store)}, stop):
                run_office(Office(store, opened.readings, utc_ms, opened.projection), stop)
    log.info("office has ended in order")


def run_api_process(settings: ServerSettings) -> None:
    """Answer pages until SIGTERM; while the database is away they say so."""
    import uvicorn

    from api.app import create_app

    begin_log()
    with _opened_store(settings) as store:
        if fault := _database_fault(store):
            log.warning("waiting, pages say so meanwhile: %s", fault)
        with open_readings(settings, store) as opened:
            log.info("pages on http://%s:%d", settings.http_host, settings.http_port)
            uvicorn.run(
                create_app(store=store, readings=opened.readings, clock=utc_ms, version=__version__),
                host=settings.http_host,
                port=settings.http_port,
                log_level="warning",
                access_log=False,
            )
    log.info("api has ended in order")


def _run_workers(settings: ServerSettings) -> None:
    """One process a worker. When one ends by itself, all end, and whoever started this one starts it again."""
    words = [sys.executable, "-m", "kayasol", "ingest", "--folder", str(settings.folder), "--worker"]
    with _stopping() as stop:
        # A group of their own: Ctrl-C is for this process, which tells them.
        workers = [
            subprocess.Popen([*words, str(number)], start_new_session=True) for number in range(settings.ingest_workers)
        ]
        try:
            while not stop.wait(LOOK_UP_S) and all(worker.poll() is None for worker in workers):
                pass
        finally:
            for worker in workers:
                worker.terminate()
            for worker in workers:
                _await_end(worker)
    failed = [number for number, worker in enumerate(workers) if worker.returncode != 0]
    if failed or not stop.is_set():
        raise ConfigError(f"worker {failed or 'of ingest'} has ended by itself; its last words are above")
    log.info("%d workers of ingest have ended in order", len(workers))


def _await_end(worker: subprocess.Popen[bytes]) -> None:
    try:
        worker.wait(END_S)
    except subprocess.TimeoutExpired:
        worker.kill()
        worker.wait(END_S)


@contextmanager
def _stopping() -> Iterator[threading.Event]:
    """An event that SIGTERM and Ctrl-C set."""
    stop = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _opened_store(settings: ServerSettings) -> Iterator[Store]:
    with closing(Store.open(settings.database)) as store:
        if store.dialect == "sqlite":
            # SQLite loses frames when two processes write and checkpoint at once.
            raise ConfigError(
                "ingest, office and pages as processes of their own need PostgreSQL: set database_url,"
                " or run all in one process with `kayasol serve`"
            )
        yield store


def _database_is_ready(settings: ServerSettings, name: str, store: Store, stop: threading.Event) -> bool:
    """Wait for the database and its tables; False if the order to stop came first."""
    watch = Watch(settings.alive / f"{name}.json", {"database": lambda: _database_fault(store)})
    while watch.look():
        if stop.wait(BEAT_S):
            return False
    return True


def _database_fault(store: Store) -> str:
    """What keeps the database from being used; "" if nothing does."""
    try:
        with store.read() as connection:
            migrate.check(connection)
    except StoreError as error:
        return str(error)
    return ""


def _no_broker(settings: ServerSettings) -> str:
    return f"the broker at {settings.broker_host}:{settings.broker_port} does not answer or does not let us in"


@contextmanager
def _watched(settings: ServerSettings, name: str, probes: Mapping[str, Probe], stop: threading.Event) -> Iterator[None]:
    """A thread of its own looks at what the part needs, also while the part waits."""
    watch = Watch(settings.alive / f"{name}.json", probes)
    ended = threading.Event()
    thread = threading.Thread(target=watch.run, args=(ended,), name="watch")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        ended.set()
        thread.join()
