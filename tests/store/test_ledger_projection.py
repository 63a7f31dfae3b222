"""The ledger's copy in a real InfluxDB: the same francs as the book, however often it is written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kiosk.time import day_of, day_start_ms
from store.ledger_records import Record, Sums
from store.readings.influxdb_http import InfluxConnection
from store.readings.ledger_projection import DAY, RECORD, Difference, LedgerProjection, Total
from tests.influxdb import InfluxServer

SITE, LOG, BOOT = "damane", "ab" * 16, "b1" * 8
FIRST, LAST = "2026-09-01", "2026-09-30"
NOON = day_start_ms("2026-09-10") + 43_200_000


@pytest.fixture(scope="module")
def connection(influx: InfluxServer) -> Iterator[InfluxConnection]:
    opened = InfluxConnection(influx.new_bucket())
    yield opened
    opened.close()


@pytest.fixture
def projection(connection: InfluxConnection) -> LedgerProjection:
    made = LedgerProjection(connection)
    made.delete_site(SITE)
    return made


def record(seq: int, amt: int, utc_ms: int | None = NOON, **changes: object) -> Record:
    made = Record(
        log=LOG,
        branch=0,
        seq=seq,
        hash="",
        payload=b"",
        signature=b"",
        key_id="",
        site=SITE,
        t="sale",
        press_id="",
        boot=BOOT,
        boot_number=1,
        mono_ms=0,
        cur="XOF",
        amt=amt,
        pay="cash",
        cash=amt,
        sum_in=0,
        sum_out=0,
        box=0,
        svc="phone",
        op="",
        ref_log="",
        ref=0,
        utc_ms=utc_ms,
        day=None if utc_ms is None else day_of(utc_ms),
        counts=True,
        marks="",
        arrived_ms=0,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def sums_of(records: list[Record]) -> list[Sums]:
    """As store.ledger_records.sums gives them."""
    kinds: dict[tuple[str, str, str, str, str], list[Record]] = {}
    for each in records:
        if each.counts and each.day is not None:
            kinds.setdefault((each.day, each.t, each.svc, each.pay, each.cur), []).append(each)
    return [
        Sums(*kind, len(same), sum(each.amt for each in same), sum(each.cash for each in same))
        for kind, same in sorted(kinds.items())
    ]


def project(projection: LedgerProjection, records: list[Record]) -> list[Difference]:
    projection.write_records(records)
    projection.write_days(SITE, FIRST, LAST, sums_of(records))
    return projection.differences(SITE, FIRST, LAST, sums_of(records))


def test_the_copy_agrees_with_the_book_however_often_it_is_written(projection: LedgerProjection) -> None:
    records = [
        record(1, 100),
        record(2, -100, t="void"),
        record(3, 2**53 + 1, NOON + 1, svc="", pay="mobile"),
        record(4, 250, NOON + 86_400_000, cur="EUR", svc="a b,c=d"),
    ]
    for _ in range(3):
        assert project(projection, records) == []


def test_records_of_one_millisecond_stay_apart(projection: LedgerProjection) -> None:
    assert project(projection, [record(seq, 100) for seq in range(1, 200)]) == []


def test_what_is_missing_is_told_by_day_and_measurement(projection: LedgerProjection) -> None:
    records = [record(1, 100), record(2, 50, NOON + 86_400_000)]
    project(projection, records)
    late = [*records, record(3, 25, NOON + 86_400_000)]
    book, copied = Total(2, 75, 75), Total(1, 50, 50)
    assert projection.differences(SITE, FIRST, LAST, sums_of(late)) == [
        Difference(SITE, "2026-09-11", "XOF", RECORD, book, copied),
        Difference(SITE, "2026-09-11", "XOF", DAY, book, copied),
    ]


def test_what_counts_no_longer_becomes_zero(projection: LedgerProjection) -> None:
    records = [record(1, 100), record(2, 50, svc="battery")]
    project(projection, records)
    assert project(projection, [records[0], replace(records[1], counts=False)]) == []


def test_a_boot_that_is_dated_anew_leaves_nothing_under_the_old_date(projection: LedgerProjection) -> None:
    records = [record(1, 100), record(2, 50, boot="b2" * 8)]
    project(projection, records)
    moved = [replace(records[0], utc_ms=NOON + 3 * 86_400_000, day="2026-09-13"), records[1]]
    projection.delete_boot(SITE, BOOT)
    assert project(projection, moved) == []


def test_a_days_copy_loses_what_moved_away_and_touches_no_other_day(projection: LedgerProjection) -> None:
    start, end = day_start_ms("2026-09-10"), day_start_ms("2026-09-11") - 1
    before, first = record(1_000_000, 7, start - 1, boot="b2" * 8), record(1, 100, start)
    last, after = record(999_999, 50, end), record(1_000_000, 3, end + 1)
    assert project(projection, [before, first, last, after]) == []
    moved = replace(last, utc_ms=NOON + 3 * 86_400_000, day="2026-09-13")
    kept = [before, first, moved, after]
    for day in ("2026-09-10", "2026-09-13"):
        same_day = [each for each in kept if each.day == day]
        projection.write_day(SITE, day, same_day, sums_of(same_day))
    assert projection.differences(SITE, FIRST, LAST, sums_of(kept)) == []


def test_records_without_a_date_are_left_out_and_counted(projection: LedgerProjection) -> None:
    assert projection.write_records([record(1, 100), record(2, 50, None), record(3, 50, None)]) == 2


def test_another_sites_francs_are_not_touched(projection: LedgerProjection) -> None:
    mine, others = [record(1, 100)], [record(1, 7, site="kaya", log="cd" * 16)]
    project(projection, mine)
    projection.write_records(others)
    projection.delete_site(SITE)
    assert [each.projected for each in projection.differences(SITE, FIRST, LAST, sums_of(mine))] == [Total(), Total()]
    assert [each.measurement for each in projection.differences("kaya", FIRST, LAST, sums_of(others))] == [DAY]


moments = st.integers(day_start_ms(FIRST), day_start_ms(LAST))
amounts = st.integers(-(2**40), 2**40)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(moments, amounts, st.sampled_from(["sale", "void", "payout"]), st.booleans()), max_size=30))
def test_any_story_can_replace_any_other(projection: LedgerProjection, story: list[tuple[int, int, str, bool]]) -> None:
    records = [record(seq, amt, at, t=t, counts=counts) for seq, (at, amt, t, counts) in enumerate(story, 1)]
    projection.delete_boot(SITE, BOOT)
    assert project(projection, records) == []
