"""Which time is believed."""

from __future__ import annotations

import random

import pytest

from edge_agent.time_source import ANSWER_MAX_MS, ASK_AGAIN_MS, REFRESH_MS, TimeKeeper
from kiosk.time import DAY_MS, TimeFix
from kiosk.wire.boots import BootState
from kiosk.wire.down import TimeAnswer
from kiosk.wire.request import TimeRequest

BOOT = "ab" * 8
UTC_MS = 1_790_000_000_000


def keeper(before: BootState | None = None) -> TimeKeeper:
    return TimeKeeper(BOOT, 1_000, before, random.Random(1).randbytes)


def answer(request: TimeRequest | None, utc_ms: int = UTC_MS) -> TimeAnswer:
    assert request is not None
    return TimeAnswer(request.nonce, request.boot, request.mono_ms, utc_ms)


def test_without_a_clock_nothing_is_dated() -> None:
    assert keeper().belief(5_000).wall == 0
    assert keeper().clock_state(5_000).source == "none"


def test_the_end_of_the_life_before_is_a_belief_but_dates_no_row() -> None:
    fix = TimeFix("cd" * 8, 0, UTC_MS, "server", 100)
    kept = keeper(BootState("cd" * 8, 1, 0, 3_600_000, fix))
    belief = kept.belief(2_000)
    assert (belief.wall, belief.clk) == (UTC_MS + 3_600_000 + 1_000, "saved")
    assert belief.unc * 1000 > 365 * DAY_MS
    assert kept.clock_state(2_000).source == "none"
    assert kept.trusted_utc_ms(2_000) is None


@pytest.mark.parametrize(
    ("first", "second", "believed"),
    [("typed", "server", "server"), ("server", "phone", "server"), ("server", "ntp", "ntp"), ("ntp", "server", "ntp")],
)
def test_a_better_source_replaces_a_worse_one_and_never_the_other_way(first: str, second: str, believed: str) -> None:
    kept = keeper()
    kept.offer(TimeFix(BOOT, 2_000, UTC_MS, first, 500))
    kept.offer(TimeFix(BOOT, 3_000, UTC_MS + 70_000, second, 400))
    assert kept.fix is not None
    assert kept.fix.source == believed


def test_a_fix_of_another_boot_or_before_1970_is_none_of_ours() -> None:
    kept = keeper()
    assert not kept.offer(TimeFix("cd" * 8, 2_000, UTC_MS, "ntp", 1))
    assert not kept.offer(TimeFix(BOOT, 2_000, 0, "ntp", 1))


def test_a_clock_that_drifted_over_months_is_set_right_by_a_newer_answer() -> None:
    kept = keeper()
    kept.offer(TimeFix(BOOT, 2_000, UTC_MS, "server", 500))
    month_ms = 30 * DAY_MS
    assert not kept.offer(TimeFix(BOOT, 2_000 + month_ms, UTC_MS + month_ms + 50_000, "server", 500))
    assert kept.offer(TimeFix(BOOT, 2_000 + month_ms, UTC_MS + month_ms + 130_000, "server", 500))


def test_questions_are_asked_until_answered_and_then_once_a_day() -> None:
    kept = keeper()
    first = kept.question(2_000)
    assert first is not None
    assert kept.question(2_000 + ASK_AGAIN_MS - 1) is None
    second = kept.question(2_000 + ASK_AGAIN_MS)
    assert second is not None
    assert second.nonce != first.nonce
    fix = kept.answered(answer(first), 130_000)
    assert fix is not None
    assert kept.offer(fix)
    assert kept.question(130_000 + REFRESH_MS - 1) is None
    assert kept.question(130_000 + REFRESH_MS) is not None


def test_with_a_better_clock_than_the_server_nothing_is_asked() -> None:
    kept = keeper()
    kept.offer(TimeFix(BOOT, 2_000, UTC_MS, "gnss", 10))
    assert kept.question(3_000) is None


def test_the_fix_lies_in_the_middle_of_the_round_trip() -> None:
    kept = keeper()
    fix = kept.answered(answer(kept.question(10_000)), 13_000)
    assert fix == TimeFix(BOOT, 11_500, UTC_MS, "server", 3_000)


def test_an_answer_after_ten_minutes_is_an_old_message() -> None:
    kept = keeper()
    said = answer(kept.question(10_000))
    assert kept.answered(said, 10_000 + ANSWER_MAX_MS + 1) is None
