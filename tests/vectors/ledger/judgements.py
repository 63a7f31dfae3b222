"""Sequences, seals, signatures, acts and trees of the golden vectors, with what a reader must say of each.

What must be said is stated here by hand, never asked of the reader that it tests.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from kiosk.ledger import act, merkle
from kiosk.ledger.canonical import Value
from kiosk.ledger.chain import Head, advance
from kiosk.ledger.format import encode
from kiosk.ledger.seal import z_code
from kiosk.ledger.signing import DOWN_PREFIX, RECORD_PREFIX, ROTATE_PREFIX, rotation_message
from tests.vectors.ledger.refusals import spell
from tests.vectors.ledger.stories import DEVICE_KEY, INGEST_KEY, NEXT_KEY, STRANGER_KEY, Story, make_act

Judgement = dict[str, Any]

_ORDER_OF_ED25519 = 2**252 + 27742317777372353535851937790883648493

LEAVES = ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
"""The payloads that implementations of RFC 6962 are commonly tried with."""


def whole_chain(story: Story) -> Judgement:
    """All records of a good log, from its act on."""
    return _sequence(f"all of {story.name}", story.heads[0], story.payloads, [None] * len(story.payloads))


def broken_chains(story: Story) -> list[Judgement]:
    """Good records that do not all follow: for each the reason, or null where it follows."""
    start, third = story.heads[0], story.fields[2]
    spoiled: list[tuple[str, dict[str, Value], str]] = [
        ("another log", {"log": "ab" * 16}, "log"),
        ("another site", {"site": "kaya-sud"}, "site"),
        ("another device", {"dev": "ab" * 8}, "dev"),
        ("another currency", {"cur": "EUR"}, "cur"),
        ("a seq left out", {"seq": 4}, "seq"),
        ("a seq twice", {"seq": 2}, "seq"),
        ("a foreign predecessor", {"prev": "ab" * 32}, "prev"),
        ("income without a sale", {"sum_in": 1}, "totals"),
        ("corrections without one", {"sum_out": 1}, "totals"),
        ("a box that is short", {"box": 1_999}, "totals"),
        ("log before site", {"log": "ab" * 16, "site": "kaya-sud", "seq": 9}, "log"),
        ("site before device", {"site": "kaya-sud", "dev": "ab" * 8}, "site"),
        ("device before currency", {"dev": "ab" * 8, "cur": "EUR"}, "dev"),
        ("currency before seq", {"cur": "EUR", "seq": 9}, "cur"),
        ("seq before prev", {"seq": 9, "prev": "ab" * 32}, "seq"),
        ("prev before totals", {"prev": "ab" * 32, "box": 0}, "prev"),
    ]
    judged = []
    for name, changes, reason in spoiled:
        judged.append(_sequence(name, start, [*story.payloads[:2], encode(third | changes)], [None, None, reason]))
    skipped = [story.payloads[0], *story.payloads[2:4]]
    judged.append(_sequence("a hole, and on after it", start, skipped, [None, "seq", None]))
    judged.append(_sequence("an order exchanged", story.heads[1], story.payloads[2:0:-1], ["seq", "seq"]))
    judged.append(_sequence("the first record of another act", start, [_other_act(story)], ["prev"]))
    return judged


def _other_act(story: Story) -> bytes:
    return encode(story.fields[0] | {"act": "ab" * 32, "prev": "ab" * 32})


def _sequence(name: str, head: Head, payloads: list[bytes], says: list[str | None]) -> Judgement:
    """Each record is judged against the one before it in the list, the first against `head`."""
    after = head
    for payload in payloads:
        after = advance(after, json.loads(payload), payload)
    records = [payload.decode() for payload in payloads]
    judged = {"name": name, "head": asdict(head), "records": records, "says": says}
    return judged | ({"after": asdict(after)} if says[-1] is None else {})


def seals(story: Story) -> list[Judgement]:
    """Seals with their records, and the problems that a reader must find, in the order of the format's page."""
    places = [place for place, fields in enumerate(story.fields) if fields["t"] == "SEAL"]
    one, two, three = places
    covered = range(one, two)
    return [
        _seal("the first seal", story, one, range(one), None, finds=[]),
        _seal("the second seal", story, two, covered, one, finds=[]),
        _seal("a seal over a seal and a trial", story, three, range(two, three), two, finds=[]),
        _seal("the seal before it not known", story, two, covered, None, finds=[]),
        _seal("the last record missing", story, two, covered[:-1], one, finds=["range", "sums", "root"]),
        _seal("one record too many", story, two, range(one - 1, two), one, finds=["range", "root"]),
        _seal("records in another order", story, two, covered[::-1], one, finds=["range", "root"]),
        _seal("no records", story, two, range(0), one, finds=["range", "sums", "root"]),
        _seal("another sum", story, two, covered, one, finds=["sums"], sums="SALE:1:999:999"),
        _seal("no sums", story, two, covered, one, finds=["sums"], sums=""),
        _seal("another root", story, two, covered, one, finds=["root"], root="ab" * 32),
        _seal("another log", story, two, covered, one, finds=["log", "previous"], log="ab" * 16),
        _seal("a number left out", story, two, covered, one, finds=["previous"], num=3),
        _seal("another seal before", story, two, covered, one, finds=["previous"], prev_seal="ab" * 32),
        _seal("the seal before left out", story, two, covered[1:], one, finds=["sums", "root", "previous"], first=35),
    ]


