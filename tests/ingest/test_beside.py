"""A readings store of its own is written beside the transaction, and nothing is committed before it has everything."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ingest import rows
from ingest.acknowledger import Outgoing
from ingest.beside import Beside
from ingest.handler import Handler, Message
from store.engine import Store
from store.errors import RefusedValues, RetryLater
from store.migrate import upgrade
from store.readings.base import Refusal, Values
from store.readings.sql import SqlReadings
from tests.ingest.server import Server, readings_ack
from tests.ingest.writer import Kiosk


class Apart(SqlReadings):
    """In a database of its own, as InfluxDB is on a server of its own; raises what it was given, call by call."""

    beside = True

    def __init__(self, store: Store, ledger: Store) -> None:
        super().__init__(store)
        self._ledger = ledger
        self.errors: list[Exception | None] = []
        self.sizes: list[int] = []
        self.committed_before: list[int] = []

    def write_many(self, batches: Sequence[Values]) -> None:
        with self._ledger.read() as connection:
            seen = connection.exec_driver_sql("SELECT COUNT(*) FROM block").scalar_one()
        self.committed_before.append(int(seen))
        self.sizes.append(sum(len(batch.columns[0].times_ms) for batch in batches))
        error = self.errors.pop(0) if self.errors else None
        if isinstance(error, RetryLater):
            raise error
        super().write_many(batches)
        if error is not None:
            raise error


@pytest.fixture
def apart(server: Server, tmp_path: Path) -> Iterator[Apart]:
    url = f"sqlite:///{tmp_path / 'readings.db'}"
    upgrade(url)
    store = Store.open(url)
    yield Apart(store, server.store)
    store.close()


def handled(server: Server, apart: Apart, kiosk: Kiosk, payloads: Sequence[bytes]) -> list[Outgoing]:
    handler = Handler(server.store, apart, server.keys, lambda: server.now_ms, policy=server.policy)
    return handler.handle_batch([Message(kiosk.topic, payload) for payload in payloads])


def month(kiosk: Kiosk) -> list[bytes]:
    """Three blocks, the first with its schema."""
    first = kiosk.frame(kiosk.schema_section(), kiosk.block(1, 10))
    return [first, kiosk.frame(kiosk.block(11, 10)), kiosk.frame(kiosk.block(21, 10))]


def test_a_boot_that_is_dated_already_is_written_while_further_frames_are_decoded(
    server: Server, apart: Apart, kiosk: Kiosk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "EARLY_ROWS", 15)
    first, *others = month(kiosk)
    handled(server, apart, kiosk, [first])
    (answer,) = handled(server, apart, kiosk, [*others, kiosk.frame(kiosk.block(31, 5))])
    assert readings_ack(server.open_answer(answer)).upto == 35
    assert (apart.sizes[0], sorted(apart.sizes[1:])) == (10, [5, 20])
    assert apart.committed_before == [0, 1, 1], "no block of a transaction is committed before its values are there"
    assert len(apart.series(kiosk.site, "mppt", "battery_voltage_v", 0, 2**60).values) == 35


def test_a_boot_that_is_dated_in_the_transaction_waits_for_its_end(
    server: Server, apart: Apart, kiosk: Kiosk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "EARLY_ROWS", 15)
    handled(server, apart, kiosk, month(kiosk))
    assert apart.sizes == [30]
    assert len(apart.series(kiosk.site, "mppt", "battery_voltage_v", 0, 2**60).values) == 30


def test_a_store_that_fails_after_it_took_a_part_leaves_nothing_committed(
    server: Server, apart: Apart, kiosk: Kiosk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "EARLY_ROWS", 10)
    first, *others = month(kiosk)
    handled(server, apart, kiosk, [first])
    apart.errors = [None, RetryLater("busy")]
    with pytest.raises(RetryLater):
        handled(server, apart, kiosk, others)
    assert server.count("blocks") == 1
    (answer,) = handled(server, apart, kiosk, others)
    assert readings_ack(server.open_answer(answer)).upto == 30
    assert len(apart.series(kiosk.site, "mppt", "battery_voltage_v", 0, 2**60).values) == 30


def test_values_refused_beside_the_transaction_are_set_aside_in_it(server: Server, apart: Apart, kiosk: Kiosk) -> None:
    columns = apart.series(kiosk.site, "mppt", "pv_power_w", 0, 1)
    apart.errors = [RefusedValues((Refusal(kiosk.site, kiosk.boot, columns, "another type"),))]
    (answer,) = handled(server, apart, kiosk, month(kiosk))
    assert readings_ack(server.open_answer(answer)).upto == 30
    assert [letter.reason for letter in server.letters()] == ["another type"]


def test_blocks_of_one_transaction_are_found_by_what_looks_for_them_in_it(server: Server, kiosk: Kiosk) -> None:
    block, schema = kiosk.frame(kiosk.block(1, 10)), kiosk.frame(kiosk.schema_section())
    (answer,) = server.send_together(kiosk, block, schema)
    assert readings_ack(answer).upto == 10
    assert len(server.volts().values) == 10


def test_rows_that_come_twice_wait_for_those_before_them(
    server: Server, apart: Apart, kiosk: Kiosk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "EARLY_ROWS", 1)
    handled(server, apart, kiosk, [kiosk.frame(kiosk.schema_section(), kiosk.block(1, 5))])
    waited: list[int] = []
    settle = Beside.settle

    def counted(beside: Beside) -> None:
        settle(beside)
        waited.append(len(apart.sizes))

    monkeypatch.setattr(Beside, "settle", counted)
    blocks = [kiosk.block(6, 10), kiosk.block(11, 10), kiosk.block(21, 5)]
    handled(server, apart, kiosk, [kiosk.frame(block) for block in blocks])
    assert waited == [2], "only the block that overlaps waits, and then all before it is written"


def test_settling_waits_for_what_was_begun() -> None:
    gate, written = threading.Event(), []

    class Gated:
        def write_many(self, batches: Sequence[Values]) -> None:
            gate.wait()
            written.append(batches)

    with ThreadPoolExecutor(2) as threads:
        beside = Beside(Gated(), threads)  # type: ignore[arg-type]
        beside.begin([])
        settling = threading.Thread(target=beside.settle)
        settling.start()
        assert settling.is_alive()
        assert not written
        gate.set()
        settling.join()
        assert written == [[]]
        assert beside.finish() == []
