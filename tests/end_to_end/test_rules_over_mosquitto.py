"""The rules of the radio path with real agents, the product's Mosquitto over mutual TLS, and a real ingest."""

from __future__ import annotations

from kiosk.wire import topics
from kiosk.wire.down import TimeAnswer, decode_down
from kiosk.wire.frame import KIND_BLOCK
from store import ledger_aside, ledger_records
from tests.end_to_end import kill_books
from tests.end_to_end.broker_kiosk import MINUTE_MS, OverBroker
from tests.end_to_end.broker_spoiling import damaged, of_another_partition, with_broken_signature
from tests.end_to_end.broker_world import World

MONTH_MS = 30 * 86_400_000
SILENCE_MS = 31_000
LONG_ENOUGH_MS = 5 * MINUTE_MS
"""Until an agent sends again what nobody has answered for."""


def open_log(site: OverBroker) -> str:
    log = site.agent.till.book.open_log
    assert log is not None
    return log.log


def rows_given(site: OverBroker) -> int:
    return site.agent.outbox.head


def test_a_corrupted_block_does_not_delay_the_money_of_its_frame(world: World) -> None:
    site = world.kiosk("damane")
    site.start()
    with world.ingesting():
        world.settle(site)
        site.link.spoil = lambda payload: damaged(payload, KIND_BLOCK)
        site.pass_minutes(15)
        site.sell(3)
        site.agent.publisher.ask_now()
        world.until(lambda: world.count("section_damaged") and site.money_is_answered)
        assert kill_books.records_at_server(world.store, "damane") == kill_books.records_at_edge(site.folder)
        assert site.agent.outbox.waiting >= 15
        assert kill_books.rows_at_server(world.store, "damane") < rows_given(site)
        site.link.spoil = lambda payload: payload
        world.advance(LONG_ENOUGH_MS)
        world.settle(site)
    assert kill_books.rows_at_server(world.store, "damane") == rows_given(site)
    assert not world.letters(), "damage on the way is no dead letter: the edge has the right bytes"


def test_a_record_whose_signature_was_broken_on_the_way_is_sent_again(world: World) -> None:
    site = world.kiosk("damane")
    site.start()
    with world.ingesting():
        world.settle(site)
        site.sell()
        world.until(lambda: site.money_is_answered)
        bad = site.agent.till.book.logs[open_log(site)].head_seq + 1
        site.link.spoil = lambda payload: with_broken_signature(payload, bad)
        site.sell(4)
        world.until(lambda: world.count("record_disputed"))
        site.link.spoil = lambda payload: payload
        world.advance(SILENCE_MS)
        world.until(lambda: site.money_is_answered)
    assert kill_books.records_at_server(world.store, "damane") == kill_books.records_at_edge(site.folder)
    assert world.count("holes_passed") == 0


def test_a_record_whose_signature_stays_broken_does_not_block_its_successors(world: World) -> None:
    site = world.kiosk("damane")
    site.start()
    with world.ingesting():
        world.settle(site)
        log = open_log(site)
        bad = site.agent.till.book.logs[log].head_seq + 2
        site.link.spoil = lambda payload: with_broken_signature(payload, bad)
        site.sell(5)
        for copies in range(1, 4):
            world.until(lambda: world.count("record_disputed") >= copies)  # noqa: B023 - asked at once
            world.advance(SILENCE_MS)
        world.until(lambda: site.money_is_answered)
        site.sell()
        world.until(lambda: site.money_is_answered)
    at_edge = kill_books.records_at_edge(site.folder)
    at_server = kill_books.records_at_server(world.store, "damane")
    assert set(at_edge) - set(at_server) == {(log, bad)}
    with world.store.read() as connection:
        assert [(gap.from_seq, gap.to_seq, gap.reason) for gap in ledger_aside.gaps(connection, log)] == [
            (bad, bad, "disputed")
        ]
        assert {each.seq for each in ledger_aside.disputed(connection, "damane")} == {bad}
        visible = sum(row.amt for row in ledger_records.sums(connection, "damane", "0000", "9999"))
    assert visible == 500, "five of six sales are in the sums"
    assert site.agent.till.book.disputed(log) == [bad]


