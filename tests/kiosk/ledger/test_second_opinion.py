"""A small verifier written from docs/ledger-format.md alone: json and hashlib, nothing of ours."""

from __future__ import annotations

import json
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2] / "vectors" / "ledger"
GOOD = [json.loads(line) for line in (FOLDER / "good.jsonl").read_text(encoding="ascii").splitlines()]
ACTS = json.loads((FOLDER / "acts.json").read_text(encoding="ascii"))["good"]


def chains() -> dict[str, list[dict[str, Any]]]:
    return {name: list(group) for name, group in groupby(GOOD, key=lambda case: str(case["name"]).split("/")[0])}


def digest(payload: str) -> str:
    return sha256(b"\x00" + payload.encode("utf-8")).hexdigest()


def tree(leaves: list[bytes]) -> bytes:
    """MTH of RFC 6962, section 2.1, word for word."""
    if len(leaves) <= 1:
        return leaves[0] if leaves else sha256(b"").digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return sha256(b"\x01" + tree(leaves[:split]) + tree(leaves[split:])).digest()


def test_every_hash_and_every_link_is_right() -> None:
    assert len(chains()) == 4
    for cases in chains().values():
        before: dict[str, Any] = {}
        for number, case in enumerate(cases, 1):
            record = json.loads(case["payload"])
            assert digest(case["payload"]) == case["hash"]
            assert record["seq"] == number
            assert record["prev"] == (before["hash"] if before else record["act"])
            assert (
                len({json.loads(each["payload"])[name] for each in cases for name in ("log", "site", "dev", "cur")})
                == 4
            )
            before = case


def test_every_total_is_the_sum_of_the_effects() -> None:
    for cases in chains().values():
        income = corrections = box = 0
        for record in (json.loads(case["payload"]) for case in cases):
            income += max(record["amt"], 0)
            corrections -= min(record["amt"], 0)
            box += record["cash"]
            assert (record["sum_in"], record["sum_out"], record["box"]) == (income, corrections, box), record


def test_every_record_is_written_as_rfc_8785_would() -> None:
    for case in GOOD:
        again = json.dumps(json.loads(case["payload"]), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        assert again == case["payload"]


def test_every_seal_holds_the_sums_and_the_root_of_its_records() -> None:
    seals = 0
    for cases in chains().values():
        records = [json.loads(case["payload"]) for case in cases]
        last_seal: dict[str, Any] = {"seq": 1, "hash": "0" * 64}
        for record, case in zip(records, cases, strict=True):
            if record["t"] != "SEAL":
                continue
            seals += 1
            first, last = record["first"], record["last"]
            assert (first, last, record["prev_seal"]) == (last_seal["seq"], record["seq"] - 1, last_seal["hash"])
            sums: dict[str, list[int]] = {}
            for each in records[first - 1 : last]:
                if each["t"] != "TEST":
                    one = sums.setdefault(each["t"], [0, 0, 0])
                    sums[each["t"]] = [one[0] + 1, one[1] + each["amt"], one[2] + each["cash"]]
            assert record["sums"] == ";".join(f"{t}:{n}:{amt}:{cash}" for t, (n, amt, cash) in sorted(sums.items()))
            leaves = [bytes.fromhex(each["hash"]) for each in cases[first - 1 : last]]
            assert record["root"] == tree(leaves).hex()
            last_seal = {"seq": record["seq"], "hash": case["hash"]}
    assert seals == 6


def test_keys_change_only_at_a_rotation_which_the_old_key_signs() -> None:
    for cases in chains().values():
        key = json.loads(cases[0]["payload"])["pub"]
        for case in cases:
            assert case["key"] == key
            key = json.loads(case["payload"]).get("new_pub", key)


def test_the_second_log_begins_where_the_first_ended() -> None:
    old, new = (chains()[name] for name in ("every-type", "second-log"))
    end, start = json.loads(old[-1]["payload"]), json.loads(new[0]["payload"])
    assert (start["old_log"], start["old_seq"], start["old_hash"]) == (end["log"], end["seq"], old[-1]["hash"])
    assert (start["old_in"], start["old_out"], start["old_box"]) == (end["sum_in"], end["sum_out"], end["box"])
    assert start["cash"] == start["box"] == end["box"]
    assert start["seen_hash"] == old[start["seen_seq"] - 1]["hash"]


def test_an_act_is_hashed_without_the_byte_of_a_record() -> None:
    for case in ACTS:
        assert sha256(case["act"].encode()).hexdigest() == case["hash"]
    genesis = json.loads(chains()["every-type"][0]["payload"])
    assert genesis["act"] in {case["hash"] for case in ACTS}
