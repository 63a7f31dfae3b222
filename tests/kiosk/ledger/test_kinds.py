"""Lists and kinds of values: what the vectors of whole records cannot show."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.errors import LedgerError
from kiosk.ledger.format import format_list, parse_list
from kiosk.ledger.kinds import COUNT, INTEGER, POSITIVE, Kind, choice, constant, is_integer, list_of, text

words = st.text("abcXYZ019_-", min_size=1, max_size=24)


def test_an_empty_list_has_no_items() -> None:
    assert parse_list("") == []
    assert format_list([]) == ""


def test_words_sort_by_code_point_and_integers_by_value() -> None:
    items = [("9", 1), ("10", 2), ("200", 3)]
    assert format_list(items) == "10:2;200:3;9:1"
    assert format_list(items, by_value=True) == "9:1;10:2;200:3"
    assert parse_list("9:1;10:2;200:3", by_value=True) == [("9", "1"), ("10", "2"), ("200", "3")]


@pytest.mark.parametrize("spelling", [";", "a;", ";a", "a;;b", "a:", ":a", "a::b", "b;a", "a;a", "a b", "é", "a" * 25])
def test_other_spellings_of_a_list_are_refused(spelling: str) -> None:
    with pytest.raises(LedgerError) as refusal:
        parse_list(spelling)
    assert refusal.value.code == "value"


@pytest.mark.parametrize("spelling", ["10:1;9:1", "x:1", "01:1", "-0:1", "9:1;9:2"])
def test_first_parts_that_sort_by_value_must_be_integers_in_order(spelling: str) -> None:
    with pytest.raises(LedgerError):
        parse_list(spelling, by_value=True)


@pytest.mark.parametrize("items", [[("a", 1), ("a", 2)], [()], [("",)], [("a", "b:c")], [("a;b",)], [("a", 1.5)]])
def test_items_that_would_not_come_back_are_not_written(items: list[tuple[str | int, ...]]) -> None:
    with pytest.raises(LedgerError):
        format_list(items)


@settings(deadline=None)
@given(st.dictionaries(words, st.lists(st.one_of(words, st.integers(0, 10**9)), max_size=3)))
def test_a_list_comes_back_as_it_was_written(parts: dict[str, list[str | int]]) -> None:
    written = format_list([(first, *others) for first, others in parts.items()])
    read = parse_list(written)
    assert {first: list(others) for first, *others in read} == {
        first: [str(part) for part in others] for first, others in parts.items()
    }
    assert format_list(read) == written


@pytest.mark.parametrize(
    ("part", "holds"), [("9007199254740991", True), ("-9007199254740991", True), ("9007199254740992", False)]
)
def test_integers_in_lists_have_the_bounds_of_all_integers(part: str, holds: bool) -> None:
    assert is_integer(part) is holds


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (INTEGER, -1, "1"),
        (COUNT, 0, -1),
        (COUNT, 1, "1"),
        (POSITIVE, 1, 0),
        (POSITIVE, 1, "1"),
        (constant(1), 1, "1"),
        (constant(1), 1, 2),
        (text(2), "éé", "ééé"),
        (text(2), "", 0),
        (choice(["a"]), "a", ""),
        (list_of("", (is_integer,)), "", 0),
        (list_of("", (is_integer,)), "5", "5:5"),
        (list_of("", (is_integer,), or_empty=False), "5", ""),
    ],
)
def test_a_kind_holds_its_values_and_no_others(kind: Kind, good: str | int, bad: str | int) -> None:
    assert kind.holds(good)
    assert not kind.holds(bad)
