"""The Modbus drivers against simulated slaves that were written apart from them: on memory lines, on a pseudo-terminal,
two on one bus, and with the faults of real buses."""

from __future__ import annotations

import logging
import random
import select

import pytest

from edge_agent.drivers import create
from edge_agent.poller import PolledDevice, Poller
from edge_agent.transports.memory import MemoryLine
from edge_agent.transports.serial_line import SerialLine
from edge_agent.transports.shared_line import SharedLine
from firmware_sim.bench import FURTHER, Bench, PlantDevice, Surroundings
from firmware_sim.devices.epever import EpeverTracer
from firmware_sim.devices.modbus_slave import Bus
from firmware_sim.devices.mppt_history import Sense
from firmware_sim.devices.pzem import Pzem004t, Pzem017
from firmware_sim.devices.srne import SrneRover
from firmware_sim.lines import MemoryLine as SimulatedLine
from firmware_sim.lines import PtyLine
from kiosk.metric import CATALOGUE
from kiosk.reading import Reading

LOG = logging.getLogger("test")
HOUR_MS = 3_600_000
NOON = Sense(13_240, 2_500, 35_110, 41_000, 310, 4_100, load_on=True, stage=4, limited=False)
EVENING = Sense(12_480, -1_700, 120, 0, 1_700, 21_216, load_on=True, stage=0, limited=False)


def around(sense: Sense, shelf_mw: int = 12_340) -> Surroundings:
    return Surroundings(sense, 0.71, 31.0, 100.0, shelf_mw)


class Site:
    """Simulated slaves on one line, each with its driver on the shared bus, under a poller."""

    def __init__(self, **devices: EpeverTracer | SrneRover | Pzem017 | Pzem004t) -> None:
        self.line = SimulatedLine()
        self.bus = Bus(*(device.slave for device in devices.values()))
        shared = SharedLine(MemoryLine(self.line))
        polled = []
        for name, device in zip((key.replace("_", "-") for key in devices), devices.values(), strict=True):
            seat = shared.seat()
            driver = create(name, name, seat, {"address": device.slave.address})
            polled.append(PolledDevice(name, driver, seat))
        self.poller = Poller(polled, LOG)
        self.now_ms = 0

    def run(self, for_ms: int = 9_000, step_ms: int = 50) -> dict[str, Reading]:
        """The newest reading of each device after so long."""
        for _ in range(0, for_ms, step_ms):
            self.now_ms += step_ms
            self.poller.pump(self.now_ms)
            self.line.device_write(self.bus.receive(self.line.device_read()))
        return {reading.device: reading for reading in self.poller.sample(self.now_ms)}


def test_what_the_tracer_senses_is_what_the_driver_reads() -> None:
    device = EpeverTracer("0002201301200045")
    device.run(24 * HOUR_MS, around(NOON))
    reading = Site(epever_tracer=device).run()["epever-tracer"]
    assert reading.serial == "0002201301200045"
    expected = {
        "battery_voltage_v": 1324, "battery_current_a": 250, "soc_percent": 710, "pv_voltage_v": 3511,
        "pv_power_w": 410, "load_current_a": 31, "load_power_w": 41, "load_on": 1, "charger_state": 4,
        "pv_energy_total_wh": 980, "load_energy_total_wh": 90, "battery_temperature_c": 310,
    }  # fmt: skip
    assert {metric: reading.values[metric] for metric in expected} == expected
    device.run(1_000, around(EVENING))
    reading = Site(epever_tracer=device).run()["epever-tracer"]
    assert (reading.values["battery_current_a"], reading.values["charger_state"]) == (-170, 0)


def test_what_the_rover_senses_is_what_the_driver_reads() -> None:
    device = SrneRover(202_199_999)
    device.run(24 * HOUR_MS, around(NOON))
    device.controller_c = -7.0
    reading = Site(srne_rover=device).run()["srne-rover"]
    assert reading.serial == "202199999"
    expected = {
        "battery_voltage_v": 1320, "battery_current_a": 250, "soc_percent": 710, "pv_voltage_v": 3510,
        "pv_power_w": 410, "load_current_a": 31, "load_on": 1, "charger_state": 4, "pv_energy_total_wh": 984,
        "load_energy_total_wh": 98, "charger_temperature_c": -70, "battery_temperature_c": 310,
    }  # fmt: skip
    assert {metric: reading.values[metric] for metric in expected} == expected
    device.run(1_000, around(EVENING))
    reading = Site(srne_rover=device).run()["srne-rover"]
    assert (reading.values["battery_current_a"], reading.values["charger_state"]) == (-170, 0)


def test_what_passes_the_meters_is_what_the_drivers_read() -> None:
    dc, ac = Pzem017(1), Pzem004t(2)
    for meter in (dc, ac):
        meter.run(10 * HOUR_MS, around(NOON))
    found = Site(pzem_017=dc, pzem_004t=ac).run()
    assert found["pzem-017"].values == {
        "shelf_energy_total_wh": 123, "shelf_power_w": 123, "shelf_voltage_v": 1324, "shelf_current_a": 930,
    }  # fmt: skip
    assert found["pzem-004t"].values["shelf_energy_total_wh"] == 123
    assert found["pzem-004t"].values["shelf_voltage_v"] == 22_840


