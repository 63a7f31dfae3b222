"""Ingest on PostgreSQL: the same store as on SQLite, and two workers that meet on one log lose and double nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from sqlalchemy import text

from ingest.handler import Handler
from store.engine import Store
from store.errors import RetryLater
from store.readings.base import Values
from store.readings.sql import SqlReadings
from tests.databases import migrated_database
from tests.ingest.server import Server
from tests.ingest.test_any_order import REFERENCE, content, month
from tests.ingest.writer import MINUTE, Kiosk
from tests.postgresql import PostgresServer


@pytest.fixture
def server(tmp_path: Path, postgres: PostgresServer) -> Iterator[Server]:
    with migrated_database("postgresql", tmp_path, lambda: postgres) as url:
        made = Server(tmp_path, url=url)
        made.register(Kiosk())
        yield made
        made.close()


def test_a_kiosks_life_leaves_the_same_as_on_sqlite(server: Server) -> None:
    kiosk, frames = month()
    server.send(kiosk, *frames)
    assert content(server) == REFERENCE


def test_two_workers_that_take_the_same_frames_leave_the_same(server: Server) -> None:
    kiosk, frames = month()
    failures: list[BaseException] = []
    start = threading.Barrier(2)

    def work(order: list[bytes]) -> None:
        store = Store.open(server.url)
        handler = Handler(store, SqlReadings(store), server.keys, lambda: server.now_ms, policy=server.policy)
        try:
            start.wait(20)
            for payload in order:
                while True:
                    try:
                        handler.handle(kiosk.topic, payload)
                        break
                    except RetryLater:
                        continue
        except BaseException as error:  # noqa: BLE001 - shown by the test's own thread
            failures.append(error)
        finally:
            store.close()

    threads = [threading.Thread(target=work, args=(order,)) for order in (frames, frames[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    server.send(kiosk, *frames)
    assert (server.count("section_crashed"), server.count("message_crashed")) == (0, 0)
    assert content(server) == REFERENCE


class HeldUp(SqlReadings):
    """Of a worker that has all but committed when another one comes to the same new boot."""

    def __init__(self, store: Store, other: threading.Thread) -> None:
        super().__init__(store)
        self._other = other

    def write_many(self, batches: Sequence[Values]) -> None:
        super().write_many(batches)
        self._other.start()
        waiting = (
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        waits = 0
        while not waits:
            assert self._other.is_alive(), "the other worker did not wait for this one"
            with self._store.read() as connection:  # anew each time: a transaction looks at its neighbours once
                waits = connection.scalar(text(waiting))


def test_a_boot_that_two_workers_meet_at_once_has_one_date_and_all_its_readings(server: Server) -> None:
    kiosk = Kiosk()
    first = kiosk.frame(kiosk.schema_section(), kiosk.block(1, 5))
    kiosk.utc_ms += 3
    second = kiosk.frame(kiosk.schema_section(), kiosk.block(6, 5))
    tries: list[BaseException | None] = []

    def work_beside() -> None:
        store = Store.open(server.url)
        handler = Handler(store, SqlReadings(store), server.keys, lambda: server.now_ms, policy=server.policy)
        while not tries or tries[-1] is not None:
            try:
                handler.handle(kiosk.topic, second)
            except RetryLater as error:
                tries.append(error)
            else:
                tries.append(None)
        store.close()

    other = threading.Thread(target=work_beside)
    held_up = Handler(
        server.store, HeldUp(server.store, other), server.keys, lambda: server.now_ms, policy=server.policy
    )
    held_up.handle(kiosk.topic, first)
    other.join(60)
    assert "another worker has dated" in str(tries[0])
    assert tries[-1] is None
    start_ms = kiosk.utc_ms - 3 - kiosk.mono_ms
    assert server.volts().times_ms == [start_ms + MINUTE * number for number in range(1, 11)]
