"""What [agent] settings do: rows near an empty battery, and the computer's own clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from kiosk.time import DAY_MS, TimeFix
from tests.edge_agent.lines import HeldLine
from tests.edge_agent.site import START_UTC_MS, Site
from tests.edge_agent.transports.vedirect_stream import CHARGER, text_block

YEAR_MS = 365 * DAY_MS
Change = Callable[..., None]


@pytest.fixture
def set_agent(site: Site, monkeypatch: pytest.MonkeyPatch) -> Change:
    """Set keys of [agent] in the site's configuration."""

    def change(**keys: object) -> None:
        config = site.config()
        changed = replace(config, agent=replace(config.agent, **keys))  # type: ignore[arg-type]
        monkeypatch.setattr(site, "config", lambda: changed)

    return change


def minutes_at(site: Site, battery_mv: int, minutes: int) -> None:
    line = site.lines["mppt"]
    assert isinstance(line, HeldLine)
    block = text_block((label, str(battery_mv) if label == "V" else value) for label, value in CHARGER)
    for _ in range(minutes):
        line.arrived += block
        site.advance(1)


def start_full(site: Site) -> tuple[int, int]:
    """A new life with a full battery; the rows committed so far, and none in memory."""
    site.start()
    minutes_at(site, 13_000, 2)
    site.agent.outbox.commit(site.clock.mono_ms)
    return site.agent.outbox.head, site.agent.outbox.pending


def fix_of(site: Site) -> TimeFix | None:
    return site.agent.keeper.fix


def test_near_the_cut_off_a_power_cut_takes_no_row(site: Site, set_agent: Change) -> None:
    set_agent(low_battery_v=12.1)
    site.start()
    minutes_at(site, 12_090, 7)
    site.power_cut()
    assert site.agent.outbox.head == 7


def test_rows_that_waited_in_memory_are_stored_with_the_first_low_one(site: Site, set_agent: Change) -> None:
    set_agent(low_battery_v=12.1)
    assert start_full(site) == (2, 0)
    minutes_at(site, 12_800, 5)
    assert (site.agent.outbox.head, site.agent.outbox.pending) == (2, 5)
    minutes_at(site, 12_090, 1)
    assert (site.agent.outbox.head, site.agent.outbox.pending) == (8, 0)


@pytest.mark.parametrize(("low_battery_v", "battery_mv"), [(12.1, 12_100), (0, 11_000)])
def test_above_it_or_without_it_rows_are_stored_by_chunks(
    site: Site, set_agent: Change, low_battery_v: float, battery_mv: int
) -> None:
    set_agent(low_battery_v=low_battery_v)
    assert start_full(site) == (2, 0)
    minutes_at(site, battery_mv, 12)
    assert (site.agent.outbox.head, site.agent.outbox.pending) == (2, 12)


def test_a_computer_with_a_clock_of_its_own_knows_the_time_at_once(site: Site, set_agent: Change) -> None:
    set_agent(rtc=True)
    site.start()
    fix = fix_of(site)
    assert fix is not None
    assert (fix.source, fix.utc_ms, fix.uncertainty_ms) == ("rtc", START_UTC_MS, 2_000)
    site.power_cut(off_ms=9 * 3_600_000)
    again = fix_of(site)
    assert again is not None
    assert again.utc_ms == START_UTC_MS + 9 * 3_600_000


def test_a_time_service_is_better_than_the_computer_s_clock(site: Site, set_agent: Change) -> None:
    set_agent(rtc=True)
    site.synchronised = 20
    site.start()
    fix = fix_of(site)
    assert fix is not None
    assert fix.source == "ntp"


@pytest.mark.parametrize("off_ms", [-2 * DAY_MS, -10 * YEAR_MS, 21 * YEAR_MS, -START_UTC_MS])
def test_a_clock_with_an_empty_battery_is_not_believed(
    site: Site, set_agent: Change, off_ms: int, caplog: pytest.LogCaptureFixture
) -> None:
    set_agent(rtc=True)
    site.clock.wall_ms += off_ms
    site.start()
    assert fix_of(site) is None
    assert "look at its battery" in caplog.text


def test_a_server_whose_clock_was_ahead_by_hours_at_commissioning_does_no_harm(site: Site, set_agent: Change) -> None:
    set_agent(rtc=True)
    site.clock.wall_ms -= 20 * 3_600_000
    site.start()
    assert fix_of(site) is not None
