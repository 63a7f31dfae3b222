"""The check table of the ledger's design, row by row, and how each outcome is acknowledged."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ingest import ledger
from kiosk.ledger import act, canonical
from kiosk.ledger import format as ledger_format
from kiosk.ledger.chain import record_hash
from kiosk.ledger.signing import SigningKey
from kiosk.wire.down_sections import NO_HASH, LedgerAck
from kiosk.wire.records import SignedRecord
from store import days, ledger_table
from tests.ingest.server import Server, ledger_ack
from tests.ingest.server import send_records as send
from tests.ingest.writer import Kiosk


@pytest.fixture
def kiosk(server: Server) -> Kiosk:
    return server.register(Kiosk())


def bent(signed: SignedRecord, payload: bytes | None = None, signature: bytes | None = None) -> SignedRecord:
    return replace(signed, payload=payload or signed.payload, signature=signature or signed.signature)


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


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (b"", "json"),
        (b"\xff\xfe", "utf8"),
        (b"not json", "json"),
        (b"[1]", "json"),
        (b'{"a":1.5}', "json"),
        (b'{"a": 1}', "canonical"),
        (b'{"b":1,"a":2}', "canonical"),
        (b'{"a":9007199254740993}', "canonical"),
        (b'{"a":1}', "field"),
        (b'{"a":{"b":{"c":1}}}', "json"),
        (b"[" * 4_000, "json"),
        (b'{"a":"' + b"x" * 4_080 + b'"}', "field"),
    ],
)
def test_bytes_that_are_no_record_are_kept_exactly_and_not_acknowledged(
    server: Server, kiosk: Kiosk, payload: bytes, code: str
) -> None:
    genesis, *_ = kiosk.open_books(1)
    send(server, kiosk, genesis, first=1)
    ack = send(server, kiosk, SignedRecord(payload, b"\x01" * 64, kiosk.key.key_id), first=2)
    assert ack.upto == 1
    (kept,) = server.disputed(kiosk.site)
    assert (kept.payload, kept.signature, kept.seq) == (payload, b"\x01" * 64, 2)
    assert kept.reason.startswith(code)
    assert server.count("record_disputed") == 1


def test_a_record_that_breaks_its_types_rules_is_disputed(server: Server, kiosk: Kiosk) -> None:
    kiosk.open_books(1)
    fields = ledger_format.parse(kiosk.records[2].payload) | {"cash": 7}
    payload = canonical.dump(fields)
    signed = SignedRecord(payload, kiosk.key.sign(payload), kiosk.key.key_id)
    ack = send(server, kiosk, *kiosk.records[:2], signed, first=1)
    assert ack.upto == 2
    assert server.disputed(kiosk.site)[0].reason.startswith("rule")


def test_a_wrong_signature_is_disputed_and_a_security_event(server: Server, kiosk: Kiosk) -> None:
    records = kiosk.open_books(1)
    ack = send(server, kiosk, *records[:2], bent(records[2], signature=b"\x00" * 64), first=1)
    assert ack.upto == 2
    assert server.disputed(kiosk.site)[0].security
    assert server.count("security_events") == 1


def test_a_wrong_signature_hides_none_of_its_successors(server: Server, kiosk: Kiosk) -> None:
    records = kiosk.open_books(4)
    wrong = bent(records[2], signature=b"\x00" * 64)
    ack = send(server, kiosk, *records[:2], wrong, *records[3:], first=1)
    assert (ack.upto, ack.send_from) == (2, 3)
    assert server.parked(kiosk.log) == [4, 5, 6]


def test_a_record_of_another_site_in_this_sites_frame_is_disputed(server: Server, kiosk: Kiosk) -> None:
    other = server.register(Kiosk(site="boken", name="other"))
    genesis = other.genesis()
    (message,) = server.send(kiosk, kiosk.frame(other.section_of([genesis], 1)))
    assert server.records(other.log) == []
    assert server.disputed(kiosk.site)[0].security
    assert server.disputed(kiosk.site)[0].reason.startswith("a record of boken")
    assert ledger_ack(message).upto == 0


def test_a_log_of_another_site_is_not_touched(server: Server, kiosk: Kiosk) -> None:
    kiosk.open_books(1)
    send(server, kiosk, *kiosk.records, first=1)
    thief = server.register(Kiosk(site="boken", name="thief"))
    thief.log = kiosk.log
    thief.head = replace(thief.head, log=kiosk.log)
    genesis = thief.genesis()
    (message,) = server.send(thief, thief.frame(thief.section_of([genesis], 1)))
    assert len(server.records(kiosk.log)) == 3
    assert server.disputed("boken")[0].security
    assert not any(isinstance(section, LedgerAck) for section in message.sections), "nothing is told of it either"


def test_a_log_that_waits_for_its_genesis_takes_none_from_another_site(server: Server, kiosk: Kiosk) -> None:
    kiosk.open_books(1)
    send(server, kiosk, *kiosk.records[1:], first=2)
    thief = server.register(Kiosk(site="boken", name="thief"))
    thief.log = kiosk.log
    thief.head = replace(thief.head, log=kiosk.log)
    server.send(thief, thief.frame(thief.section_of([thief.genesis()], 1)))
    assert server.records(kiosk.log) == []
    assert send(server, kiosk, kiosk.records[0], first=1).upto == 3


def test_an_unknown_key_is_refused(server: Server, kiosk: Kiosk) -> None:
    kiosk.key = SigningKey.generate()
    genesis = kiosk.genesis()
    assert send(server, kiosk, genesis, first=1).upto == 0
    assert "nobody knows key" in server.disputed(kiosk.site)[0].reason
    assert server.records(kiosk.log) == []


def test_a_section_that_lies_about_places_is_disputed(server: Server, kiosk: Kiosk) -> None:
    records = kiosk.open_books(1)
    send(server, kiosk, records[0], first=1)
    send(server, kiosk, records[2], first=2)
    assert "another place" in server.disputed(kiosk.site)[0].reason


def test_enough_copies_of_wrong_bytes_let_the_head_pass(server: Server, kiosk: Kiosk) -> None:
    records = kiosk.open_books(3)
    wrong = bent(records[2], signature=b"\x00" * 64)
    for copies in (1, 2):
        ack = send(server, kiosk, *records[:2], wrong, *records[3:], first=1)
        assert (ack.upto, ack.disputed) == (2, ()), copies
    ack = send(server, kiosk, *records[:2], wrong, *records[3:], first=1)
    assert (ack.upto, ack.disputed, ack.send_from) == (5, (3,), 0)
    assert ack.hash == record_hash(records[4].payload)
    assert [(each.seq, each.marks) for each in server.records(kiosk.log)] == [(1, ""), (2, ""), (4, "hole"), (5, "")]
    assert [(gap.from_seq, gap.to_seq, gap.reason) for gap in server.gaps(kiosk.log)] == [(3, 3, "disputed")]


def test_a_frame_that_the_broker_delivers_again_is_no_second_copy(server: Server, kiosk: Kiosk) -> None:
    records = kiosk.open_books(1)
    payload = kiosk.frame(kiosk.section_of([*records[:2], bent(records[2], signature=b"\x00" * 64)], 1))
    for _ in range(5):
        server.send(kiosk, payload)
    assert server.gaps(kiosk.log) == []
    assert server.disputed(kiosk.site)[0].copies == 1


def test_the_true_record_closes_the_hole_after_all(server: Server, kiosk: Kiosk) -> None:
    records = kiosk.open_books(3)
    wrong = bent(records[2], signature=b"\x00" * 64)
    for _ in range(3):
        send(server, kiosk, *records[:2], wrong, *records[3:], first=1)
    ack = send(server, kiosk, records[2], first=3)
    assert (ack.upto, ack.disputed) == (5, ())
    assert [(each.seq, each.marks) for each in server.records(kiosk.log)] == [(seq, "") for seq in range(1, 6)]
    assert server.gaps(kiosk.log) == []


def test_no_more_disputed_bytes_are_kept_than_there_is_room_for(
    server: Server, kiosk: Kiosk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "DISPUTED_MAX", 3)
    genesis = kiosk.genesis()
    send(server, kiosk, genesis, first=1)
    wrong = [SignedRecord(b"%d" % number, b"\x00" * 64, kiosk.key.key_id) for number in range(5)]
    send(server, kiosk, *wrong, first=2)
    assert len(server.disputed(kiosk.site)) == 3
    assert server.count("record_disputes_full") == 2


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
        sums = ledger_table.sums(connection, kiosk.site, "2026-09-21", "2026-09-21")
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
        assert [log.old_log for log in ledger_table.logs_of(connection, kiosk.site)] == ["", old]


def test_a_ledger_section_that_cannot_be_taken_apart_is_kept(server: Server, kiosk: Kiosk) -> None:
    section = kiosk.section_of(kiosk.open_books(1), 1)
    (message,) = server.send(kiosk, kiosk.frame(replace(section, body=section.body[:-3])))
    assert server.count("section_refused") == 1
    assert ledger_ack(message).upto == 0
    assert server.letters()[0].kind == "ledger"
