"""The records as the kiosk signed them: a stranger with the answer and the format's page can verify them."""

from __future__ import annotations

import json

from starlette.testclient import TestClient

from kiosk.ledger import act, chain
from kiosk.ledger.chain import Head
from kiosk.ledger.format import parse
from kiosk.ledger.signing import verify
from store import ledger_logs, ledger_records
from store.ledger_logs import Branch
from tests.api.book import Book
from tests.api.conftest import client_of
from tests.api.village import Kiosk, Village

LEDGER = "/api/v1/sites/damane/ledger"


def all_pages(client: TestClient, limit: int) -> list[dict[str, object]]:
    """Every page, by following `next_after`."""
    pages = [client.get(LEDGER, params={"limit": limit}).json()]
    while pages[-1]["next_after"] is not None:
        after = pages[-1]["next_after"]
        pages.append(client.get(LEDGER, params={"limit": limit, "after": after}).json())
    return pages


def test_a_stranger_verifies_every_record_from_the_answers_alone(client: TestClient, village: Village) -> None:
    pages = all_pages(client, 500)
    keys = {key["key_id"]: key["public_key"] for key in pages[0]["keys"]}  # type: ignore[attr-defined]
    site_act = str(pages[0]["acts"][0]).encode()  # type: ignore[index]
    head = Head.empty(str(pages[0]["log"]), "XOF", act.act_hash(site_act))
    records = [record for page in pages for record in page["records"]]  # type: ignore[attr-defined]
    for record in records:
        payload = record["payload"].encode()
        fields = parse(payload)
        assert chain.follows(head, fields) is None
        assert verify(keys[record["key_id"]], payload, bytes.fromhex(record["signature"]))
        assert chain.record_hash(payload) == record["hash"]
        head = chain.advance(head, fields, payload)
    book = village.books["damane"]
    assert len(records) == len(book.records) - 7
    assert pages[0]["branches"] == [{"branch": 0, "seq": head.seq, "hash": head.hash}]


def test_pages_follow_each_other_without_gap_or_repeat(client: TestClient) -> None:
    seqs = [record["seq"] for page in all_pages(client, 97) for record in page["records"]]  # type: ignore[attr-defined]
    assert seqs == list(range(1, len(seqs) + 1))


def test_both_branches_of_a_fork_are_on_one_page(empty: Village) -> None:
    book = _forked(empty)
    client = client_of(empty)
    path = "/api/v1/sites/boussouma/ledger"
    pages = [client.get(path, params={"limit": 2}).json()]
    while pages[-1]["next_after"] is not None:
        pages.append(client.get(path, params={"limit": 2, "after": pages[-1]["next_after"]}).json())
    found = [(record["seq"], record["branch"]) for page in pages for record in page["records"]]
    assert found == [(1, 0), (2, 0), (2, 1), (3, 0), (3, 1), (4, 0), (4, 1)]
    assert {each["branch"] for each in pages[0]["branches"]} == {0, 1}
    assert pages[0]["log"] == book.log


def test_a_mark_and_its_effect_on_the_sums_are_shown(empty: Village) -> None:
    _forked(empty)
    records = client_of(empty).get("/api/v1/sites/boussouma/ledger").json()["records"]
    second = next(each for each in records if (each["seq"], each["branch"]) == (2, 1))
    assert (second["counts"], second["marks"]) == (False, ["press-repeated"])
    assert json.loads(second["payload"])["t"] == "SALE"


def test_a_site_without_a_log_says_so(empty: Village) -> None:
    book = empty.register(Kiosk("boussouma", "École"))
    answer = client_of(empty).get("/api/v1/sites/boussouma/ledger").json()
    assert (answer["log"], answer["records"], answer["next_after"]) == (None, [], None)
    assert answer["acts"] == [book.act.decode()]


def test_the_log_of_another_site_is_not_given(client: TestClient, village: Village) -> None:
    answer = client.get(LEDGER, params={"log": village.books["louda"].log})
    assert answer.status_code == 404
    assert answer.json()["type"] == "urn:kayasol:problem:unknown-log"


def test_limits_are_kept(client: TestClient) -> None:
    assert client.get(LEDGER, params={"limit": 501}).status_code == 422
    assert client.get(LEDGER, params={"after": -1}).status_code == 422
    assert client.get(LEDGER, params={"after": 2**53}).json()["records"] == []


def _forked(village: Village) -> Book:
    """A card that was copied after the first record: two branches of three records each."""
    book = village.register(Kiosk("boussouma", "École"))
    book.open()
    for number in range(3):
        book.sell(book.opened_ms + 60_000 * (number + 1), 100)
    with village.store.write() as connection:
        book.send(connection)
        for record in book.records[1:]:
            other = {name: getattr(record, name) for name in ledger_records.Record.__slots__}
            twin = other | {"branch": 1, "hash": record.hash[::-1], "counts": False, "marks": "press-repeated"}
            ledger_records.add_records(connection, [ledger_records.Record(**twin)])
        last = book.records[-1]
        totals = (last.sum_in, last.sum_out, last.box)
        head = Branch(book.log, 1, "ab" * 32, last.seq, last.hash[::-1], *totals, last.boot, 1, last.mono_ms)
        ledger_logs.save_branch(connection, head)
    return book
