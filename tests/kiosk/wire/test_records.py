"""Ledger sections: the exact signed bytes come out, whatever they are."""

from __future__ import annotations

import json
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.errors import WireError
from kiosk.wire.records import SignedRecord, decode_ledger_section, encode_ledger_section
from tests.kiosk.wire.decoder import read_ledger
from tests.kiosk.wire.strategies import damaged
from tests.vectors.ledger.stories import Story, make_act
from tests.vectors.wire import examples
from tests.vectors.wire.examples import LIMIT, LOG, SITE

KEY = "6b" * 8
GOOD = [example.octets for example in examples.ledger()]


def story_of(amounts: list[int]) -> Story:
    """A log of sales, with a seal at its end."""
    story = Story("records", make_act(SITE, "Kaya Nord", "XOF", "school"))
    story.genesis()
    for amount in amounts:
        story.add("SALE", svc="phone", qty=1, tar=1, amt=amount, cash=amount, pay="cash" if amount else "free")
    story.seal(1)
    return story


def signed(*payloads: bytes) -> list[SignedRecord]:
    """Records whose signatures tell them apart."""
    return [SignedRecord(payload, bytes([at % 256]) * 64, KEY) for at, payload in enumerate(payloads)]


def payloads_of(body: bytes) -> list[bytes]:
    """What comes out."""
    return [record.payload for record in decode_ledger_section(body).records]


@given(st.lists(st.integers(0, 10_000), max_size=12), st.randoms(), st.binary(max_size=30))
def test_any_choice_of_records_in_any_order_comes_back(amounts: list[int], chance: object, noise: bytes) -> None:
    chosen = [*story_of(amounts).payloads, noise, b"{}"]
    shuffled = chosen[:]
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    for payloads in (chosen, shuffled):
        records = signed(*payloads)
        section = decode_ledger_section(encode_ledger_section(records, LOG, 7))
        assert list(section.records) == records
        assert (section.log, section.first_seq) == (LOG, 7)


@given(st.lists(st.binary(max_size=60), min_size=1, max_size=5))
def test_bytes_that_are_no_record_come_back(payloads: list[bytes]) -> None:
    assert payloads_of(encode_ledger_section(signed(*payloads), LOG, 1)) == payloads


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text.replace('"seq":3', '"seq":4'),
        lambda text: text.replace('"prev":"', '"prev":"f'),
        lambda text: text.replace('"box":', '"box":1'),
        lambda text: text.replace('"v":1', '"v":2'),
        lambda text: text.replace('"site":"', '"site":"x'),
        lambda text: text.replace('"amt":', '"amt": '),
        lambda text: text.replace('"amt":5', '"amt":5.0'),
        lambda text: text.replace('"amt":5,', '"amt":"5",'),
        lambda text: text.replace('"amt":5,', ""),
        lambda text: text.replace('"cash":5,', ""),
        lambda text: text[:-1] + "\x00",
        lambda text: "[" * 4000,
        lambda text: '{"a":' * 800,
        lambda text: '{"amt":' + "9" * 4000 + "}",
        lambda text: '{"a":"\\ud800"}',
        lambda text: "null",
    ],
)
def test_a_spoilt_record_and_the_one_after_it_travel_exactly(spoil: object) -> None:
    payloads = story_of([5, 5, 5]).payloads
    payloads[2] = spoil(payloads[2].decode()).encode()  # type: ignore[operator]
    body = encode_ledger_section(signed(*payloads), LOG, 1)
    assert payloads_of(body) == payloads
    assert [record["payload"] for record in read_ledger(body)["records"]] == [payload.hex() for payload in payloads]


def test_records_that_follow_cost_a_fraction_of_their_size() -> None:
    payloads = story_of([100] * 90).payloads
    body = encode_ledger_section(signed(*payloads), LOG, 1)
    assert len(body) - 64 * len(payloads) < sum(map(len, payloads)) / 8


