"""Drivers against whole simulated kiosks: over pseudo-terminals, as `kayasol sim` gives them, and after an absence."""

from __future__ import annotations

import select
from datetime import UTC, datetime, timedelta

import pytest

from edge_agent.drivers import BAUD, create
from edge_agent.drivers.victron_vedirect import VictronVeDirect
from edge_agent.minute import row_values
from edge_agent.poller import PolledDevice, Poller
from edge_agent.transports.memory import MemoryLine
from edge_agent.transports.serial_line import SerialLine
from firmware_sim.bench import FURTHER, Bench
from firmware_sim.kiosk import MPPT, SimulatedKiosk
from firmware_sim.lines import PtyLine
from kiosk.reading import Reading
from tests.edge_agent.test_poller import LOG

NOON_MS = int(datetime(2025, 1, 6, 12, tzinfo=UTC).timestamp() * 1000)
DAY_MS = 86_400_000
MINUTE_MS = 60_000


@pytest.mark.parametrize("driver_name", ["jbd", "daly", "victron-bmv"])
def test_a_simulated_device_on_a_pseudo_terminal_fills_a_row(driver_name: str) -> None:
    line = PtyLine()
    make, baud = FURTHER[driver_name]
    assert baud == BAUD[driver_name]
    bench = Bench(make, driver_name, line, "damane", 3, NOON_MS, faults=())
    transport = SerialLine(line.path, baud)
    poller = Poller([PolledDevice("battery", create(driver_name, "battery", transport), transport)], LOG)
    for second in range(1, 8):
        bench.advance(NOON_MS + second * 1_000)
        poller.pump(second * 1_000)
        bench.pump()
        select.select(poller.filenos(), [], [], 0.2)
    (reading,) = poller.sample(8_000)
    values, flags = row_values(poller.schema(), [reading])
    said = {metric: value for (_, metric, _), value in zip(poller.schema().columns, values, strict=True)}
    assert flags == ()
    sense = bench.kiosk.mppt.sense
    assert said["battery_voltage_v"] == pytest.approx(sense.battery_mv / 10, abs=10)
    assert said["battery_current_a"] == pytest.approx(sense.battery_ma / 10, abs=10)
    if driver_name != "victron-bmv":  # a monitor that has not seen its battery full knows no state of charge
        assert said["soc_percent"] == pytest.approx(bench.kiosk.plant.battery.soc * 1000, abs=10)
    poller.close()
    line.close()


def days_told(kiosk: SimulatedKiosk, days: int, minutes: int) -> tuple[dict[int, dict[str, int]], list[Reading]]:
    """A new life of the agent, a turn and a row each minute: what it says of past days, by distance; its readings."""
    transport = MemoryLine(kiosk.lines[MPPT])
    transport.open()
    driver = VictronVeDirect("mppt", transport, history_days=days)
    driver.opened(0)
    told: dict[int, dict[str, int]] = {}
    readings = []
    for minute in range(minutes):
        kiosk.advance(kiosk.now_utc_ms + MINUTE_MS)
        reading = driver.read(minute * MINUTE_MS)
        if reading is None:
            continue
        readings.append(reading)
        if "history_days_ago" in reading.values:
            told[reading.values["history_days_ago"]] = reading.values
    return told, readings


@pytest.mark.parametrize(("hour", "seed"), [(9, 1), (12, 2), (16, 3)])
def test_days_on_which_the_agent_was_off_have_the_energy_that_really_was(hour: int, seed: int) -> None:
    start = datetime(2025, 1, 6, tzinfo=UTC)
    kiosk = SimulatedKiosk("damane", seed, int(start.timestamp() * 1000), faults=())
    kiosk.advance(int((start + timedelta(days=9, hours=hour)).timestamp() * 1000))
    told, readings = days_told(kiosk, days=7, minutes=90)
    assert sorted(told) == [1, 2, 3, 4, 5, 6, 7]
    for ago, said in told.items():
        true = kiosk.truth.days[(start + timedelta(days=9 - ago)).date().isoformat()]
        # Steps of 10 Wh; the charger's midnight lies in the dark, so the panel's energy is the civil day's.
        assert 0 <= true.panel_wh - said["history_pv_energy_wh"] <= 10
        # Loads run at night too: what they took between the two midnights is the difference.
        assert said["history_load_energy_wh"] == pytest.approx(true.load_wh, rel=0.2)
        assert 1_000 < said["history_battery_voltage_min_v"] < said["history_battery_voltage_max_v"] < 1_500
    assert [said["history_day_number"] for _, said in sorted(told.items())] == list(range(8, 1, -1))
    assert len(readings) == 90
    totals = [reading.values["pv_energy_total_wh"] for reading in readings]
    assert totals == sorted(totals)


def test_a_charger_that_was_set_back_has_no_days_to_tell() -> None:
    start = datetime(2025, 1, 6, tzinfo=UTC)
    kiosk = SimulatedKiosk("damane", 4, int(start.timestamp() * 1000), faults=())
    kiosk.advance(int((start + timedelta(days=3, hours=10)).timestamp() * 1000))
    kiosk.mppt.history.clear()
    assert days_told(kiosk, days=7, minutes=40)[0] == {}
