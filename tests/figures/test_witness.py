"""Two devices on one battery: one is believed, by one stated rank; a contradiction is told, never averaged."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from edge_agent.drivers.base import Driver
from edge_agent.drivers.victron_bmv import VictronBmv as BmvDriver
from edge_agent.drivers.victron_vedirect import VictronVeDirect
from figures.day import DayFigures, day_figures
from figures.facts import DayFacts, Parameters, Points
from figures.witness import BMS_RANK, CHARGER_RANK, METER_RANK, SHUNT_RANK, battery_voltage, believed, rank
from firmware_sim.devices.mppt_history import Sense
from firmware_sim.devices.victron_bmv import VictronBmv
from firmware_sim.kiosk import SimulatedKiosk
from kiosk.metric import CATALOGUE
from tests.edge_agent.lines import HeldLine
from tests.figures.by_hand import END, HOUR, MINUTE, START, at, boot, facts, minutely, points

CHARGER = ("battery_voltage_v", "charger_state", "pv_power_w")
SHUNT = ("battery_voltage_v", "battery_current_a", "battery_drawn_total_ah")
BMS = ("battery_voltage_v", "battery_current_a", "cell_voltage_min_v")


def test_what_a_device_tells_says_how_near_to_the_battery_it_is() -> None:
    assert [rank(each) for each in (SHUNT, BMS, ("battery_voltage_v",), CHARGER)] == [
        SHUNT_RANK,
        BMS_RANK,
        METER_RANK,
        CHARGER_RANK,
    ]
    assert SHUNT_RANK < BMS_RANK < METER_RANK < CHARGER_RANK


def test_the_nearest_is_believed_unless_the_site_names_another() -> None:
    devices = {"a-mppt": CHARGER, "z-shunt": SHUNT, "bms": BMS}
    assert believed(devices, "") == "z-shunt"
    assert believed(devices, "bms") == "bms"
    assert believed(devices, "gone") == "z-shunt"
    assert believed({"b": CHARGER, "a": CHARGER}, "") == "a"
    assert believed({}, "") is None


def two(shunt_volts: int, until: str = "23:59", parameters: Parameters | None = None) -> DayFacts:
    series: tuple[Points, ...] = (
        points("battery_voltage_v", minutely(START, END, 1280), "mppt"),
        points("charger_state", minutely(START, END, 3), "mppt"),
        points("battery_voltage_v", minutely(START, at(until), shunt_volts), "shunt"),
        points("battery_drawn_total_ah", minutely(START, at(until), 40), "shunt"),
    )
    return facts(*series, boots=[boot(START, END)], parameters=parameters)


def reasons(found: DayFigures) -> dict[tuple[str, str], int]:
    return {(each.code, each.subject): each.amount for each in found.reasons}


def test_the_shunts_voltage_is_the_batterys() -> None:
    found = day_figures(two(1271))
    assert (found.battery.device, found.battery.min_mv) == ("shunt", 12_710)
    assert ("devices_disagree", "mppt") not in reasons(found)


def test_a_contradiction_is_told_with_its_size_and_nothing_is_averaged() -> None:
    found = day_figures(two(1220))
    assert reasons(found)["devices_disagree", "mppt"] == 600
    assert (found.battery.device, found.battery.min_mv) == ("shunt", 12_200)


def test_how_far_they_may_differ_is_the_sites_own() -> None:
    wide = Parameters(battery_disagree_mv=600)
    assert ("devices_disagree", "mppt") not in reasons(day_figures(two(1220, parameters=wide)))


def test_the_site_may_name_the_device() -> None:
    found = day_figures(two(1220, parameters=Parameters(battery_device="mppt")))
    assert (found.battery.device, found.battery.min_mv) == ("mppt", 12_800)
    assert reasons(found)["devices_disagree", "shunt"] == 600


def test_a_shunt_that_was_read_for_less_than_half_as_long_is_passed_over() -> None:
    voltage = battery_voltage(two(1271, until="11:00"))
    assert voltage is not None
    assert voltage.device == "mppt"


def test_the_load_output_of_the_charger_counts_though_the_shunt_is_believed() -> None:
    dark = minutely(START, END, lambda each: int(not at("20:00") <= each < at("22:00")))
    given = two(1271)
    given = replace(given, series=(*given.series, points("load_on", dark, "mppt")))
    assert day_figures(given).power.down_ms == 2 * HOUR


@dataclass
class Read:
    """A day and a half of a simulated kiosk, as the drivers of a charger and of a shunt read it once a minute."""

    readings: dict[tuple[str, str], dict[int, int]]
    true_mv: dict[int, int]

    def facts(self) -> DayFacts:
        series = (
            Points(device, metric, CATALOGUE[metric].decimals, sorted(said), [said[each] for each in sorted(said)])
            for (device, metric), said in self.readings.items()
        )
        return facts(*series, boots=[boot(START - HOUR, END + 2 * HOUR)])


def read(cable_mv: int) -> Read:
    """The shunt sits behind a cable that takes `cable_mv` from the charger's voltage."""
    charger_line, shunt_line = HeldLine(), HeldLine()
    kiosk = SimulatedKiosk("damane", 3, START - HOUR, device_ends={}, faults=())
    shunt = VictronBmv(kiosk.scenario.plant.battery.nominal_ah, synchronised=True)
    charger_line.open()
    shunt_line.open()
    drivers: tuple[Driver, ...] = (VictronVeDirect("mppt", charger_line), BmvDriver("shunt", shunt_line))
    for driver in drivers:
        driver.opened(0)
    found = Read({}, {})
    for now_ms in range(START - HOUR + MINUTE, END + HOUR, MINUTE):
        kiosk.advance(now_ms)
        sense = kiosk.mppt.sense
        charger_line.arrived += kiosk.mppt.run(1_000, sense)
        behind = sense._replace(battery_mv=sense.battery_mv - cable_mv)
        shunt_line.arrived += shunt.run(MINUTE, Behind(behind))
        found.true_mv[now_ms] = behind.battery_mv
        for driver in drivers:
            reading = driver.read(now_ms)
            if reading is not None:
                for metric, value in reading.values.items():
                    found.readings.setdefault((reading.device, metric), {})[now_ms] = value
    return found


@dataclass(frozen=True)
class Behind:
    sense: Sense
    battery_c: float = 25.0


@pytest.mark.parametrize(("cable_mv", "contradict"), [(90, False), (700, True)])
def test_a_simulated_shunt_beside_a_simulated_charger(cable_mv: int, contradict: bool) -> None:
    seen = read(cable_mv)
    found = day_figures(seen.facts())
    lowest_mv = min(mv for at_ms, mv in seen.true_mv.items() if START <= at_ms < END)
    assert found.battery.device == "shunt"
    assert found.battery.min_mv == lowest_mv // 10 * 10
    assert (("devices_disagree", "mppt") in reasons(found)) is contradict
    assert found.battery.stages is not None  # the charger's state still tells the stages
    assert found.power.permille == 1000
