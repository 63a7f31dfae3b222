"""Time fixes and civil days."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.time import DAY_MS, SOURCES, TimeFix, day_of, day_start_ms, rank, supersedes

BOOT = "b0" * 8
START_MS = 1_790_000_000_000

sources = st.sampled_from(SOURCES)
uncertainties = st.integers(0, 10**7)


def fix(source: str, uncertainty_ms: int = 100, boot: str = BOOT) -> TimeFix:
    """A fix at one minute of the boot."""
    return TimeFix(boot, 60_000, START_MS, source, uncertainty_ms)


def test_the_codes_of_the_sources_are_those_of_the_wire() -> None:
    assert SOURCES == ("none", "saved", "typed", "phone", "modem", "server", "rtc", "gnss", "ntp")


def test_the_sources_are_believed_in_their_order() -> None:
    order = [("saved",), ("typed", "phone"), ("modem",), ("server",), ("rtc", "gnss", "ntp")]
    for lower, higher in pairwise(order):
        assert all(rank(low) < rank(high) for low in lower for high in higher)
    assert all(len({rank(source) for source in equals}) == 1 for equals in order)


@pytest.mark.parametrize("source", ["none", "", "sundial", "NTP"])
def test_an_unknown_source_is_none(source: str) -> None:
    assert rank(source) == 0
    assert not supersedes(fix(source, 0), None)
    assert not supersedes(fix(source, 0), fix("saved"))


@given(st.sampled_from(SOURCES[1:]))
def test_any_source_is_better_than_no_fix(source: str) -> None:
    assert supersedes(fix(source), None)


@pytest.mark.parametrize("weak", ["saved", "typed", "phone", "modem"])
@pytest.mark.parametrize("strong", ["server", "ntp", "gnss", "rtc"])
def test_a_phone_or_a_modem_never_outranks_server_or_ntp(weak: str, strong: str) -> None:
    assert not supersedes(fix(weak, 0), fix(strong, 10**6))
    assert supersedes(fix(strong, 10**6), fix(weak, 0))


@given(sources, sources, uncertainties, uncertainties)
def test_two_fixes_never_supersede_each_other(one: str, two: str, first_ms: int, second_ms: int) -> None:
    first, second = fix(one, first_ms), fix(two, second_ms)
    assert not (supersedes(first, second) and supersedes(second, first))


def test_at_the_same_rank_less_than_half_the_uncertainty_wins() -> None:
    assert supersedes(fix("ntp", 49), fix("gnss", 100))
    assert not supersedes(fix("ntp", 50), fix("gnss", 100))
    assert not supersedes(fix("ntp", 0), fix("ntp", 0))


@given(sources, uncertainties)
def test_a_fix_does_not_supersede_itself(source: str, uncertainty_ms: int) -> None:
    assert not supersedes(fix(source, uncertainty_ms), fix(source, uncertainty_ms))


def test_a_fix_dates_its_boot_before_and_after_it() -> None:
    assert fix("ntp").utc_at(0) == START_MS - 60_000
    assert fix("ntp").utc_at(60_000) == START_MS
    assert fix("ntp").utc_at(90_000) == START_MS + 30_000


@pytest.mark.parametrize(
    ("utc_ms", "day"),
    [
        (0, "1970-01-01"),
        (-1, "1969-12-31"),
        (DAY_MS - 1, "1970-01-01"),
        (DAY_MS, "1970-01-02"),
        (1_709_164_800_000, "2024-02-29"),
        (1_709_251_199_999, "2024-02-29"),
        (1_709_251_200_000, "2024-03-01"),
    ],
)
def test_the_day_of_ouagadougou_is_that_of_utc(utc_ms: int, day: str) -> None:
    assert day_of(utc_ms) == day


@given(st.integers(0, 4 * 10**12))
def test_a_day_begins_at_its_start_and_lasts_24_hours(utc_ms: int) -> None:
    start = day_start_ms(day_of(utc_ms))
    assert start <= utc_ms < start + DAY_MS
    assert start % DAY_MS == 0
