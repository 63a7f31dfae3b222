"""The drivers against simulated devices that were written apart from them, over memory and over a pseudo-terminal."""

from __future__ import annotations

import random
import select

import pytest

from edge_agent.drivers.base import PortClosed, PortOpened, Press
from edge_agent.drivers.charging_board import ChargingBoard
from edge_agent.drivers.victron_vedirect import VictronVeDirect
from edge_agent.minute import row_values
from edge_agent.poller import PolledDevice, Poller
from edge_agent.transports.memory import MemoryLine
from edge_agent.transports.serial_line import SerialLine
from firmware_sim.devices import charging_board as simulated
from firmware_sim.devices.mppt_history import Sense
from firmware_sim.devices.victron_mppt import VictronMppt
from firmware_sim.lines import MemoryLine as SimulatedLine
from firmware_sim.lines import PtyLine
from tests.edge_agent.test_poller import LOG

BOARD_ID = "4b41594130303031"
NOON = Sense(13_240, 2_500, 35_110, 41_000, 300, 4_000, load_on=True, stage=3, limited=False)
EVENING = Sense(12_480, -1_700, 12, 0, 1_700, 21_200, load_on=True, stage=0, limited=False)


@pytest.mark.parametrize(
    ("sense", "said"),
    [
        (NOON, {"battery_voltage_v": 1324, "battery_current_a": 250, "pv_voltage_v": 3511, "pv_power_w": 410}),
        (NOON, {"charger_state": 3, "mppt_mode": 2, "charger_off_reason": 0, "load_on": 1, "load_current_a": 30}),
        (EVENING, {"battery_voltage_v": 1248, "battery_current_a": -170, "pv_voltage_v": 1, "pv_power_w": 0}),
        (EVENING, {"charger_state": 0, "mppt_mode": 0, "charger_off_reason": 1, "load_current_a": 170}),
    ],
)
def test_what_the_charger_senses_is_what_the_driver_reads(sense: Sense, said: dict[str, int]) -> None:
    device, line = VictronMppt("HQ2132ABCDE", 1), SimulatedLine()
    transport = MemoryLine(line)
    transport.open()
    driver = VictronVeDirect("mppt", transport)
    driver.opened(0)
    line.device_write(device.run(1_000, sense))
    reading = driver.read(1_000)
    assert reading is not None
    assert reading.serial == "HQ2132ABCDE"
    assert {metric: reading.values[metric] for metric in said} == said


def test_every_block_of_a_day_is_understood_also_where_messages_cut_in() -> None:
    device, line = VictronMppt("HQ2132ABCDE", 1), SimulatedLine()
    transport = MemoryLine(line)
    transport.open()
    driver = VictronVeDirect("mppt", transport)
    energy_wh = 0
    for minute in range(24 * 60):
        line.device_write(device.run(60_000, NOON if minute % 10 < 5 else EVENING))
        reading = driver.read(minute * 60_000)
        assert reading is not None
        assert reading.values["pv_energy_total_wh"] >= energy_wh
        energy_wh = reading.values["pv_energy_total_wh"]
    counted = driver.counters()
    assert (counted["good"], counted["bad"], counted["hex_bad"]) == (24 * 60, 0, 0)
    assert counted["hex"] > 100
    # Half a day at 41 W, in steps of 10 Wh.
    assert energy_wh == 490


def test_a_charger_on_a_pseudo_terminal_fills_a_row() -> None:
    line = PtyLine()
    transport = SerialLine(line.path, 19_200)
    poller = Poller([PolledDevice("mppt", VictronVeDirect("mppt", transport), transport)], LOG)
    poller.pump(0)
    line.device_write(VictronMppt("HQ2132ABCDE", 1).run(1_000, NOON))
    assert select.select(poller.filenos(), [], [], 5)[0]
    readings = poller.sample(1_000)
    values, flags = row_values(poller.schema(), readings)
    assert flags == ()
    assert dict(zip([metric for _, metric, _ in poller.schema().columns], values, strict=True))["pv_power_w"] == 410
    poller.close()


