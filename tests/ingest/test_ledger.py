"""What stands where: records placed, waiting, marked and lost, and how each outcome is acknowledged."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ingest import ledger
from kiosk.ledger import act
from kiosk.ledger.chain import record_hash
from kiosk.wire.down_sections import NO_HASH
from store import days, ledger_logs, ledger_records
from tests.ingest.server import Server, ledger_ack
from tests.ingest.server import send_records as send
from tests.ingest.writer import Kiosk


def test_a_chain_is_stored_with_its_exact_bytes_and_acknowledged(server: Server, kiosk: Kiosk) -> None:
    records = kiosk.open_books(3)
    ack = send(server, kiosk, *records, first=1)
    assert (ack.upto, ack.hash) == (5, record_hash(records[-1].payload))
    assert (ack.sum_in, ack.sum_out, ack.box, ack.branch, ack.send_from, ack.fork) == (300, 0, 300, 0, 0, False)
    stored = server.records(kiosk.log)
    assert [(each.payload, each.signature) for each in stored] == [(each.payload, each.signature) for each in records]
    assert {each.marks for each in stored} == {""}
    assert all(each.counts for each in stored)


def test_a_repeated_record_is_acknowledged_again(server: Server, kiosk: Kiosk) -> None:
    records = kiosk.open_books(3)
    first = send(server, kiosk, *records, first=1)
    assert send(server, kiosk, *records[2:], first=3) == first
    assert server.count("record_repeated") == 3
    assert len(server.records(kiosk.log)) == 5


def test_a_record_beyond_the_next_waits_and_the_missing_ones_are_asked_for(server: Server, kiosk: Kiosk) -> None:
    records = kiosk.open_books(4)
    send(server, kiosk, *records[:2], first=1)
    ack = send(server, kiosk, *records[3:], first=4)
    assert (ack.upto, ack.send_from) == (2, 3)
    assert server.parked(kiosk.log) == [4, 5, 6]
    ack = send(server, kiosk, records[2], first=3)
    assert (ack.upto, ack.send_from) == (6, 0)
    assert server.parked(kiosk.log) == []


def test_records_before_genesis_are_acknowledged_as_nothing_yet(server: Server, kiosk: Kiosk) -> None:
    records = kiosk.open_books(1)
    ack = send(server, kiosk, *records[1:], first=2)
    assert (ack.upto, ack.hash, ack.send_from) == (0, NO_HASH, 1)


def test_a_record_that_does_not_follow_is_stored_marked_and_the_head_goes_on(server: Server, kiosk: Kiosk) -> None:
    kiosk.open_books(1)
    kiosk.sale(prev="ab" * 32)
    kiosk.sale()
    ack = send(server, kiosk, *kiosk.records, first=1)
    assert ack.upto == 5
    assert [each.marks for each in server.records(kiosk.log)] == ["", "", "", "break", ""]
    assert server.count("record_break") == 1


def test_wrong_totals_are_marked_and_counted_all_the_same(server: Server, kiosk: Kiosk) -> None:
    kiosk.open_books(1)
    kiosk.sale(sum_in=999)
    ack = send(server, kiosk, *kiosk.records, first=1)
    assert ack.sum_in == 999
    (odd,) = [each for each in server.records(kiosk.log) if each.marks]
    assert (odd.marks, odd.counts, odd.amt) == ("totals", True, 100)


def test_a_price_that_is_not_the_tariffs_is_marked(server: Server, kiosk: Kiosk) -> None:
    kiosk.open_books(1)
    kiosk.sale(150, tar=1)
    kiosk.sale(100, tar=9)
    kiosk.sale(0, tar=1, pay="free")
    kiosk.sale(50, svc="lamp", tar=1, qty=1)
    send(server, kiosk, *kiosk.records, first=1)
    assert [each.marks for each in server.records(kiosk.log)][3:] == ["tariff", "tariff", "", ""]


def test_time_that_runs_backwards_is_marked(server: Server, kiosk: Kiosk) -> None:
    kiosk.open_books(1)
    kiosk.sale(mono=5)
    kiosk.sale(bn=7)
    kiosk.sale(bn=2)
    send(server, kiosk, *kiosk.records, first=1)
    assert [each.marks for each in server.records(kiosk.log)][3:] == ["order", "", "order"]


def test_a_press_recorded_twice_counts_as_signed_and_is_marked(server: Server, kiosk: Kiosk) -> None:
    kiosk.open_books(1)
    kiosk.sale(id="aa" * 16)
    kiosk.sale(id="aa" * 16)
    send(server, kiosk, *kiosk.records, first=1)
    first, second = server.records(kiosk.log)[3:]
    assert (first.marks, second.marks) == ("", "press")
    assert first.counts
    assert second.counts


def test_a_genesis_that_follows_another_act_is_marked(server: Server, kiosk: Kiosk) -> None:
    kiosk.head = replace(kiosk.head, hash="cd" * 32)
    kiosk.genesis()
    assert send(server, kiosk, *kiosk.records, first=1).upto == 1
    assert server.records(kiosk.log)[0].marks == "act"


def test_a_trial_never_counts_and_a_void_takes_back_by_its_own_amount(server: Server, kiosk: Kiosk) -> None:
    kiosk.open_books(2)
    kiosk.record("TEST", code="bell")
    kiosk.record("VOID", ref=4, amt=-100, cash=-100, pay="cash")
    send(server, kiosk, *kiosk.records, first=1)
    by_type = {each.t: each.counts for each in server.records(kiosk.log)}
    assert (by_type["TEST"], by_type["VOID"]) == (False, True)
    with server.store.read() as connection:
        sums = ledger_records.sums(connection, kiosk.site, "2026-09-21", "2026-09-21")
    assert sum(each.amt for each in sums) == 100
    assert sum(each.cash for each in sums) == 100


def test_the_day_of_a_record_becomes_dirty(server: Server, kiosk: Kiosk) -> None:
    send(server, kiosk, *kiosk.open_books(1), first=1)
    with server.store.read() as connection:
        assert [day.day for day in days.dirty_days(connection, 9)] == ["2026-09-21"]


def test_a_declared_loss_passes_the_hole(server: Server, kiosk: Kiosk) -> None:
    kiosk.open_books(4)
    declared: dict[str, str | int] = {"from": 3, "to": 4, "lost_in": 200, "lost_cash": 200}
    kiosk.record("LOSS", "", lost_log=kiosk.log, why="card", **declared)
    send(server, kiosk, *kiosk.records[:2], first=1)
    ack = send(server, kiosk, *kiosk.records[4:], first=5)
    assert (ack.upto, ack.send_from) == (7, 0)
    assert [each.seq for each in server.records(kiosk.log)] == [1, 2, 5, 6, 7]
    (gap,) = server.gaps(kiosk.log)
    assert (gap.from_seq, gap.to_seq, gap.reason, gap.lost_in) == (3, 4, "loss", 200)


def test_a_loss_is_read_even_when_there_is_no_room_to_wait(
    server: Server, kiosk: Kiosk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "PARKED_MAX", 2)
    kiosk.open_books(4)
    declared: dict[str, str | int] = {"from": 3, "to": 3}
    kiosk.record("LOSS", "", lost_log=kiosk.log, why="card", **declared)
    send(server, kiosk, *kiosk.records[:2], first=1)
    ack = send(server, kiosk, *kiosk.records[3:], first=4)
    assert ack.upto == 5, "what found room has followed"
    assert send(server, kiosk, *kiosk.records[5:], first=6).upto == 7


def test_where_there_is_no_room_the_furthest_gives_way(
    server: Server, kiosk: Kiosk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "PARKED_MAX", 2)
    records = kiosk.open_books(6)
    send(server, kiosk, *records[:1], first=1)
    send(server, kiosk, *records[5:], first=6)
    send(server, kiosk, *records[2:4], first=3)
    assert server.parked(kiosk.log) == [3, 4]
    assert server.count("record_parking_full") == 3
    assert send(server, kiosk, records[1], first=2).upto == 4


def test_a_new_log_names_the_old_one(server: Server, kiosk: Kiosk) -> None:
    kiosk.open_books(1)
    send(server, kiosk, *kiosk.records, first=1)
    old = kiosk.log
    kiosk.log = "77" * 16
    kiosk.records = []
    kiosk.head = replace(kiosk.head.empty(kiosk.log, "XOF", act.act_hash(kiosk.act())), site=kiosk.site, dev=kiosk.dev)
    kiosk.genesis(old_log=old, old_seq=3, why="card")
    assert send(server, kiosk, *kiosk.records, first=1).upto == 1
    with server.store.read() as connection:
        assert [log.old_log for log in ledger_logs.logs_of(connection, kiosk.site)] == ["", old]


def test_a_ledger_section_that_cannot_be_taken_apart_is_kept(server: Server, kiosk: Kiosk) -> None:
    section = kiosk.section_of(kiosk.open_books(1), 1)
    (message,) = server.send(kiosk, kiosk.frame(replace(section, body=section.body[:-3])))
    assert server.count("section_refused") == 1
    assert ledger_ack(message).upto == 0
    assert server.letters()[0].kind == "ledger"
