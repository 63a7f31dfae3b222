"""The sun over Kaya, against the almanac's equation of time and day length."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from figures.sun import clear_sky_weight, daylight, sine_altitude
from kiosk.time import DAY_MS, day_start_ms

LAT, LON = 13.09, -1.08


@pytest.mark.parametrize(
    ("day", "noon_minutes", "length_minutes"),
    [
        # Noon UTC = 12:00 + 4.3 min of longitude - equation of time (-7.4, -1.9, +1.9 min on these days);
        # length by cos H = (sin(-0.833) - sin(lat) sin(dec)) / (cos(lat) cos(dec)), dec 0.0, 23.44, -23.44.
        ("2026-03-20", 731.7, 726.8),
        ("2026-06-21", 726.2, 774.0),
        ("2026-12-21", 722.4, 681.4),
    ],
)
def test_noon_and_length_of_the_day_are_those_of_the_almanac(
    day: str, noon_minutes: float, length_minutes: float
) -> None:
    start = day_start_ms(day)
    sun = daylight(start, LAT, LON)
    noon = ((sun.sunrise_ms + sun.sunset_ms) / 2 - start) / 60_000
    assert noon == pytest.approx(noon_minutes, abs=1.0)
    assert (sun.sunset_ms - sun.sunrise_ms) / 60_000 == pytest.approx(length_minutes, abs=1.5)


def test_the_sun_stands_in_the_zenith_when_its_declination_is_the_latitude() -> None:
    start = day_start_ms("2026-04-24")
    highest = max(sine_altitude(each, LAT, LON) for each in range(start, start + DAY_MS, 60_000))
    assert highest > 0.9999


def test_a_place_where_the_sun_does_not_set_inside_the_utc_day_is_refused() -> None:
    with pytest.raises(ValueError, match="coordinates"):
        daylight(day_start_ms("2026-03-20"), 13.0, 179.0)


def test_the_night_has_no_weight_and_the_day_what_a_clear_sky_gives() -> None:
    start = day_start_ms("2026-03-20")
    sun = daylight(start, LAT, LON)
    assert clear_sky_weight(start, sun.sunrise_ms - 600_000, LAT, LON) == 0.0
    assert clear_sky_weight(start, start + DAY_MS, LAT, LON) == pytest.approx(7480, rel=0.01)


@given(st.integers(0, 3 * 288), st.integers(0, 3 * 288), st.integers(0, 3 * 288))
def test_weights_of_parts_add_up(first: int, second: int, third: int) -> None:
    low, middle, high = (day_start_ms("2026-05-01") + each * 300_000 for each in sorted((first, second, third)))
    parts = clear_sky_weight(low, middle, LAT, LON) + clear_sky_weight(middle, high, LAT, LON)
    assert parts == pytest.approx(clear_sky_weight(low, high, LAT, LON), abs=1e-6)
