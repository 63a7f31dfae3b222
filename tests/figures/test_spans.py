"""Arithmetic of time spans."""

from hypothesis import given
from hypothesis import strategies as st

from figures.spans import between_readings, clip, length, merge, overlaps, permille, subtract

SPANS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=8)


def members(spans: list[tuple[int, int]]) -> set[int]:
    return {each for start, end in spans for each in range(start, end)}


@given(SPANS)
def test_a_union_holds_each_instant_once(spans: list[tuple[int, int]]) -> None:
    assert members(merge(spans)) == members(spans)
    assert length(merge(spans)) == len(members(spans))


@given(SPANS, SPANS)
def test_a_difference_is_what_is_in_the_one_and_not_in_the_other(
    spans: list[tuple[int, int]], taken: list[tuple[int, int]]
) -> None:
    assert members(subtract(spans, taken)) == members(spans) - members(taken)


@given(SPANS)
def test_overlaps_are_the_instants_that_two_spans_share(spans: list[tuple[int, int]]) -> None:
    counted = [each for start, end in spans for each in range(start, end)]
    assert members(overlaps(spans)) == {each for each in counted if counted.count(each) > 1}


def test_clipping_leaves_what_lies_inside() -> None:
    assert clip([(0, 5), (8, 12), (20, 30)], 3, 10) == [(3, 5), (8, 10)]


def test_readings_vouch_for_the_time_between_near_ones_only() -> None:
    assert between_readings([0, 60, 120, 500, 560, 2000], 100) == [(0, 120), (500, 560)]
    assert between_readings([], 100) == []


def test_shares_are_rounded_and_nothing_has_no_share() -> None:
    assert permille(1, 3) == 333
    assert permille(2, 3) == 667
    assert permille(0, 0) is None