def _seal(
    name: str, story: Story, place: int, covered: range, before: int | None, *, finds: list[str], **changes: Value
) -> Judgement:
    seal = encode(story.fields[place] | changes)
    return {
        "name": name,
        "seal": seal.decode(),
        "previous": None if before is None else story.payloads[before].decode(),
        "records": [story.payloads[number].decode() for number in covered],
        "z": z_code(seal),
        "problems": finds,
    }


def signatures(story: Story) -> list[Judgement]:
    """Signatures over prefix and message, and whether a reader accepts them."""
    payload, good = story.payloads[6], story.signatures[6]
    key = DEVICE_KEY.public_hex
    place = _rotation_place(story)
    down = bytes.fromhex("0101")
    shifted = int.from_bytes(good[32:], "little") + _ORDER_OF_ED25519
    malleable = good[:32] + shifted.to_bytes(32, "little")
    return [
        _signature("a record", key, RECORD_PREFIX, payload, good, valid=True),
        _signature(
            "a record after the rotation", NEXT_KEY.public_hex, RECORD_PREFIX, *_signed(story, place + 1), valid=True
        ),
        _signature("a record after the rotation, old key", key, RECORD_PREFIX, *_signed(story, place + 1), valid=False),
        _signature("one bit of the record", key, RECORD_PREFIX, payload[:-1] + b"|", good, valid=False),
        _signature(
            "one bit of the signature", key, RECORD_PREFIX, payload, bytes([good[0] ^ 1]) + good[1:], valid=False
        ),
        _signature("another key", STRANGER_KEY.public_hex, RECORD_PREFIX, payload, good, valid=False),
        _signature("no prefix", key, b"", payload, good, valid=False),
        _signature("another purpose", key, DOWN_PREFIX, payload, good, valid=False),
        _signature("S not reduced", key, RECORD_PREFIX, payload, malleable, valid=False),
        _signature("63 bytes", key, RECORD_PREFIX, payload, good[:-1], valid=False),
        _signature("zeros", key, RECORD_PREFIX, payload, bytes(64), valid=False),
        _signature("a key that is no point", "02" + "00" * 31, RECORD_PREFIX, payload, good, valid=False),
        _signature("a key of 31 bytes", key[:-2], RECORD_PREFIX, payload, good, valid=False),
        *_rotation_signatures(story),
        _signature(
            "a down message",
            INGEST_KEY.public_hex,
            DOWN_PREFIX,
            down,
            INGEST_KEY.sign_bytes(DOWN_PREFIX, down),
            valid=True,
        ),
    ]