def test_two_devices_on_one_bus_are_both_read_and_one_that_dies_disturbs_the_other_little() -> None:
    first, second = SrneRover(1, address=1), Pzem017(2)
    for device in (first, second):
        device.run(60_000, around(NOON))
    site = Site(srne_rover=first, pzem_017=second)
    assert set(site.run()) == {"srne-rover", "pzem-017"}
    second.slave.faults.dead = True
    assert set(site.run(60_000)) == {"srne-rover"}
    states = {row["name"]: row["state"] for row in site.poller.status(site.now_ms)}
    assert states == {"srne-rover": "ok", "pzem-017": "silent"}
    second.slave.faults.dead = False
    assert set(site.run(15_000)) == {"srne-rover", "pzem-017"}


def test_a_foreign_address_gets_silence_as_on_a_real_bus() -> None:
    device = SrneRover(1, address=9)
    device.run(60_000, around(NOON))
    site = Site(srne_rover=device)
    device.slave.address = 10
    assert site.run(60_000) == {}
    assert device.slave.answered == 0


@pytest.mark.parametrize("fault", ["echo", "torn", "noisy", "late"])
def test_faults_of_the_bus_cost_readings_but_never_truth(fault: str) -> None:
    chance = random.Random(fault)
    device = EpeverTracer("0002201301200045")
    device.run(24 * HOUR_MS, around(NOON))
    truth = Site(epever_tracer=device).run()["epever-tracer"]
    faults = device.slave.faults
    faults.echo = fault == "echo"
    faults.late_by = int(fault == "late")
    if fault == "torn":
        faults.spoil = lambda raw: raw[: chance.randrange(len(raw) + 1)] if chance.random() < 0.4 else raw
    if fault == "noisy":
        faults.spoil = lambda raw: chance.randbytes(3) + bytes(b ^ (chance.random() < 0.01) << 3 for b in raw)
    site, seen = Site(epever_tracer=device), 0
    for _ in range(60):
        for reading in site.run(10_000).values():
            seen += 1
            assert {metric: truth.values[metric] for metric in reading.values} == reading.values
    assert seen > (0 if fault == "late" else 40)
    assert (site.poller.status(0)[0]["serial"] == truth.serial) or fault == "late"


def test_a_swapped_device_gets_a_new_schema() -> None:
    first, second = EpeverTracer("0002201301200045"), EpeverTracer("0002201301209999")
    for device in (first, second):
        device.run(60_000, around(NOON))
    site = Site(epever_tracer=first)
    site.run()
    before = site.poller.schema()
    site.bus = Bus()
    site.run(60_000)
    site.bus = Bus(second.slave)
    site.run(60_000)
    assert site.poller.schema().devices[0].serial == "0002201301209999"
    assert site.poller.schema().hash != before.hash


def test_a_lying_register_reaches_the_row_as_a_flag_and_not_as_a_value() -> None:
    device = EpeverTracer("0002201301200045")
    device.run(60_000, around(NOON))
    device.lies = {0x311A: 606, 0x331B: 0, 0x331C: 0xFFFF}
    values = Site(epever_tracer=device).run()["epever-tracer"].values
    lying = {metric for metric, value in values.items() if not CATALOGUE[metric].plausible(value)}
    assert lying == {"soc_percent", "battery_current_a"}


@pytest.mark.parametrize("name", ["epever-tracer", "srne-rover", "pzem-017", "pzem-004t"])
def test_a_day_at_a_simulated_kiosk_is_counted_alike_by_device_and_plant(name: str) -> None:
    line = SimulatedLine()
    bench = Bench(FURTHER[name][0], name, line, "damane", 3, 1_736_121_600_000, faults=())
    transport = MemoryLine(line)
    poller = Poller([PolledDevice(name, create(name, name, transport), transport)], LOG)
    bench.advance(bench.now_utc_ms + 20 * HOUR_MS)
    began_ms = bench.now_utc_ms
    for _ in range(120):
        bench.advance(bench.now_utc_ms + 100)
        poller.pump(bench.now_utc_ms - began_ms)
        bench.pump()
    (reading,) = poller.sample(bench.now_utc_ms - began_ms)
    assert all(CATALOGUE[metric].plausible(value) for metric, value in reading.values.items())
    plant = bench.kiosk.plant
    if name.startswith("pzem"):
        assert abs(reading.values["shelf_energy_total_wh"] - bench.kiosk.truth.day_of(began_ms).shelf_wh) < 2
    else:
        assert abs(reading.values["pv_energy_total_wh"] - plant.panel_wh) <= 11
        assert abs(reading.values["load_energy_total_wh"] - plant.load_wh) <= 11


def test_a_slave_on_a_pseudo_terminal_is_read() -> None:
    line, device = PtyLine(), SrneRover(202_199_999)
    measuring: PlantDevice = device
    measuring.run(60_000, around(NOON))
    transport = SerialLine(line.path, 9_600)
    poller = Poller([PolledDevice("mppt", create("srne-rover", "mppt", transport), transport)], LOG)
    now_ms = 0
    while not (found := poller.sample(now_ms)) and now_ms < 5_000:
        now_ms += 50
        answer = device.receive(line.device_read())
        line.device_write(answer)
        if answer:
            assert select.select(poller.filenos(), [], [], 5)[0]
    assert [(reading.serial, reading.values["pv_power_w"]) for reading in found] == [("202199999", 410)]
    poller.close()
    line.close()
