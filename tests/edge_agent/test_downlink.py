"""Messages from the server: who is believed, in what, and what contradictions lead to."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

import pytest

from kiosk.ledger.format import parse
from kiosk.ledger.signing import SigningKey
from kiosk.wire.down import Keys, LedgerAck, ReadingsAck, TimeAnswer
from tests.edge_agent.receiver import NO_HASH
from tests.edge_agent.site import START_UTC_MS, Site


@pytest.fixture
def waiting(site: Site) -> Site:
    """30 rows and a sale were sent; no receipt has come."""
    site.start()
    site.agent.till.sale("phone")
    site.advance(30)
    site.collect()
    return site


def receipt_sections(site: Site) -> list[ReadingsAck | LedgerAck]:
    return [site.receiver.readings_ack(site.agent.outbox.stream), *site.receiver.ledger_acks()]


def test_a_message_by_an_unknown_key_is_no_receipt(waiting: Site) -> None:
    stranger = SigningKey.from_private_bytes(b"\x09" * 32)
    waiting.deliver(waiting.receiver.message(receipt_sections(waiting), key=stranger))
    assert waiting.agent.outbox.waiting == 30
    assert waiting.agent.downlink.counts.forged == 1


def test_a_message_with_one_bit_changed_is_no_receipt(waiting: Site) -> None:
    message = bytearray(waiting.receiver.receipt())
    message[60] ^= 1
    waiting.deliver(bytes(message))
    assert waiting.agent.outbox.waiting == 30
    assert waiting.agent.downlink.counts.accepted == 0


@pytest.mark.parametrize("raw", [b"", b"\x01", b"\xff" * 200, b"\x00" * 8_192, b"x" * 10_000])
def test_bytes_that_are_no_message_are_counted(waiting: Site, raw: bytes) -> None:
    waiting.deliver(raw)
    assert waiting.agent.downlink.counts.unreadable == 1


@pytest.mark.parametrize(("site_code", "device"), [("louda", ""), ("", "00" * 8)])
def test_a_message_for_somebody_else_is_no_receipt(waiting: Site, site_code: str, device: str) -> None:
    waiting.deliver(waiting.receiver.message(receipt_sections(waiting), site=site_code, device=device))
    assert waiting.agent.outbox.waiting == 30
    assert waiting.agent.downlink.counts.foreign == 1


def test_an_old_counter_is_ignored_also_in_the_next_life(waiting: Site) -> None:
    old = waiting.receiver.message([])
    newer = waiting.receiver.message([])
    waiting.deliver(newer)
    waiting.deliver(newer)
    waiting.deliver(old)
    assert (waiting.agent.downlink.counts.accepted, waiting.agent.downlink.counts.old) == (1, 2)
    waiting.power_cut()
    waiting.deliver(newer)
    assert waiting.agent.downlink.counts.old == 1


def test_a_smaller_epoch_is_ignored(waiting: Site) -> None:
    waiting.deliver(waiting.receiver.message([]))
    waiting.deliver(waiting.receiver.message(receipt_sections(waiting), epoch=6, counter=10**6))
    assert waiting.agent.outbox.waiting == 30


def test_a_greater_epoch_replaces_the_marks_and_records_go_again(waiting: Site) -> None:
    waiting.deliver(waiting.receiver.receipt())
    head = waiting.agent.till.book.head
    assert head is not None
    log = head.log
    assert waiting.agent.till.book.logs[log].acked == head.seq
    records = dict(waiting.receiver.records[log])
    # The server comes back from a backup that knew the first two records only.
    waiting.receiver.records[log] = {seq: records[seq] for seq in (1, 2)}
    waiting.receiver.epoch, waiting.receiver.counter = 8, 0
    waiting.deliver(waiting.receiver.receipt())
    waiting.exchange()
    assert waiting.receiver.records[log] == records
    assert waiting.agent.till.book.logs[log].closed == ""


def test_in_the_same_epoch_a_log_never_falls_back(waiting: Site) -> None:
    early = waiting.receiver.ledger_acks()[0]
    waiting.deliver(waiting.receiver.receipt())
    genesis = waiting.agent.till.book.hash_at(early.log, 1)
    assert genesis is not None
    waiting.deliver(waiting.receiver.message([early._replace(upto=1, hash=genesis)]))
    assert waiting.agent.till.book.logs[early.log].acked == early.upto


def test_a_receipt_for_another_stream_deletes_nothing(waiting: Site) -> None:
    waiting.deliver(waiting.receiver.message([ReadingsAck(30)], stream="ab" * 16))
    assert waiting.agent.outbox.waiting == 30


@pytest.mark.parametrize("ack", [ReadingsAck(31), ReadingsAck(0, ((25, 10),)), ReadingsAck(0, (), ((31, 1),))])
def test_a_receipt_beyond_the_head_begins_a_new_stream_with_all_rows(waiting: Site, ack: ReadingsAck) -> None:
    before = waiting.agent.outbox.stream
    waiting.deliver(waiting.receiver.message([ack]))
    after = waiting.agent.outbox.stream
    assert after != before
    waiting.exchange()
    assert sorted(waiting.receiver.rows[after]) == list(range(1, 31))
    assert waiting.agent.outbox.waiting == 0


def test_refused_rows_are_done_and_counted(waiting: Site) -> None:
    waiting.deliver(waiting.receiver.message([ReadingsAck(15, (), ((16, 15),))]))
    assert waiting.agent.outbox.waiting == 0
    assert waiting.agent.downlink.counts.refused_rows == 15


def test_a_hash_that_is_not_ours_closes_the_log_and_opens_one_that_names_both_heads(waiting: Site) -> None:
    old = waiting.agent.till.book.head
    assert old is not None
    waiting.deliver(waiting.receiver.message([LedgerAck(old.log, 2, "ab" * 32, 0, 0, 0)]))
    book = waiting.agent.till.book
    assert book.head is not None
    assert book.head.log != old.log
    genesis = book.genesis(book.head.log)
    assert genesis is not None
    fields = genesis.fields
    assert (fields["old_log"], fields["old_seq"], fields["old_hash"]) == (old.log, old.seq, old.hash)
    assert (fields["seen_seq"], fields["seen_hash"], fields["why"]) == (2, "ab" * 32, "head-unknown")
    assert waiting.agent.till.sale("phone").box_minor == 200
    waiting.exchange()
    assert len(waiting.receiver.records) == 2
    # Said again of the closed log, it opens no third one.
    waiting.deliver(waiting.receiver.message([LedgerAck(old.log, 2, "cd" * 32, 0, 0, 0)]))
    assert len(book.logs) == 2


def test_a_head_beyond_our_own_closes_the_log(waiting: Site) -> None:
    old = waiting.agent.till.book.head
    assert old is not None
    waiting.deliver(waiting.receiver.message([LedgerAck(old.log, old.seq + 5, "ab" * 32, 0, 0, 0)]))
    assert waiting.agent.till.book.logs[old.log].closed == "head-unknown"


def test_the_fork_mark_closes_the_log_even_with_our_own_hash(waiting: Site) -> None:
    ack = waiting.receiver.ledger_acks()[0]
    waiting.deliver(waiting.receiver.message([ack._replace(fork=True)]))
    assert waiting.agent.till.book.logs[ack.log].closed == "forked"
    assert waiting.agent.till.book.logs[ack.log].acked == ack.upto


def test_upto_nothing_carries_no_hash_and_is_no_contradiction(waiting: Site) -> None:
    head = waiting.agent.till.book.head
    assert head is not None
    waiting.deliver(waiting.receiver.message([LedgerAck(head.log, 0, NO_HASH, 0, 0, 0)]))
    assert waiting.agent.till.book.logs[head.log].closed == ""


def test_a_receipt_for_a_log_that_was_never_here_changes_nothing(waiting: Site) -> None:
    waiting.deliver(waiting.receiver.message([LedgerAck("ab" * 16, 3, "cd" * 32, 0, 0, 0)]))
    assert len(waiting.agent.till.book.logs) == 1


def test_records_are_sent_again_from_where_the_server_says(waiting: Site) -> None:
    log = waiting.receiver.ledger_acks()[0].log
    del waiting.receiver.records[log][2]
    waiting.deliver(waiting.receiver.receipt())
    waiting.exchange()
    assert 2 in waiting.receiver.records[log]
    assert waiting.agent.till.book.logs[log].acked == max(waiting.receiver.records[log])


def test_a_record_that_cannot_be_read_any_more_is_declared_lost_and_the_rest_goes(waiting: Site) -> None:
    log = waiting.receiver.ledger_acks()[0].log
    sale = max(waiting.receiver.records[log])
    waiting.agent.till.sale("lamp")
    connection = sqlite3.connect(waiting.folder / "edge.db")
    connection.execute("UPDATE ledger_record SET payload = zeroblob(9) WHERE seq = ?", (sale,))
    connection.commit()
    connection.close()
    del waiting.receiver.records[log][sale]
    waiting.deliver(waiting.receiver.receipt(waiting.receiver.ledger_acks()[0]._replace(send_from=sale)))
    waiting.collect()
    waiting.advance(1)
    waiting.collect()
    kept = waiting.receiver.records[log]
    assert sale not in kept
    loss = parse(kept[max(kept)])
    assert (loss["t"], loss["lost_log"], loss["from"], loss["to"]) == ("LOSS", log, sale, sale)
    assert (loss["lost_in"], loss["lost_cash"]) == (100, 100)
    losses = [payload for payload in kept.values() if parse(payload)["t"] == "LOSS"]
    assert len(losses) == 1


def test_disputed_records_are_noted_and_kept(waiting: Site) -> None:
    ack = waiting.receiver.ledger_acks()[0]
    waiting.deliver(waiting.receiver.message([ack._replace(disputed=(2, 3))]))
    assert waiting.agent.till.book.disputed(ack.log) == [2, 3]
    assert waiting.agent.till.book.find(ack.log, 2) is not None


def test_new_keys_are_believed_if_an_old_one_signed_them_and_last(waiting: Site) -> None:
    third, fourth = (SigningKey.from_private_bytes(bytes([n]) * 32) for n in (5, 6))
    waiting.deliver(waiting.receiver.message([Keys(third.public_hex, fourth.public_hex)], key=waiting.ingest_next))
    waiting.deliver(waiting.receiver.receipt())
    assert waiting.agent.outbox.waiting == 30, "the first key was retired"
    waiting.power_cut()
    waiting.deliver(waiting.receiver.message(receipt_sections(waiting), key=third))
    assert waiting.agent.outbox.waiting == 0


def test_the_server_s_time_dates_the_boot_with_the_round_trip_as_uncertainty(site: Site) -> None:
    site.start()
    site.agent.step()
    site.collect()
    site.pass_ms(4_000)
    site.deliver(site.receiver.receipt(site.receiver.time_answer(START_UTC_MS)))
    fix = site.agent.keeper.fix
    assert fix is not None
    assert (fix.source, fix.utc_ms, fix.uncertainty_ms, fix.mono_ms) == ("server", START_UTC_MS, 4_000, 3_000)
    site.advance(15)
    header = site.receiver.take(site.link.sent[-1][1])
    assert (header.clock.source, header.clock.uncertainty_ms) == ("server", 4_000)
    assert parse(site.receiver.records[next(iter(site.receiver.records))][4])["t"] == "TIME_FIX"


def test_a_time_answer_that_lay_somewhere_for_long_is_no_clock(site: Site) -> None:
    site.start()
    site.agent.step()
    site.collect()
    answer = site.receiver.time_answer(START_UTC_MS)
    site.pass_ms(30 * 86_400_000)
    site.deliver(site.receiver.message([answer]))
    assert site.agent.keeper.fix is None
    assert site.agent.downlink.counts.late_times == 1


def test_an_answer_to_the_life_before_is_no_clock(site: Site) -> None:
    site.start()
    site.agent.step()
    site.collect()
    answer = site.receiver.time_answer(START_UTC_MS)
    site.power_cut()
    site.agent.step()
    site.collect()
    site.deliver(site.receiver.message([answer]))
    assert site.agent.keeper.fix is None


@pytest.mark.parametrize("change", [{"nonce": "00" * 8}, {"boot": "00" * 8}, {"mono_ms": 5}])
def test_an_answer_to_no_question_of_ours_is_no_clock(site: Site, change: dict[str, str | int]) -> None:
    site.start()
    site.agent.step()
    site.collect()
    right = site.receiver.time_answer(START_UTC_MS)
    wrong = {"nonce": right.nonce, "boot": right.boot, "mono_ms": right.mono_ms, "utc_ms": right.utc_ms} | change
    site.deliver(site.receiver.message([TimeAnswer(**wrong)]))  # type: ignore[arg-type]
    assert site.agent.keeper.fix is None


def test_an_answer_serves_once(site: Site) -> None:
    site.start()
    site.agent.step()
    site.collect()
    answer = site.receiver.time_answer(START_UTC_MS)
    site.deliver(site.receiver.message([answer]))
    site.deliver(site.receiver.message([replace(answer, utc_ms=START_UTC_MS + 10**9)]))
    assert site.agent.keeper.fix is not None
    assert site.agent.keeper.fix.utc_ms == START_UTC_MS
    assert site.agent.downlink.counts.late_times == 1
