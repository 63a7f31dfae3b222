"""What the handler promises whatever happens: all or nothing, one crash aside, bounded letters."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from ingest import handler, ledger, rows
from ingest.handler import Handler
from store.engine import Store
from store.errors import RefusedValues, RepairFirst, RetryLater
from store.letters import Limits
from store.readings.base import Batch, Refusal
from store.readings.sql import SqlReadings
from tests.ingest.server import Server, ledger_ack, readings_ack
from tests.ingest.writer import Kiosk


@pytest.fixture
def kiosk(server: Server) -> Kiosk:
    made = server.register(Kiosk())
    made.open_books(2)
    return made


def everything(kiosk: Kiosk) -> bytes:
    return kiosk.frame(kiosk.schema_section(), kiosk.ledger_section(), kiosk.block(1, 5))


class Readings(SqlReadings):
    """Raises what it was given, a few times."""

    def __init__(self, store: Store, errors: list[Exception]) -> None:
        super().__init__(store)
        self.errors = errors

    def write_many(self, batches: Any) -> None:
        if self.errors:
            raise self.errors.pop()
        super().write_many(batches)


@pytest.mark.parametrize(
    "error",
    [
        RetryLater("busy"),
        RepairFirst("full"),
        sqlite3.OperationalError("disk is full"),
        OSError("no space"),
        MemoryError(),
    ],
)
def test_a_store_that_fails_leaves_nothing_behind_and_the_same_frame_works_later(
    server: Server, kiosk: Kiosk, error: Exception
) -> None:
    readings = Readings(server.store, [error])
    handling = Handler(server.store, readings, server.keys, lambda: server.now_ms, policy=server.policy)
    payload = everything(kiosk)
    with pytest.raises((RetryLater, RepairFirst)):
        handling.handle(kiosk.topic, payload)
    assert server.records(kiosk.log) == []
    assert server.count("frames") == 0
    message = server.open_answer(handling.handle(kiosk.topic, payload)[0])
    assert message.counter == 1
    assert (readings_ack(message).upto, ledger_ack(message).upto) == (5, 4)


def test_values_that_the_readings_store_refuses_are_set_aside(server: Server, kiosk: Kiosk) -> None:
    class Refusing(SqlReadings):
        def write_many(self, batches: Any) -> None:
            batch: Batch = batches[0]
            super().write_many([Batch(batch.site, batch.boot, batch.columns[1:])])
            raise RefusedValues((Refusal(batch.site, batch.boot, batch.columns[0], "another type"),))

    handling = Handler(server.store, Refusing(server.store), server.keys, lambda: server.now_ms, policy=server.policy)
    message = server.open_answer(handling.handle(kiosk.topic, everything(kiosk))[0])
    assert readings_ack(message).upto == 5
    assert server.count("values_refused") == 5
    assert server.letters()[0].reason == "another type"
    assert [channel.metric for channel in server.readings.devices(kiosk.site)][1:] == [
        "pv_energy_total_wh",
        "pv_power_w",
    ]


def test_one_section_that_crashes_this_program_stops_nothing_else(
    server: Server, kiosk: Kiosk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(rows, "Block", crash)
    (message,) = server.send_together(kiosk, everything(kiosk), kiosk.frame(kiosk.block(6, 5)))
    assert ledger_ack(message).upto == 4
    assert readings_ack(message).upto == 0
    assert server.count("section_crashed") == 2
    assert [letter.kind for letter in server.letters()] == ["block", "block"]
    assert len(server.records(kiosk.log)) == 4, "the transaction was done again, not twice"


def test_a_crash_at_the_end_sets_only_its_own_message_aside(
    server: Server, kiosk: Kiosk, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = ledger.Ledger.save

    def crash(self: Any) -> None:
        if kiosk.log in self._books:
            raise ZeroDivisionError
        real(self)

    monkeypatch.setattr(ledger.Ledger, "save", crash)
    other = server.register(Kiosk(site="boken", name="other"))
    other.open_books(1)
    batch = [handler.Message(each.topic, everything(each)) for each in (kiosk, other)]
    (message,) = map(server.open_answer, server.handler.handle_batch(batch))
    assert (message.site, ledger_ack(message).upto) == ("boken", 3)
    assert server.count("message_crashed") == 1
    assert [letter.kind for letter in server.letters()] == ["message"]


def test_an_answer_lost_between_commit_and_sending_is_given_again(server: Server, kiosk: Kiosk) -> None:
    payload = everything(kiosk)
    server.handler.handle(kiosk.topic, payload)
    server.close()
    server.open()
    (message,) = server.send(kiosk, payload)
    assert (readings_ack(message).upto, ledger_ack(message).upto) == (5, 4)
    assert message.counter == 2
    assert len(server.records(kiosk.log)) == 4


def test_dead_letters_are_bounded(server: Server, kiosk: Kiosk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handler, "TRIM_EVERY", 4)
    limits = Limits(letters=3, octets=10_000)
    handling = Handler(
        server.store, server.readings, server.keys, lambda: server.now_ms, policy=server.policy, letter_limits=limits
    )
    for number in range(40):
        server.now_ms += 1
        handling.handle(kiosk.topic, b"nonsense %d" % number)
    assert len(server.letters()) <= 3 + 4
    assert server.count("letters_dropped") == 40 - len(server.letters())
    assert server.letters()[0].reason


def test_a_full_disk_loses_nothing(tmp_path: Path) -> None:
    server = Server(tmp_path)
    kiosk = server.register(Kiosk())
    with server.store.write() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages + 1}")
    large = kiosk.frame(kiosk.schema_section(), kiosk.block(1, 1_000))
    with pytest.raises((RetryLater, RepairFirst)):
        server.handler.handle(kiosk.topic, large)
    with server.store.write() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count=1000000")
    (message,) = server.send(kiosk, large)
    assert readings_ack(message).upto == 1_000
    server.close()
