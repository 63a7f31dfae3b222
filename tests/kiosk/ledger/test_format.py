"""Encode and parse: what holds for all records and all bytes, by properties; single refusals are in the vectors."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.errors import LedgerError
from kiosk.ledger.canonical import INTEGER_LIMIT, Value
from kiosk.ledger.chain import record_hash
from kiosk.ledger.format import blank, encode, parse
from kiosk.ledger.rules import effects
from kiosk.ledger.types import COMMON, FALLBACKS, TYPES, number_of, row_of, text_of
from tests.vectors.ledger.refusals import spell
from tests.vectors.ledger.stories import every_type

STORY = every_type()
PLACES = st.integers(0, len(STORY.payloads) - 1)
CODES = {"size", "utf8", "json", "canonical", "field", "value", "rule"}

amounts = st.integers(1, 10**12)
counts = st.integers(0, INTEGER_LIMIT - 1)
texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20).map(
    lambda text: unicodedata.normalize("NFC", text)
)


@st.composite
def records(draw: st.DrawFn) -> dict[str, Value]:
    """Any record of the story with everything changed that may change freely."""
    fields = dict(STORY.fields[draw(PLACES)])
    row = row_of(fields)
    amount_names = row.own.keys() & {"paid", "given", "sum", "lost_in", "lost_out"}
    count_names = row.own.keys() & {"port", "energy_mwh", "shelf_wh", "sessions", "old_seq", "start", "end", "fix_unc"}
    fields |= {name: draw(amounts) for name in sorted(amount_names)}
    fields |= {name: draw(counts) for name in sorted(count_names)}
    fields |= {name: draw(texts) for name in sorted(row.own.keys() & {"ticket", "slip", "change_why"})}
    fields |= {"mono": draw(counts), "unc": draw(counts), "op": draw(texts), "bn": draw(amounts)}
    fields |= {"why": draw(texts) + "."} if fields["why"] != "counted" else {}
    if len(row.pays) > 1 and fields["t"] != "SALE":
        fields["pay"] = draw(st.sampled_from([pay for pay in row.pays if pay not in ("none", "free")]))
    if fields["t"] == "SALE":
        fields["amt"] = draw(amounts)
        fields["pay"] = draw(st.sampled_from(["cash", "mobile", "credit"]))
    fields["amt"], fields["cash"] = effects(fields)
    return fields


@settings(deadline=None)
@given(records())
def test_a_record_comes_back_as_it_was_written(fields: dict[str, Value]) -> None:
    payload = encode(fields)
    assert parse(payload) == fields
    assert list(parse(payload)) == sorted(fields)
    assert encode(parse(payload)) == payload


@settings(deadline=None)
@given(records(), st.data())
def test_a_changed_byte_is_refused_or_gives_another_record_with_another_hash(
    fields: dict[str, Value], data: Any
) -> None:
    payload = encode(fields)
    place = data.draw(st.integers(0, len(payload) - 1))
    changed = bytearray(payload)
    changed[place] ^= data.draw(st.integers(1, 255))
    assert record_hash(bytes(changed)) != record_hash(payload)
    read = read_or_refused(parse, bytes(changed))
    assert read != fields
    assert isinstance(read, str) or encode(read) == bytes(changed)


def read_or_refused(read: Callable[[bytes], dict[str, Value]], payload: bytes) -> dict[str, Value] | str:
    """What was read, or the code of the refusal; any other exception is a failure."""
    try:
        return read(payload)
    except LedgerError as refusal:
        return refusal.code


def refuses_or_reads_exactly(payload: bytes) -> None:
    read = read_or_refused(parse, payload)
    assert read in CODES if isinstance(read, str) else encode(read) == payload


@settings(deadline=None)
@given(st.binary(max_size=5_000))
def test_no_bytes_raise_anything_but_a_refusal(payload: bytes) -> None:
    refuses_or_reads_exactly(payload)


@settings(deadline=None)
@given(st.text('{}[]:,"\\ue1d8-0.E truefalsnN', max_size=200))
def test_nothing_like_json_raises_anything_but_a_refusal(text: str) -> None:
    refuses_or_reads_exactly(text.encode())


@settings(deadline=None)
@given(PLACES, st.data())
def test_records_cut_and_joined_raise_nothing_but_a_refusal(place: int, data: Any) -> None:
    one, other = STORY.payloads[place], STORY.payloads[data.draw(PLACES)]
    cut, again = (data.draw(st.integers(0, len(payload))) for payload in (one, other))
    refuses_or_reads_exactly(one[:cut] + other[again:])


@settings(deadline=None)
@given(PLACES, st.sampled_from(sorted(COMMON)), st.one_of(st.integers(), texts))
def test_any_value_in_any_field_is_read_or_refused_alike_by_both(place: int, name: str, value: Value) -> None:
    fields = STORY.fields[place] | {name: value}
    assert read_or_refused(parse, spell(fields)) == read_or_refused(lambda _: parse(encode(fields)), b"")


@pytest.mark.parametrize("t", sorted(TYPES))
def test_a_blank_record_has_all_fields_of_its_type(t: str) -> None:
    fields = blank(t)
    assert fields.keys() == (COMMON | TYPES[t].own).keys()
    assert (fields["v"], fields["t"], fields["clk"]) == (1, t, "none")
    assert fields["pay"] == (TYPES[t].pays[0] if len(TYPES[t].pays) == 1 else "")
    others = {name: value for name, value in fields.items() if name not in ("v", "t", "clk", "pay")}
    assert set(others.values()) == {"", 0}


@pytest.mark.parametrize("as_", FALLBACKS)
def test_a_blank_fallback_has_the_fields_of_what_it_stands_for(as_: str) -> None:
    assert blank("FALLBACK", as_=as_).keys() == blank(as_).keys() | {"as", "slip", "photo"}
    assert blank("FALLBACK", as_=as_)["as"] == as_


@pytest.mark.parametrize(("t", "as_"), [("GIFT", ""), ("FALLBACK", ""), ("FALLBACK", "VOID")])
def test_a_type_that_is_not_in_the_table_has_no_blank(t: str, as_: str) -> None:
    with pytest.raises(KeyError):
        blank(t, as_)


def test_a_field_taken_as_what_it_is_not_is_a_broken_invariant() -> None:
    with pytest.raises(TypeError):
        text_of(STORY.fields[0], "seq")
    with pytest.raises(TypeError):
        number_of(STORY.fields[0], "t")


@pytest.mark.parametrize("pay", ["cash", "mobile", "credit", "free", "none"])
def test_a_sale_of_nothing_may_carry_any_means(pay: str) -> None:
    fields = STORY.fields[6] | {"amt": 0, "cash": 0, "pay": pay}
    assert parse(encode(fields)) == fields


@pytest.mark.parametrize("pay", ["cash", "mobile", "credit", "free", "none"])
def test_an_adjustment_may_move_income_and_box_by_any_means(pay: str) -> None:
    adjust = next(fields for fields in STORY.fields if fields["t"] == "ADJUST")
    fields = adjust | {"amt": -5, "cash": 70, "pay": pay}
    assert parse(encode(fields)) == fields


def test_a_reference_into_another_log_may_be_to_any_seq() -> None:
    fields = STORY.fields[14] | {"ref_log": "ab" * 16, "ref": 10**9}
    assert fields["t"] == "VOID"
    assert parse(encode(fields)) == fields
