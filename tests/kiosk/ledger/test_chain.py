"""Heads and totals: what the chains of the vectors cannot show."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.ledger.chain import Head, advance, continuation, follows, totals_of
from kiosk.ledger.totals import Totals, after, difference
from tests.vectors.ledger.stories import every_type

STORY = every_type()
effects = st.tuples(st.integers(-(10**9), 10**9), st.integers(-(10**9), 10**9))


def test_an_empty_head_stands_before_the_first_record() -> None:
    head = Head.empty("ab" * 16, "XOF", "cd" * 32)
    assert head == Head("ab" * 16, 0, "cd" * 32, "XOF", 0, 0, 0)
    assert head.totals == Totals()


def test_a_head_that_came_without_site_and_device_does_not_compare_them() -> None:
    start = STORY.heads[0]
    head = Head.empty(start.log, start.cur, start.hash)
    assert follows(head, STORY.fields[0]) is None
    assert advance(head, STORY.fields[0], STORY.payloads[0]) == STORY.heads[1]


def test_a_head_without_a_hash_is_followed_by_nothing() -> None:
    start = STORY.heads[0]
    assert follows(Head.empty(start.log, start.cur, ""), STORY.fields[0]) == "prev"
    assert follows(Head.empty("", start.cur, start.hash), STORY.fields[0]) == "log"


def test_a_head_learns_site_and_device_from_its_record() -> None:
    start = STORY.heads[0]
    head = advance(Head.empty(start.log, start.cur, start.hash), STORY.fields[0], STORY.payloads[0])
    assert (head.site, head.dev) == (start.site, start.dev)
    assert follows(head, STORY.fields[1] | {"site": "kaya-sud"}) == "site"


def test_a_continuation_holds_what_a_shortened_record_leaves_out() -> None:
    for head, fields in zip(STORY.heads[:-1], STORY.fields, strict=True):
        derived = continuation(head, int(fields["amt"]), int(fields["cash"]))
        assert sorted(derived) == sorted(["v", "site", "dev", "log", "cur", "seq", "prev", "sum_in", "sum_out", "box"])
        assert {name: fields[name] for name in derived} == derived


def test_after_a_break_the_head_has_the_totals_that_the_record_states() -> None:
    fields = STORY.fields[4] | {"sum_in": 77, "box": -3}
    head = advance(STORY.heads[2], fields, b"exact bytes")
    assert (head.seq, head.totals) == (5, Totals(77, 0, -3))


def test_what_is_not_yet_received_is_known_as_an_amount() -> None:
    sold = difference(totals_of(STORY.fields[11]), totals_of(STORY.fields[6]))
    assert sold == Totals(sum_in=500, sum_out=0, box=0)
    assert sold.income == 500


@settings(deadline=None)
@given(st.lists(effects))
def test_totals_are_sums_of_effects_and_never_fall(moves: list[tuple[int, int]]) -> None:
    totals = Totals()
    for amt, cash in moves:
        later = after(totals, amt, cash)
        assert later.sum_in >= totals.sum_in
        assert later.sum_out >= totals.sum_out
        assert difference(later, totals) == Totals(max(amt, 0), max(-amt, 0), cash)
        totals = later
    assert totals.income == sum(amt for amt, _ in moves)
    assert totals.box == sum(cash for _, cash in moves)
