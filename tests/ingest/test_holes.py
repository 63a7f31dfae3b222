"""Ranges of numbers that are missing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ingest import holes

SPANS = st.tuples(st.integers(1, 40), st.integers(0, 9)).map(lambda pair: (pair[0], pair[0] + pair[1]))


def test_the_expected_number_lies_behind_the_holes_that_touch_the_head() -> None:
    assert holes.expected(4, []) == 5
    assert holes.expected(4, [(5, 6)]) == 7
    assert holes.expected(4, [(7, 8), (5, 6)]) == 9
    assert holes.expected(4, [(6, 8)]) == 5


@given(hole=SPANS, taken=st.lists(SPANS, max_size=5))
def test_what_is_left_of_a_hole_is_what_was_not_taken(hole: holes.Span, taken: list[holes.Span]) -> None:
    def numbers(span: holes.Span) -> set[int]:
        return set(range(span[0], span[1] + 1))

    left = holes.without(hole, taken)
    expected = numbers(hole).difference(*(numbers(span) for span in taken)) if taken else numbers(hole)
    assert set().union(*(numbers(span) for span in left)) == expected
    assert all(first <= last for first, last in left)