def _rotation_signatures(story: Story) -> list[Judgement]:
    place = _rotation_place(story)
    rotation = rotation_message(story.head.log, place + 1, NEXT_KEY.public_hex)
    new_sig = bytes.fromhex(str(story.fields[place]["new_sig"]))
    return [
        _signature("a rotation", NEXT_KEY.public_hex, ROTATE_PREFIX, rotation, new_sig, valid=True),
        _signature(
            "a rotation at another seq",
            NEXT_KEY.public_hex,
            ROTATE_PREFIX,
            rotation.replace(b":38:", b":39:"),
            new_sig,
            valid=False,
        ),
        _signature(
            "a rotation by the old key",
            NEXT_KEY.public_hex,
            ROTATE_PREFIX,
            rotation,
            DEVICE_KEY.sign_bytes(ROTATE_PREFIX, rotation),
            valid=False,
        ),
    ]


def _rotation_place(story: Story) -> int:
    return next(place for place, fields in enumerate(story.fields) if fields["t"] == "KEY_ROTATE")


def _signed(story: Story, place: int) -> tuple[bytes, bytes]:
    return story.payloads[place], story.signatures[place]


def _signature(name: str, key: str, prefix: bytes, message: bytes, signature: bytes, *, valid: bool) -> Judgement:
    return {
        "name": name,
        "key": key,
        "prefix": prefix.decode(),
        "message_hex": message.hex(),
        "sig": signature.hex(),
        "valid": valid,
    }


def acts() -> Judgement:
    """Acts with their hashes, and bytes that are no act."""
    good = make_act("kaya-est", "École « Kaya Est »", "XOF", "school")
    fields = act.parse(good)
    good_acts = [good, *(make_act(f"kaya-{kind}", "CSPS", "XOF", kind) for kind in ("health", "other"))]
    spoiled: list[tuple[str, dict[str, Value], str]] = [
        ("version 2", {"v": 2}, "value"),
        ("another kind of file", {"kind": "deed"}, "value"),
        ("a site in capitals", {"site": "KAYA"}, "value"),
        ("a name of 201 characters", {"name": "n" * 201}, "value"),
        ("an unknown kind of site", {"site_kind": "market"}, "value"),
        ("a device id that is short", {"dev": "00"}, "value"),
        ("no key of the next server", {"ingest_next": ""}, "value"),
        ("never issued", {"issued": 0}, "value"),
        ("a member more", {"note": "x"}, "field"),
    ]
    bad = [(name, spell(fields | changes), code) for name, changes, code in spoiled]
    bad += [
        ("a member less", spell({name: value for name, value in fields.items() if name != "commune"}), "field"),
        ("a line end after it", good + b"\n", "canonical"),
        ("a cut act", good[:-1], "json"),
        ("not UTF-8", good.replace(b"Kaya", b"Ka\xffa"), "utf8"),
        ("4,097 bytes", good + b" " * (4_097 - len(good)), "size"),
    ]
    return {
        "good": [{"act": text.decode(), "hash": act.act_hash(text)} for text in good_acts],
        "bad": [{"name": name, "act_hex": text.hex(), "error": code} for name, text, code in bad],
    }


def trees() -> Judgement:
    """Roots over the first 0 to 8 leaves, and proofs in the tree of seven."""
    leaves = [merkle.leaf_hash(bytes.fromhex(leaf)) for leaf in LEAVES]
    seven = leaves[:7]
    inclusion = [merkle.inclusion_proof(index, seven) for index in range(7)]
    consistency = [merkle.consistency_proof(size, seven) for size in range(8)]
    return {
        "leaves_hex": LEAVES,
        "roots": [merkle.tree_root(leaves[:size]).hex() for size in range(9)],
        "inclusion_in_seven": [[node.hex() for node in proof] for proof in inclusion],
        "consistency_with_seven": [[node.hex() for node in proof] for proof in consistency],
    }
