"""What the whole agent writes and keeps: a full disk, a worn one, a lost transaction, and when records may go."""

from __future__ import annotations

import logging
import random
import sqlite3
from collections.abc import Callable
from contextlib import suppress

import pytest

from edge_agent.agent import Agent
from edge_agent.outbox.database import StorageFull
from kiosk.time import DAY_MS
from tests.edge_agent.site import MINUTE_MS, START_UTC_MS, Site


def fill_disk(site: Site) -> None:
    """Until readings make way for readings."""
    spread = random.Random(2)
    positions = len(site.agent.poller.schema().columns)
    while site.agent.outbox.dropped == 0:
        site.pass_ms(MINUTE_MS)
        values = tuple(spread.randrange(2**50) for _ in range(positions))
        site.agent.outbox.append(site.clock.mono_ms, values, ())


def test_money_is_written_on_a_full_disk_and_readings_make_room(site: Site) -> None:
    site.page_limit = 120
    site.chunk_rows = 60
    site.start()
    fill_disk(site)
    dropped = site.agent.outbox.dropped
    for _ in range(300):
        site.agent.till.sale("phone")
    assert site.agent.till.book.head is not None
    assert site.agent.till.book.head.sum_in == 30_000
    assert site.agent.outbox.dropped > dropped
    site.advance(2)
    assert not site.agent.database.short_of_space, "the reserve was taken back once readings had made room"
    site.power_cut()
    assert site.agent.till.book.head is not None
    assert site.agent.till.book.head.sum_in == 30_000


def test_an_agent_starts_and_sells_on_a_disk_without_a_single_free_page(site: Site) -> None:
    site.page_limit = 120
    site.chunk_rows = 60
    site.start()
    fill_disk(site)
    site.agent.abandon()
    connection = sqlite3.connect(site.folder / "edge.db", isolation_level=None)
    connection.execute("PRAGMA max_page_count = 120").fetchall()
    for size in (4_000, 1_000, 50):
        with suppress(sqlite3.OperationalError):
            while True:
                junk = random.Random(connection.total_changes).randbytes(8).hex()
                connection.execute("INSERT INTO schema VALUES (?, zeroblob(?), 0)", (junk, size))
    connection.close()
    dropped = site.start().outbox.dropped
    assert dropped > 0
    assert site.agent.till.sale("phone").box_minor == 100


def test_where_nothing_is_left_to_give_up_the_sale_is_refused_and_the_agent_lives_on(site: Site) -> None:
    site.page_limit = 40
    site.start()

    def sell() -> None:
        for _ in range(500):
            site.agent.till.sale("phone")

    with pytest.raises(StorageFull):
        sell()
    head = site.agent.till.book.head
    answer = site.agent.desk.answer({"do": "sale", "service": "phone"})
    assert (answer["ok"], answer["code"]) == (False, "storage")
    site.advance(30)
    assert site.agent.till.book.head == head
    site.page_limit = 0
    site.power_cut()
    assert site.agent.till.sale("phone").seq > (head.seq if head else 0)


def test_an_orderly_end_commits_the_rows_in_memory(site: Site) -> None:
    site.start()
    site.advance(7)
    site.agent.close()
    site.start()
    assert (site.agent.outbox.head, site.agent.outbox.waiting) == (7, 7)


def test_records_are_kept_400_days_after_they_were_acknowledged_and_witnessed(site: Site) -> None:
    site.start()
    site.agent.offer_time("ntp", START_UTC_MS, 10)
    for _ in range(3):
        site.agent.till.sale("phone")
        site.agent.till.seal()
    site.agent.till.sale("phone")
    site.agent.step()
    site.collect()
    ack = site.receiver.ledger_acks()[0]
    site.deliver(site.receiver.message([ack]))
    site.agent.offer_time("ntp", START_UTC_MS, 1)
    site.pass_ms(401 * DAY_MS)
    site.agent.step()
    book = site.agent.till.book
    assert len(book.stored(ack.log, 1, 100)) == book.logs[ack.log].head_seq, "nobody has witnessed them"
    site.collect()
    site.deliver(site.receiver.message([ack._replace(witnessed=ack.upto)]))
    site.pass_ms(DAY_MS)
    site.agent.step()
    kept = [seq for seq, _ in book.stored(ack.log, 1, 100)]
    assert kept[0] == 1
    assert len(kept) < ack.upto
    site.agent.till.sale("phone")
    site.agent.till.seal()
    site.power_cut()
    assert site.agent.till.book.open_log is not None
    assert site.agent.till.book.open_log.log == ack.log


def test_a_lost_transaction_of_a_receipt_is_made_good_by_the_next_one(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent = site.start()
    site.advance(45)
    site.collect()
    write: Callable[..., int] = agent.database.write

    def full(sql: str, values: object = ()) -> int:
        if sql.startswith("UPDATE state SET epoch"):
            raise StorageFull("no room")
        return write(sql, values)

    monkeypatch.setattr(agent.database, "write", full)
    site.deliver(site.receiver.receipt())
    assert (agent.outbox.waiting, agent.downlink.counts.accepted) == (45, 0)
    monkeypatch.undo()
    site.deliver(site.receiver.receipt())
    assert agent.outbox.waiting == 0


def test_nothing_is_written_to_the_disk_between_two_commits(site: Site) -> None:
    agent: Agent = site.begin()
    before = agent.database.row("PRAGMA data_version"), agent.database._connection.total_changes
    site.advance(14)
    assert (agent.database.row("PRAGMA data_version"), agent.database._connection.total_changes) == before
    site.advance(1)
    assert agent.database._connection.total_changes > before[1]


def test_the_log_says_who_opened_a_new_ledger(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    site.start()
    site.agent.abandon()
    (site.folder / "edge.db").write_bytes(b"rubbish" * 4_000)
    with caplog.at_level(logging.CRITICAL):
        site.start()
    assert "kept as edge.db.broken-1" in caplog.text
