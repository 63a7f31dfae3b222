"""The golden vectors: frozen files that this implementation, like any other, must read and write to the byte."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kiosk.errors import LedgerError
from kiosk.ledger import act, merkle
from kiosk.ledger.chain import Head, advance, follows, record_hash
from kiosk.ledger.format import encode, parse
from kiosk.ledger.rules import effects
from kiosk.ledger.seal import check_seal, z_code
from kiosk.ledger.signing import verify, verify_bytes, verify_rotation
from kiosk.ledger.types import FALLBACKS, TYPE_NAMES
from tests.vectors.ledger.make_vectors import FOLDER, make


def lines(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (FOLDER / name).read_text(encoding="ascii").splitlines()]


def cases(name: str) -> Any:
    return json.loads((FOLDER / name).read_text(encoding="ascii"))


GOOD, BAD = lines("good.jsonl"), lines("bad.jsonl")
CHAINS, SEALS, SIGNATURES, ACTS, TREES = (
    cases(f"{name}.json") for name in ("chains", "seals", "signatures", "acts", "merkle")
)


def named(case: dict[str, Any]) -> str:
    return str(case["name"])


def test_the_files_are_what_their_generator_writes() -> None:
    made = make()
    on_disk = {path.name: path.read_text(encoding="ascii") for path in FOLDER.glob("*.json*")}
    assert sorted(made) == sorted(on_disk)
    assert [name for name in made if made[name] != on_disk[name]] == []


def test_the_good_records_show_every_type() -> None:
    seen = [json.loads(case["payload"]) for case in GOOD]
    assert {fields["t"] for fields in seen} == TYPE_NAMES
    assert {fields["as"] for fields in seen if fields["t"] == "FALLBACK"} == set(FALLBACKS)
    assert max(len(case["payload"].encode()) for case in GOOD) == 4_096


@pytest.mark.parametrize("case", GOOD, ids=named)
def test_a_good_record_is_read_written_hashed_and_verified(case: dict[str, Any]) -> None:
    payload = case["payload"].encode()
    fields = parse(payload)
    assert fields == json.loads(case["payload"])
    assert encode(fields) == payload
    assert record_hash(payload) == case["hash"]
    assert (fields["amt"], fields["cash"]) == effects(fields)
    assert verify(case["key"], payload, bytes.fromhex(case["sig"]))
    if fields["t"] == "KEY_ROTATE":
        assert verify_rotation(fields)
        assert not verify_rotation({**fields, "seq": 2})


def test_each_code_is_shown_by_bad_records_and_none_is_there_twice() -> None:
    assert {case["error"] for case in BAD} == {"size", "utf8", "json", "canonical", "field", "value", "rule"}
    assert len({case["name"] for case in BAD}) == len({case["payload_hex"] for case in BAD}) == len(BAD) >= 60


@pytest.mark.parametrize("case", BAD, ids=named)
def test_a_bad_record_is_refused_with_its_code(case: dict[str, Any]) -> None:
    with pytest.raises(LedgerError) as refusal:
        parse(bytes.fromhex(case["payload_hex"]))
    assert refusal.value.code == case["error"]
    assert len(str(refusal.value)) < 400


@pytest.mark.parametrize("case", [case for case in BAD if case["error"] in ("field", "value", "rule")], ids=named)
def test_what_is_refused_in_reading_is_refused_in_writing(case: dict[str, Any]) -> None:
    with pytest.raises(LedgerError) as refusal:
        encode(json.loads(bytes.fromhex(case["payload_hex"])))
    assert refusal.value.code == case["error"]


@pytest.mark.parametrize("case", CHAINS, ids=named)
def test_a_chain_is_judged_record_by_record(case: dict[str, Any]) -> None:
    head = Head(**case["head"])
    says = []
    for record in case["records"]:
        payload = record.encode()
        fields = parse(payload)
        says.append(follows(head, fields))
        head = advance(head, fields, payload)
    assert says == case["says"]
    if "after" in case:
        after = Head(**case["after"])
        assert (head, head.site, head.dev) == (after, after.site, after.dev)


@pytest.mark.parametrize("case", SEALS, ids=named)
def test_a_seal_is_compared_with_its_records(case: dict[str, Any]) -> None:
    seal = parse(case["seal"].encode())
    previous = None if case["previous"] is None else parse(case["previous"].encode())
    records = [parse(record.encode()) for record in case["records"]]
    assert check_seal(seal, records, previous) == case["problems"]
    assert z_code(case["seal"].encode()) == case["z"]


@pytest.mark.parametrize("case", SIGNATURES, ids=named)
def test_a_signature_is_judged(case: dict[str, Any]) -> None:
    message, signature = bytes.fromhex(case["message_hex"]), bytes.fromhex(case["sig"])
    assert verify_bytes(case["key"], case["prefix"].encode(), message, signature) is case["valid"]


@pytest.mark.parametrize("case", ACTS["good"], ids=lambda case: str(case["hash"])[:8])
def test_a_good_act_is_read_and_written(case: dict[str, Any]) -> None:
    text = case["act"].encode()
    assert act.parse(text) == json.loads(case["act"])
    assert act.encode(json.loads(case["act"])) == text
    assert act.act_hash(text) == case["hash"]


@pytest.mark.parametrize("case", ACTS["bad"], ids=named)
def test_a_bad_act_is_refused_with_its_code(case: dict[str, Any]) -> None:
    with pytest.raises(LedgerError) as refusal:
        act.parse(bytes.fromhex(case["act_hex"]))
    assert refusal.value.code == case["error"]


def test_the_tree_vectors_are_what_is_built() -> None:
    leaves = [merkle.leaf_hash(bytes.fromhex(leaf)) for leaf in TREES["leaves_hex"]]
    assert [merkle.tree_root(leaves[:size]).hex() for size in range(9)] == TREES["roots"]
    seven, root = leaves[:7], merkle.tree_root(leaves[:7])
    for index, nodes in enumerate(TREES["inclusion_in_seven"]):
        proof = [bytes.fromhex(node) for node in nodes]
        assert merkle.inclusion_proof(index, seven) == proof
        assert merkle.inclusion_holds(index, 7, seven[index], proof, root)
    for size, nodes in enumerate(TREES["consistency_with_seven"]):
        proof = [bytes.fromhex(node) for node in nodes]
        assert merkle.consistency_proof(size, seven) == proof
        assert merkle.consistency_holds(size, 7, merkle.tree_root(leaves[:size]), root, proof)
