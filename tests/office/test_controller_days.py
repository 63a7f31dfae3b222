"""Days that a controller remembers reach the figures of those days, once, whenever and wherever they are told."""

from __future__ import annotations

from kiosk.time import DAY_MS, day_of
from office import controller_days
from office.summariser import Summariser
from store.readings.base import Series
from tests.office.world import HOUR, MINUTE, SITE, START, World

BOOT = "b1" * 8


def told(world: World, at_ms: int, records: dict[int, int], boot: str = BOOT) -> None:
    """From an instant, three rows a day: days ago and Wh."""
    for number, (days_ago, energy_wh) in enumerate(records.items()):
        times = [at_ms + (3 * number + row) * MINUTE for row in range(3)]
        columns = [
            Series("mppt", "history_days_ago", 0, times, [days_ago] * 3),
            Series("mppt", "history_pv_energy_wh", 0, times, [energy_wh] * 3),
            Series("mppt", "history_battery_voltage_min_v", 2, times, [1188] * 3),
        ]
        world.readings.write(SITE, boot, columns)
    world.mark(day_of(at_ms))


def settle(world: World) -> list[str]:
    """Let the office work until it rests; tells which days it computed, in order."""
    office, computed = Summariser(world.store, world.readings, world.clock), []
    save = office._compute

    def noted(connection, turn, key, near):  # type: ignore[no-untyped-def]
        computed.append(key[1])
        return save(connection, turn, key, near)

    office._compute = noted  # type: ignore[method-assign]
    for _ in range(30):
        if not office.run_once():
            return computed
    raise AssertionError("the summariser runs in circles")


def absent(world: World) -> None:
    """Seen on 10 March from 06 to 09 h; back on the 14th at 09 h, with 1,000 Wh more on the counter."""
    world.now_ms = START + 4 * DAY_MS + 20 * HOUR
    world.heard(START + 4 * DAY_MS + 9 * HOUR)
    world.boot(BOOT, 1, START, 10 * HOUR)
    world.boot("b2" * 8, 2, START + 4 * DAY_MS + 9 * HOUR, 10 * HOUR)
    world.counted(START + 5 * HOUR, START + 9 * HOUR)
    world.counted(START + 4 * DAY_MS + 9 * HOUR, START + 4 * DAY_MS + 19 * HOUR, "b2" * 8, from_wh=2239)
    settle(world)


def solar(world: World, day: str) -> tuple[int | None, tuple[str, ...]]:
    found = world.figures(day)
    assert found is not None
    return found.solar.energy_wh, found.solar.marks


def test_days_that_rows_tell_of_are_computed_again_though_nobody_marked_them(world: World) -> None:
    absent(world)
    told(world, START + 4 * DAY_MS + 10 * HOUR, {1: 300, 2: 40, 3: 250})
    settle(world)
    assert solar(world, "2026-03-11") == (250, ("controller_history",))
    assert solar(world, "2026-03-12") == (40, ("controller_history",))
    assert solar(world, "2026-03-13") == (300, ("controller_history",))
    past = world.figures("2026-03-12").history[0]  # type: ignore[union-attr]
    assert (past.pv_energy_wh, past.battery_min_mv, past.pv_power_max_w) == (40, 11_880, None)


def test_all_days_that_share_the_gap_follow_a_telling_that_comes_days_later(world: World) -> None:
    absent(world)
    world.now_ms += 2 * DAY_MS
    told(world, START + 6 * DAY_MS + 10 * HOUR, {4: 40})
    settle(world)
    assert solar(world, "2026-03-12") == (40, ("controller_history",))
    energies = [solar(world, f"2026-03-{day}")[0] or 0 for day in (10, 11, 12, 13, 14)]
    assert sum(energies) == 2239 + 599 - 1000
    assert all("estimated" in solar(world, f"2026-03-{day}")[1] for day in (11, 13))


def test_telling_the_same_again_computes_only_the_day_of_the_rows(world: World) -> None:
    absent(world)
    told(world, START + 4 * DAY_MS + 10 * HOUR, {1: 300, 2: 40, 3: 250})
    settle(world)
    told(world, START + 4 * DAY_MS + 15 * HOUR, {1: 300, 2: 40, 3: 250})
    assert settle(world) == ["2026-03-14"]
    world.mark("2026-03-12")
    assert settle(world) == ["2026-03-12"]


def test_the_telling_with_the_fewest_days_in_between_is_believed(world: World) -> None:
    """A charger that was without battery for a day counts it not: later, its distances are one too short."""
    absent(world)
    told(world, START + 4 * DAY_MS + 10 * HOUR, {1: 300, 2: 40, 3: 250})
    world.now_ms += 3 * DAY_MS
    told(world, START + 7 * DAY_MS + 10 * HOUR, {4: 999, 5: 998})
    settle(world)
    assert solar(world, "2026-03-13") == (300, ("controller_history",))


def test_rows_that_move_to_another_day_take_what_they_told_with_them(world: World) -> None:
    absent(world)
    told(world, START + 4 * DAY_MS + 10 * HOUR, {2: 40}, boot="b3" * 8)
    settle(world)
    assert solar(world, "2026-03-12")[0] == 40
    world.readings.delete_boot(SITE, "b3" * 8)  # as dating anew does, which marks the days of the rows
    told(world, START + 4 * DAY_MS + 10 * HOUR - DAY_MS, {2: 40}, boot="b3" * 8)
    world.mark("2026-03-14")
    settle(world)
    assert "controller_history" in solar(world, "2026-03-11")[1]
    assert solar(world, "2026-03-11")[0] == 40
    assert world.figures("2026-03-12").history == ()  # type: ignore[union-attr]


def test_a_day_of_an_absence_that_was_never_computed_gets_figures_when_it_is_told(world: World) -> None:
    """Rows that came from the kiosk long after, so nobody looked at the days in between."""
    world.now_ms = START + 60 * DAY_MS
    world.boot(BOOT, 1, START, 10 * HOUR)
    world.boot("b2" * 8, 2, START + 4 * DAY_MS + 9 * HOUR, 10 * HOUR)
    world.counted(START + 5 * HOUR, START + 9 * HOUR)
    world.counted(START + 4 * DAY_MS + 9 * HOUR, START + 4 * DAY_MS + 19 * HOUR, "b2" * 8, from_wh=2239)
    told(world, START + 4 * DAY_MS + 10 * HOUR, {1: 300, 2: 40, 3: 250, 9: 500})
    settle(world)
    assert solar(world, "2026-03-12") == (40, ("controller_history",))
    assert world.figures("2026-03-05") is None  # before the site was there


def test_only_the_span_in_which_the_day_can_be_told_is_asked_of_the_store(world: World) -> None:
    asked: list[tuple[int, int]] = []

    class Watched:
        def series(self, site: str, device: str, metric: str, start_ms: int, end_ms: int) -> Series:
            asked.append((start_ms, end_ms))
            return world.readings.series(site, device, metric, start_ms, end_ms)

    assert controller_days.of_gap(Watched(), SITE, "mppt", START, None) == []  # type: ignore[arg-type]
    assert asked == [(START, START + 31 * DAY_MS)]
