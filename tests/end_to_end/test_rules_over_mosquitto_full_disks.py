"""A full disk at the server or at the kiosk, over the product's Mosquitto: money goes on, no promise is false."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from store.schema import stream, stream_gap
from tests.end_to_end import kill_books
from tests.end_to_end.broker_world import World

RETRY_S = 0.05
TINY_PAGES = 90
"""Of 4 KiB: all the room that the kiosk's file has."""


def leave_pages(world: World, pages: int) -> None:
    """So many pages more than now may the server's file have."""
    with world.store.write() as connection:
        used = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {used + pages}")


def test_a_full_disk_at_the_server_is_not_acknowledged_and_made_up_for_afterwards(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("ingest.subscriber.RETRY_S", RETRY_S)
    monkeypatch.setattr("ingest.subscriber.RETRY_MAX_S", RETRY_S)
    site = world.kiosk("damane")
    site.start()
    with world.ingesting():
        world.settle(site)
        before = kill_books.records_at_server(world.store, "damane")
        heard = len(site.link.heard)
        leave_pages(world, 0)
        site.sell(60)
        site.pass_minutes(240)
        site.agent.publisher.ask_now()
        world.until(lambda: "the store does not take messages" in caplog.text and "disk" in caplog.text)
        assert len(site.link.heard) == heard
        assert kill_books.records_at_server(world.store, "damane") == before
        assert not site.money_is_answered
        leave_pages(world, 100_000)
        world.settle(site)
    assert len(site.link.heard) > heard
    assert kill_books.records_at_server(world.store, "damane") == kill_books.records_at_edge(site.folder)
    assert kill_books.rows_at_server(world.store, "damane") == site.agent.outbox.head
    assert not any(kill_books.oddities(world.store, "damane").values())


def test_a_full_disk_at_the_kiosk_costs_its_oldest_readings_and_no_sale(world: World) -> None:
    site = world.kiosk("damane")
    site.page_limit = TINY_PAGES
    world.broker.stop()
    site.start()
    sales = 0
    while site.agent.outbox.dropped < 200:
        site.pass_minutes(20)
        site.sell()
        sales += 1
        assert sales < 2_000, "the file never became full"
    for _ in range(50):
        site.sell()
        site.pass_minutes(15)
    sales += 50
    dropped, head = site.agent.outbox.dropped, site.agent.outbox.head
    lowest = site.agent.outbox.lowest_kept
    assert lowest == dropped + 1, "the oldest went, and only they"
    world.broker.start()
    with world.ingesting():
        world.advance(600_000)
        world.settle(site)
    assert kill_books.records_at_server(world.store, "damane") == kill_books.records_at_edge(site.folder)
    with world.store.read() as connection:
        gaps = connection.execute(select(stream_gap.c.first, stream_gap.c["count"])).all()
        told = connection.execute(select(stream.c.gap_rows)).scalar_one()
    assert [tuple(gap) for gap in gaps] == [(1, dropped)]
    assert told == dropped == world.count("rows_given_up")
    assert kill_books.rows_at_server(world.store, "damane") == site.agent.outbox.head - dropped >= head - dropped
    sold = sum(
        1 for payload, _ in kill_books.records_at_server(world.store, "damane").values() if b'"t":"SALE"' in payload
    )
    assert sold == sales
    odd = kill_books.oddities(world.store, "damane")
    assert {what for what, many in odd.items() if many} == {"rows given up"}