def test_an_acknowledgement_replayed_after_a_month_moves_no_clock_and_no_mark(world: World) -> None:
    site = world.kiosk("damane")
    site.start()
    with world.ingesting():
        site.sell()
        world.settle(site)
        old = site.link.heard[0]
        site.sell(3)
        site.pass_minutes(15)
        site.agent.publisher.ask_now()
        world.settle(site)
    assert any(isinstance(section, TimeAnswer) for section in decode_down(old)[0].sections)
    site.power_cut()
    with world.client(world.files) as server:
        server.say(topics.down("damane"), old)
    world.advance(MONTH_MS)
    site.start()
    assert site.agent.keeper.fix is None
    before = site.marks
    world.until(lambda: site.agent.downlink.counts.old)
    assert site.agent.downlink.counts.accepted == 0
    assert site.marks == before


def test_an_unread_acknowledgement_that_lay_queued_for_a_month_is_no_clock(world: World) -> None:
    site = world.kiosk("damane")
    site.start()
    with world.ingesting():
        world.settle(site)
    site.power_cut()
    site.start()
    site.sell()
    world.until(lambda: site.link.published and not site.link.outstanding)
    assert site.agent.keeper.fix is None
    site.power_cut()
    answered = world.count("time_answers")
    with world.ingesting():
        world.until(lambda: world.count("time_answers") > answered)
    world.advance(MONTH_MS)
    site.start()
    world.until(lambda: site.agent.downlink.counts.accepted)
    assert site.agent.downlink.counts.late_times == 1
    assert site.agent.keeper.fix is None, "the answer to a question of another life is no clock"
    with world.ingesting():
        world.until(lambda: site.trusted_utc_ms)
    assert abs(site.trusted_utc_ms - world.clock.wall_utc_ms()) < MINUTE_MS


def test_a_frame_in_a_wrong_partition_is_refused_and_counted(world: World) -> None:
    site = world.kiosk("damane")
    site.start()
    with world.ingesting():
        world.settle(site)
        known = kill_books.records_at_server(world.store, "damane")
        site.link.retopic = of_another_partition
        site.sell()
        world.until(lambda: world.count("topic_refused"))
        assert kill_books.records_at_server(world.store, "damane") == known
        assert not site.money_is_answered
        assert [letter.kind for letter in world.letters()] == ["topic"]
        site.link.retopic = lambda topic: topic
        site.pass_minutes(16)  # the answer to its next regular frame tells the agent that the one before it is lost
        world.until(lambda: site.money_is_answered)
    assert len(kill_books.records_at_server(world.store, "damane")) > len(known)


def test_a_broker_that_is_away_at_the_start_and_in_the_middle_costs_nothing(world: World) -> None:
    world.broker.stop()
    site = world.kiosk("damane")
    site.start()
    site.sell(2)
    site.pass_minutes(20)
    world.until(lambda: site.link.trouble)
    world.broker.start()
    with world.ingesting() as subscriber:
        world.advance(LONG_ENOUGH_MS)
        world.settle(site)
        world.broker.kill9()
        site.sell(2)
        site.pass_minutes(20)
        world.until(lambda: not site.link.connected and not subscriber.connected.is_set())
        world.broker.start()
        world.advance(LONG_ENOUGH_MS)
        world.until(subscriber.connected.is_set)
        site.agent.publisher.ask_now()
        world.settle(site)
    assert kill_books.records_at_server(world.store, "damane") == kill_books.records_at_edge(site.folder)
    assert kill_books.rows_at_server(world.store, "damane") == rows_given(site) >= 40
    assert not any(kill_books.oddities(world.store, "damane").values())