def test_the_largest_payload_travels_and_one_byte_more_does_not() -> None:
    assert payloads_of(encode_ledger_section(signed(b"x" * 4096), LOG, 1)) == [b"x" * 4096]
    with pytest.raises(WireError):
        encode_ledger_section(signed(b"x" * 4097), LOG, 1)


def test_512_records_travel_and_513_do_not() -> None:
    assert len(payloads_of(encode_ledger_section(signed(*[b"{}"] * 512), LOG, 1))) == 512
    with pytest.raises(WireError):
        encode_ledger_section(signed(*[b"{}"] * 513), LOG, 1)


@pytest.mark.parametrize(
    ("records", "log", "first"),
    [
        ([], LOG, 1),
        ([SignedRecord(b"", bytes(64), KEY), SignedRecord(b"", bytes(64), "77" * 8)], LOG, 1),
        ([SignedRecord(b"", bytes(63), KEY)], LOG, 1),
        ([SignedRecord(b"", bytes(64), "key")], LOG, 1),
        ([SignedRecord(b"", bytes(64), KEY)], "log", 1),
        ([SignedRecord(b"", bytes(64), KEY)], LOG, 0),
        ([SignedRecord(b"", bytes(64), KEY)] * 2, LOG, LIMIT),
    ],
)
def test_an_encoder_refuses_what_a_reader_would_refuse(records: list[SignedRecord], log: str, first: int) -> None:
    with pytest.raises(WireError):
        encode_ledger_section(records, log, first)


def section_of(plain: bytes, count: int) -> bytes:
    """A section with a plain body, deflated by hand."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(plain) + packer.flush()
    assert len(plain) == 0x4000
    return bytes.fromhex(LOG + KEY + "01") + bytes([count, 1]) + b"\x80\x80\x01" + bytes(64) * count + packed


def test_shortened_records_that_grow_when_rebuilt_stay_bounded() -> None:
    payload = story_of([]).payloads[0]
    own = {"amt": 0, "cash": 0, "z": "z" * 3_960}
    short = json.dumps(own, separators=(",", ":")).encode()
    plain = b"\x00" + _sized(payload) + b"\x01" + _sized(short)
    with pytest.raises(WireError, match="4096"):
        decode_ledger_section(section_of(plain.ljust(0x4000, b"\0"), 2))


def _sized(octets: bytes) -> bytes:
    return bytes([len(octets) & 127 | 128, len(octets) >> 7]) + octets


@given(damaged(GOOD))
def test_damaged_bytes_are_refused_or_read_never_worse(octets: bytes) -> None:
    try:
        section = decode_ledger_section(octets)
    except WireError:
        return
    assert payloads_of(encode_ledger_section(section.records, section.log, section.first_seq)) == [
        record.payload for record in section.records
    ]


@pytest.mark.parametrize("at", range(len(GOOD)))
def test_no_section_cut_short_is_read(at: int) -> None:
    for end in range(len(GOOD[at])):
        with pytest.raises(WireError):
            decode_ledger_section(GOOD[at][:end])


def test_a_single_sale_costs_little_more_than_its_signature_and_the_chain() -> None:
    payloads = story_of([100] * 3).payloads
    body = encode_ledger_section(signed(payloads[2]), LOG, 3)
    assert payloads_of(body) == [payloads[2]]
    assert len(body) < len(payloads[2]) / 2


def test_what_the_table_cannot_say_goes_another_way() -> None:
    strange = story_of([100]).payloads[1].replace(b'"t":"SALE"', b'"t":"SAIL"')
    for coding in (None, 0, 1, 3):
        assert payloads_of(encode_ledger_section(signed(strange), LOG, 2, coding)) == [strange]


def test_a_coding_that_is_not_known_is_refused() -> None:
    with pytest.raises(WireError):
        encode_ledger_section(signed(b"{}"), LOG, 1, 2)
