"""Processor time of one day's figures from the store: 1,440 rows of 14 metrics, as the office computes them."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bench.results import at_most, keep
from kiosk.time import DAY_MS
from office.summariser import Summariser
from store.readings.base import Series
from tests.office.world import SITE, START, World

GOAL_MS = 25.0
ROUNDS = 7
_MINUTE_MS = 60_000
_COLUMNS = (
    ("mppt", "battery_voltage_v", 2), ("mppt", "battery_current_a", 2), ("mppt", "pv_voltage_v", 2),
    ("mppt", "pv_power_w", 1), ("mppt", "load_current_a", 2), ("mppt", "charger_state", 0),
    ("mppt", "mppt_mode", 0), ("mppt", "charger_error", 0), ("mppt", "load_on", 0),
    ("mppt", "pv_energy_total_wh", 0), ("board", "shelf_energy_total_wh", 0),
    ("board", "shelf_sessions_total", 0), ("board", "shelf_power_w", 1), ("agent", "agent_temperature_c", 1),
)  # fmt: skip


def fourteen(start_ms: int) -> Sequence[Series]:
    """A day of fourteen series by the minute; counters rise, gauges wander."""
    times = list(range(start_ms, start_ms + DAY_MS, _MINUTE_MS))

    def value(metric: str, number: int) -> int:
        return number // 7 if metric.endswith("_wh") else number % 7

    return [
        Series(device, metric, decimals, times, [value(metric, number) for number in range(len(times))])
        for device, metric, decimals in _COLUMNS
    ]


def main() -> None:
    """Print and keep the median."""
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder))
        try:
            spent_ms = statistics.median(_rounds(world))
        finally:
            world.close()
    figure = at_most("figures of a day, processor time", spent_ms, "ms", GOAL_MS)
    print(f"{figure.name}: {figure.value} {figure.unit} (goal {figure.goal})")
    keep([figure])


def _rounds(world: World) -> list[float]:
    world.boot("b1" * 8, 1, START, 2 * DAY_MS)
    for number in range(2):
        world.readings.write(SITE, "b1" * 8, fourteen(START + number * DAY_MS))
    office = Summariser(world.store, world.readings, world.clock)
    spent_ms = []
    for _ in range(ROUNDS + 1):
        world.mark("2026-03-10", "2026-03-11")
        before = time.process_time()
        done = office.run_once()
        spent_ms.append((time.process_time() - before) * 1000 / max(done, 1))
    return spent_ms[1:]  # the first round fills caches


if __name__ == "__main__":
    main()
