"""docs/ledger-format.md says what the code does: its worked example, its tables of fields and types, its codes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from kiosk.ledger import act
from kiosk.ledger.chain import Head, advance, follows, record_hash
from kiosk.ledger.format import parse
from kiosk.ledger.seal import Z_ALPHABET, check_seal, z_code
from kiosk.ledger.signing import SigningKey, verify
from kiosk.ledger.types import COMMON, FALLBACK_TYPES, PAYS, TYPE_NAMES, TYPES
from kiosk.time import SOURCES

PAGE = (Path(__file__).parents[3] / "docs" / "ledger-format.md").read_text(encoding="utf-8")


def section(number: int) -> str:
    return PAGE.split(f"\n## {number}. ")[1].split("\n## ")[0]


def rows(number: int) -> Iterator[tuple[list[str], list[str]]]:
    """For each row of a section's table: the code words of its first cell and of its second."""
    for line in section(number).splitlines():
        cells = line.split(" | ")
        if line.startswith("| `"):
            yield re.findall("`([^`]+)`", cells[0]), re.findall("`([^`]+)`", cells[1])


def example() -> list[tuple[str, str]]:
    return re.findall(r"^    ([a-z ]+?) {2,}(\S.*)$", section(9), re.MULTILINE)


def test_the_worked_example_is_right() -> None:
    told = example()
    assert [name for name, _ in told] == [
        *("private key", "public key", "key id", "act", "act hash"),
        *("payload", "hash", "signature") * 3,
        "z code",
    ]
    key = SigningKey.from_private_bytes(bytes.fromhex(told[0][1]))
    assert (key.public_hex, key.key_id) == (told[1][1], told[2][1])
    site = act.parse(told[3][1].encode())
    assert (site["pub"], act.act_hash(told[3][1].encode())) == (key.public_hex, told[4][1])
    payloads = [value.encode() for name, value in told if name == "payload"]
    records = [parse(payload) for payload in payloads]
    head = Head.empty(str(records[0]["log"]), "XOF", told[4][1], site=str(site["site"]), dev=str(site["dev"]))
    for payload, fields, written, signature in zip(payloads, records, told[6::3], told[7::3], strict=False):
        assert follows(head, fields) is None
        head = advance(head, fields, payload)
        assert written == ("hash", head.hash)
        assert signature == ("signature", key.sign(payload).hex())
        assert verify(key.public_hex, payload, bytes.fromhex(signature[1]))
    assert record_hash(payloads[2]) == head.hash
    assert check_seal(records[2], records[:2]) == []
    assert z_code(payloads[2]) == told[-1][1]


def test_the_page_names_the_common_fields() -> None:
    assert [name for first, _ in rows(2) for name in first] == list(COMMON)


def test_the_page_names_every_type_with_its_fields() -> None:
    told = {first[0]: [word for word in own if re.fullmatch("[a-z_]+2?", word)] for first, own in rows(3)}
    del told["t"]
    assert told.keys() == TYPE_NAMES
    for name, row in TYPES.items():
        assert [word for word in dict.fromkeys(told[name]) if word in row.own] == list(row.own), name
        assert set(told[name]) - row.own.keys() <= {"clk"}, name
    for name, row in FALLBACK_TYPES.items():
        assert row.own.keys() == TYPES[name].own.keys() | set(told["FALLBACK"])


def test_the_page_names_every_act_member() -> None:
    assert {name for first, _ in rows(7) for name in first} == act.ACT.keys()


def test_the_page_names_words_and_letters() -> None:
    assert f"`{' '.join(SOURCES)}`" in section(2)
    assert f"`{' '.join(PAYS)}`" in section(2)
    assert Z_ALPHABET in section(6)


def test_the_page_names_the_codes_in_the_order_of_the_checks() -> None:
    assert [first[0] for first, _ in rows(1)] == ["size", "utf8", "json", "canonical", "field", "value", "rule"]
