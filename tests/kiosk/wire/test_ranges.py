"""Sets of row numbers, against Python's own sets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.errors import WireError
from kiosk.wire.ranges import RangeSet

pieces = st.lists(st.tuples(st.integers(1, 60), st.integers(1, 12)), max_size=25)


def members(rows: RangeSet) -> set[int]:
    """All numbers of a set."""
    above = {number for first, count in rows.ranges for number in range(first, first + count)}
    return set(range(1, rows.upto + 1)) | above


@given(st.integers(0, 20), pieces)
def test_a_range_set_holds_what_was_put_in(upto: int, added: list[tuple[int, int]]) -> None:
    rows, model = RangeSet(upto), set(range(1, upto + 1))
    for first, count in added:
        piece = set(range(first, first + count))
        assert rows.add(first, count) == len(piece - model)
        model |= piece
        assert members(rows) == model
    assert rows.upto + 1 not in model
    assert all(rows.contains(number) == (number in model) for number in range(-1, 80))
    before = rows.upto
    for first, count in rows.ranges:
        assert first > before + 1
        before = first + count - 1


@given(st.integers(0, 20), pieces, st.integers(1, 70), st.integers(1, 30))
def test_what_is_missing_is_what_is_not_there(upto: int, added: list[tuple[int, int]], first: int, count: int) -> None:
    rows = RangeSet(upto, added)
    asked = set(range(first, first + count))
    missing = {number for start, size in rows.missing(first, count) for number in range(start, start + size)}
    assert missing == asked - members(rows)
    assert rows.covers(first, count) == (not missing)


@given(st.integers(0, 20), pieces, st.integers(0, 20), pieces)
def test_merging_is_the_union(
    upto: int, added: list[tuple[int, int]], other_upto: int, other: list[tuple[int, int]]
) -> None:
    rows, more = RangeSet(upto, added), RangeSet(other_upto, other)
    expected = members(rows) | members(more)
    assert rows.merge(more) == len(expected) - len(members(RangeSet(upto, added)))
    assert members(rows) == expected


@given(pieces, st.integers(0, 70))
def test_raising_the_mark_gives_up_what_lies_below(added: list[tuple[int, int]], upto: int) -> None:
    rows = RangeSet(0, added)
    expected = members(rows) | set(range(1, upto + 1))
    rows.raise_upto(upto)
    assert members(rows) == expected


@given(pieces)
def test_a_set_is_rebuilt_from_its_mark_and_ranges(added: list[tuple[int, int]]) -> None:
    rows = RangeSet(3, added)
    assert RangeSet(rows.upto, rows.ranges) == rows


def test_an_acknowledgement_has_room_for_the_lowest_sixteen() -> None:
    rows = RangeSet(0, [(2 * at, 1) for at in range(1, 30)])
    assert rows.lowest() == rows.ranges[:16]
    assert len(rows.ranges) == 29


@pytest.mark.parametrize(("first", "count"), [(0, 1), (1, 0), (-5, 3)])
def test_a_range_that_is_none_is_refused(first: int, count: int) -> None:
    with pytest.raises(WireError):
        RangeSet().add(first, count)


def test_a_mark_below_zero_is_refused() -> None:
    with pytest.raises(WireError):
        RangeSet(-1)
