"""Ingest on PostgreSQL: the same store as on SQLite, and two workers that meet on one log lose and double nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.handler import Handler
from store.engine import Store
from store.errors import RetryLater
from store.readings.sql import SqlReadings
from tests.databases import migrated_database
from tests.ingest.server import Server
from tests.ingest.test_any_order import REFERENCE, content, month
from tests.ingest.writer import Kiosk
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
