"""What is no record of its log is kept exactly, believed never, and blocks nothing for ever."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ingest import ledger
from kiosk.ledger import canonical
from kiosk.ledger import format as ledger_format
from kiosk.ledger.chain import record_hash
from kiosk.ledger.signing import SigningKey
from kiosk.wire.down_sections import LedgerAck
from kiosk.wire.records import SignedRecord
from tests.ingest.server import Server, ledger_ack
from tests.ingest.server import send_records as send
from tests.ingest.writer import Kiosk


def bent(signed: SignedRecord, payload: bytes | None = None, signature: bytes | None = None) -> SignedRecord:
    return replace(signed, payload=payload or signed.payload, signature=signature or signed.signature)


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
