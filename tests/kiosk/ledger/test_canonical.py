"""One spelling of flat JSON: what dump refuses to write; reading is tried by the vectors and by the properties."""

from __future__ import annotations

from typing import Any

import pytest

from kiosk.errors import LedgerError
from kiosk.ledger.canonical import SIZE_MAX, dump, load


def test_members_are_sorted_and_only_quote_and_backslash_are_escaped() -> None:
    assert dump({"b": 'a"\\/é\u2028🔋', "a": -7, "A_": 0}) == '{"A_":0,"a":-7,"b":"a\\"\\\\/é\u2028🔋"}'.encode()


def test_an_empty_object_is_an_object() -> None:
    assert load(dump({})) == {}


@pytest.mark.parametrize("value", [True, None, 1.0, b"x", [1], {"a": 1}, (1,)])
def test_values_that_are_neither_string_nor_integer_are_refused(value: Any) -> None:
    with pytest.raises(LedgerError) as refusal:
        dump({"a": value})
    assert refusal.value.code == "json"


@pytest.mark.parametrize(
    "members",
    [
        {"a": 2**53},
        {"a": -(2**53)},
        {"a": "line\nend"},
        {"a": "\x00"},
        {"a": "\x7f"},
        {"a\n": "x"},
        {"é": 1},
        {"a": "e\u0301"},
        {"a": "\ud800"},
    ],
)
def test_what_the_subset_does_not_hold_is_refused(members: dict[str, str | int]) -> None:
    with pytest.raises(LedgerError) as refusal:
        dump(members)
    assert refusal.value.code == "canonical"


def test_a_combining_mark_may_begin_a_string_since_a_quote_composes_with_nothing() -> None:
    payload = dump({"a": "\u0301", "b": '"\u0301', "c": "\\\u0338"})
    assert load(payload) == {"a": "\u0301", "b": '"\u0301', "c": "\\\u0338"}


def test_the_size_counts_bytes_and_its_limit_is_allowed() -> None:
    room = SIZE_MAX - len(dump({"a": ""}))
    assert len(dump({"a": "é" * (room // 2) + "e" * (room % 2)})) == SIZE_MAX
    with pytest.raises(LedgerError) as refusal:
        dump({"a": "é" * (room // 2 + 1)})
    assert refusal.value.code == "size"