class Kiosk:
    """A simulated board, the agent's driver, and a till that is a set of press ids on a disk."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.now_ms = 0
        self.board = simulated.ChargingBoard(BOARD_ID, ports=10, buttons=4, seed=seed)
        self.board.power_up(0)
        self.line = SimulatedLine()
        self.taken = 0
        self.sales: dict[str, Press] = {}
        self.sold_twice = 0
        self.sessions: dict[tuple[str, int], list[str]] = {}
        self.start_agent()

    def start_agent(self) -> None:
        """A new life of the agent: nothing of the driver's memory is left."""
        transport = MemoryLine(self.line)
        self.poller = Poller([PolledDevice("shelf", ChargingBoard("shelf", transport), transport)], LOG)

    def turn(self, noisy: bool = False) -> None:
        """Half a second: the board speaks, the agent answers; where it is killed, half its answers are unsaid."""
        self.now_ms += 500
        self.line.device_write(self.spoiled(self.board.run(self.now_ms), noisy))
        for device, event in self.poller.pump(self.now_ms):
            if isinstance(event, Press):
                self.sold_twice += event.press_id in self.sales
                self.sales.setdefault(event.press_id, event)
            else:
                kind = "open" if isinstance(event, PortOpened) else "close"
                self.sessions.setdefault((event.board_boot, event.session), []).append(kind)
            if noisy and self.chance.random() < 0.2:
                self.start_agent()
                break
            self.poller.answer(device, event, accepted=True)
        self.line.device_write(
            self.spoiled(self.board.receive(self.now_ms, self.spoiled(self.line.device_read(), noisy)), noisy)
        )

    def spoiled(self, raw: bytes, noisy: bool) -> bytes:
        if not noisy or not raw or self.chance.random() < 0.7:
            return raw
        at = self.chance.randrange(len(raw))
        return self.chance.choice([raw[:at], raw[at:], raw[:at] + self.chance.randbytes(3) + raw[at:], b""])

    def cut_power(self) -> None:
        self.board.power_down(self.now_ms)
        self.line.clear()
        self.board.power_up(self.now_ms)
        self.start_agent()


@pytest.mark.parametrize("seed", range(12))
def test_every_press_the_board_took_is_told_under_one_name_whatever_happens(seed: int) -> None:
    kiosk = Kiosk(seed)
    for _ in range(600):
        chance = kiosk.chance.random()
        if chance < 0.15:
            kiosk.taken += kiosk.board.press(kiosk.now_ms, kiosk.chance.randrange(4))
        elif chance < 0.17:
            kiosk.cut_power()
        elif chance < 0.19:
            kiosk.start_agent()
        kiosk.turn(noisy=True)
    for _ in range(40):
        kiosk.turn()
    assert kiosk.taken > 30
    assert len(kiosk.sales) == kiosk.taken
    assert len(kiosk.board.queue) == 0


def test_a_press_is_told_twice_only_if_the_agent_was_killed() -> None:
    kiosk = Kiosk(99)
    for number in range(200):
        if number % 3 == 0:
            kiosk.taken += kiosk.board.press(kiosk.now_ms, number % 4)
        kiosk.turn()
    assert (len(kiosk.sales), kiosk.sold_twice) == (kiosk.taken, 0)


def test_port_sessions_are_told_once_opened_and_closed() -> None:
    kiosk = Kiosk(7)
    for number in range(60):
        if number % 10 == 0:
            kiosk.board.plug_in(kiosk.now_ms, number // 10 + 1, 5_000)
        if number % 10 == 8:
            kiosk.board.plug_out(kiosk.now_ms, number // 10 + 1)
        kiosk.turn()
    assert list(kiosk.sessions.values()) == [["open", "close"]] * 6


def test_what_a_port_delivered_is_told_in_milliwatt_hours() -> None:
    kiosk = Kiosk(8)
    told: list[PortClosed] = []
    kiosk.board.plug_in(0, 3, 5_000)
    for _ in range(10):
        kiosk.turn()
    kiosk.board.plug_out(3_600_000, 3)
    kiosk.line.device_write(kiosk.board.run(3_600_000))
    told += [event for _, event in kiosk.poller.pump(3_600_000) if isinstance(event, PortClosed)]
    assert [(event.port, event.duration_s, event.energy_mwh) for event in told] == [(3, 3_600, 5_000)]
