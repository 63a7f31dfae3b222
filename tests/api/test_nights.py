"""What the battery allows tonight, from nights made by hand."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from api.pages.nights import NIGHTS, STEP_MS, Allows, Night, Volts, is_dark, nights, tonight
from figures.facts import Parameters
from kiosk.time import DAY_MS, day_start_ms

TOLD = Parameters()
MIDNIGHT_MS = day_start_ms("2026-11-23")
HOUR_MS = 3_600_000
NOON_MS = MIDNIGHT_MS + 12 * HOUR_MS


def curve(volts: Callable[[int], float | None], until_ms: int = NOON_MS) -> dict[int, Volts]:
    made = {}
    for at_ms in range(MIDNIGHT_MS - 9 * DAY_MS, until_ms, STEP_MS):
        value = volts(at_ms)
        if value is not None:
            made[at_ms] = Volts(value, value - 0.05)
    return made


def found(volts: Callable[[int], float | None], now_ms: int = NOON_MS) -> list[Night]:
    return nights(curve(volts, now_ms), now_ms, TOLD)


def test_seven_nights_run_from_sunset_to_sunrise() -> None:
    seven = found(lambda _: 12.5)
    assert [night.evening for night in seven] == [f"2026-11-{day}" for day in range(16, 23)]
    assert all(night.whole and night.low_v == pytest.approx(12.45) and night.under_ms is None for night in seven)
    for night in seven:
        assert 11 * HOUR_MS < night.end_ms - night.start_ms < 13 * HOUR_MS
        assert 17 * HOUR_MS < night.start_ms % DAY_MS < 18 * HOUR_MS


def test_after_sunset_the_night_that_goes_on_is_the_last_one() -> None:
    now_ms = MIDNIGHT_MS + 20 * HOUR_MS
    seven = found(lambda _: 12.5, now_ms)
    assert len(seven) == NIGHTS
    assert seven[-1].evening == "2026-11-23"
    assert not seven[-1].over
    assert not seven[-1].whole
    assert seven[-2].whole


def test_a_night_without_readings_is_known_to_be_unknown() -> None:
    gone = found(lambda at_ms: None if at_ms >= MIDNIGHT_MS - 12 * HOUR_MS else 12.5)
    assert gone[-1].low_v is None
    assert gone[-1].measured_permille == 0
    assert set(gone[-1].means_v) == {None}


def test_good_nights_allow_light_all_night_and_say_how_low_it_went() -> None:
    judged = tonight(found(lambda _: 12.5), TOLD, 13.2, load_off=False)
    assert judged.allows is Allows.OK
    assert judged.nights == NIGHTS
    assert judged.worst is not None


@pytest.mark.parametrize(("volts", "allows"), [(12.04, Allows.CAREFUL), (11.72, Allows.RISK), (12.06, Allows.OK)])
def test_one_night_near_or_below_the_cut_off_is_the_reason(volts: float, allows: Allows) -> None:
    dip_ms = MIDNIGHT_MS - 2 * DAY_MS + 3 * HOUR_MS
    judged = tonight(found(lambda at_ms: volts if at_ms == dip_ms else 12.6), TOLD, 13.2, load_off=False)
    assert judged.allows is allows
    assert judged.worst is not None
    assert judged.worst.evening == "2026-11-20"
    assert judged.worst.under_ms == (dip_ms if allows is Allows.RISK else None)


def test_a_battery_that_is_low_now_is_a_risk_whatever_the_nights_were() -> None:
    judged = tonight(found(lambda _: 12.5), TOLD, 11.9, load_off=False)
    assert (judged.allows, judged.low_now) == (Allows.RISK, True)


def test_an_output_that_is_off_is_said_before_anything_else() -> None:
    assert tonight(found(lambda _: 12.5), TOLD, 11.5, load_off=True).allows is Allows.OFF


def test_without_a_recent_voltage_or_a_whole_night_nobody_knows() -> None:
    assert tonight(found(lambda _: 12.5), TOLD, None, load_off=False).allows is Allows.UNKNOWN
    assert tonight(found(lambda _: None), TOLD, 13.0, load_off=False) == tonight([], TOLD, 13.0, load_off=False)
    assert tonight([], TOLD, 13.0, load_off=False).allows is Allows.UNKNOWN


def test_a_night_measured_in_part_is_no_reason() -> None:
    judged = tonight(found(lambda at_ms: 11.0 if at_ms % DAY_MS > 22 * HOUR_MS else None), TOLD, 13.0, load_off=False)
    assert (judged.allows, judged.nights) == (Allows.UNKNOWN, 0)


def test_dark_is_between_sunset_and_sunrise() -> None:
    assert [is_dark(MIDNIGHT_MS + hour * HOUR_MS, TOLD) for hour in (2, 12, 20)] == [True, False, True]
