"""When a site counts as silent: after two of its own intervals, and never before half an hour."""

from __future__ import annotations

from dataclasses import fields

import pytest

from office.silence import is_silent
from store.status import SiteStatus

HEARD_MS = 1_795_000_000_000
MINUTE_MS = 60_000


def heard(cadence_s: int | None, arrival_ms: int | None = HEARD_MS) -> SiteStatus:
    said = {each.name: None for each in fields(SiteStatus)} | {"site": "damane", "dev": "00"}
    return SiteStatus(**said | {"cadence_s": cadence_s, "arrival_ms": arrival_ms})  # type: ignore[arg-type]


@pytest.mark.parametrize(("cadence_s", "minutes"), [(None, 30), (60, 30), (900, 30), (3600, 120), (86_400, 2880)])
def test_a_site_may_miss_two_of_its_intervals_and_no_more(cadence_s: int | None, minutes: int) -> None:
    until_ms = HEARD_MS + minutes * MINUTE_MS
    assert not is_silent(heard(cadence_s), until_ms)
    assert is_silent(heard(cadence_s), until_ms + 1)


def test_a_site_that_was_never_heard_is_silent() -> None:
    assert is_silent(heard(900, arrival_ms=None), HEARD_MS)
